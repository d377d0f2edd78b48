"""Jobs that AWS Batch runs, seen from the command line: `STRATOLAB_STORE` names the environment's database."""

from __future__ import annotations

import json

import pytest
from tests.jobs.batch.lives import life
from tests.jobs.batch.rows import deliver
from tests.servers import MARIADB, POSTGRES, emptied_database

from stratolab.jobs.stores import open_database

DONE = "11111111-0a82-49aa-ba5a-4727fcce14a8"
RUNS = "22222222-0a82-49aa-ba5a-4727fcce14a8"
STUCK = "33333333-0a82-49aa-ba5a-4727fcce14a8"
KILLED = "44444444-0a82-49aa-ba5a-4727fcce14a8"


@pytest.fixture(params=[POSTGRES, MARIADB])
def store(request: pytest.FixtureRequest) -> dict[str, str]:
    """The variable that names a store in which one job is over, one runs, and one cannot start."""
    address = emptied_database(str(request.param))
    with open_database(address) as database:  # type: ignore[union-attr]
        deliver(database, life(DONE, ["exit", "done"], waits=[10]))
        deliver(database, life(RUNS, ["done"], waits=[11])[:4])
        deliver(database, life(STUCK, ["done"], waits=[12], blocked=True)[:3])
        deliver(database, life(KILLED, ["memory"], waits=[13]))
    return {"STRATOLAB_STORE": address.replace("+psycopg", "").replace("+pymysql", "")}


def test_they_are_listed_and_looked_at_and_left_alone(cli, store):
    listed = json.loads(cli("jobs", "ls", "--json", env=store).out)["jobs"]
    states = {one["id"]: one["state"] for one in listed}
    assert states == {DONE: "succeeded", RUNS: "running", STUCK: "queued", KILLED: "failed"}
    assert {one["engine"] for one in listed} == {"batch"}
    (done,) = [one for one in listed if one["id"] == DONE]
    assert (done["name"], done["attempts"], done["wall_seconds"]) == ("train", 2, 40)
    assert (done["exit_code"], done["cpus"], done["command"]) == (0, 0.25, ["python", "train.py"])

    shown = json.loads(cli("jobs", "show", DONE[:6], "--json", env=store).out)
    assert [json.loads(one["detail"])["status"] for one in shown["events"]][-1] == "SUCCEEDED"
    assert {one["kind"] for one in shown["events"]} == {"batch"}
    assert "out of memory" in cli("jobs", "show", KILLED, env=store).out

    assert "cannot start: MISCONFIGURATION" in cli("why", STUCK, env=store).out
    assert "running" in cli("why", RUNS, env=store).out
    assert cli("why", KILLED, env=store).code == 0

    for words in (["cancel", RUNS], ["retry", KILLED]):
        answer = cli("jobs", *words, env=store)
        assert (answer.code, "run by batch" in answer.err) == (3, True)
    assert "nothing runs here" in cli("jobs", "cancel", "--all", env=store).err
    after = json.loads(cli("jobs", "ls", "--json", env=store).out)["jobs"]
    assert {one["id"]: one["state"] for one in after} == states
