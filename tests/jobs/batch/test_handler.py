"""The function as it is packed, against real servers: thousands of events, shuffled, doubled, by several at once."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import uuid
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from tests.jobs.batch.lives import ENDS, Event, life
from tests.jobs.batch.rows import everything
from tests.jobs.batch.test_installing import BY_PASSWORD, PASSWORD, settled, written

from stratolab.core.errors import RemoteError
from stratolab.infra.parts.job_events import WRITING, codes
from stratolab.jobs import store
from stratolab.jobs.batch.handler import take
from stratolab.jobs.batch.installing import install
from stratolab.jobs.batch.notices import seen
from stratolab.jobs.stores import open_database

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["settled"]

PROCESSES, JOBS, MESSAGES = 4, 120, 50


def message(event: Event | str, number: str = "") -> dict[str, Any]:
    """A message as the queue hands it over."""
    body = event if isinstance(event, str) else json.dumps(event)
    return {"messageId": number or str(uuid.uuid4()), "body": body, "eventSource": "aws:sqs"}


def lots(random_: random.Random) -> list[list[Event]]:
    """Lives of many jobs of all sorts."""
    return [
        life(
            str(uuid.UUID(int=random_.getrandbits(128), version=4)),
            random_.choices(list(ENDS), k=random_.randint(1, 3)),
            waits=random_.choices(range(3), k=5),
            blocked=random_.random() < 0.3,
        )
        for _ in range(JOBS)
    ]


RUN = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from stratolab.jobs.batch import handler
from stratolab.runtime.functions import tokens
from stratolab.runtime.functions.entering import Login
assert handler.__file__.startswith(sys.argv[1])
tokens.token = lambda database, user, client=None: Login(user, os.environ["TOKEN"])  # no RDS is here to take one
waiting = json.load(sys.stdin)
rounds = 0
while waiting:
    batch, waiting = waiting[:int(sys.argv[2])], waiting[int(sys.argv[2]):]
    failed = {one["itemIdentifier"] for one in handler.handler({"Records": batch}, None)["batchItemFailures"]}
    waiting += [one for one in batch if one["messageId"] in failed]
    rounds += bool(failed)
    assert rounds < 50, "the queue would have given up"
print("done")
"""


@pytest.mark.timeout(300)
def test_many_events_at_once_come_to_the_same_as_one_after_the_other(settled, tmp_path: Path):
    """I5: every event exactly once, whoever delivers it, in whatever order, and however often."""
    install(settled.settings, settled.secrets, BY_PASSWORD)
    zipfile.ZipFile(io.BytesIO(codes()[WRITING].archive())).extractall(tmp_path / "unpacked")
    random_ = random.Random(20261128)  # noqa: S311 - the same in each run
    jobs = lots(random_)
    events = [event for told in jobs for event in told]
    heaps: list[list[Event]] = [[] for _ in range(PROCESSES)]
    for event in events:
        for heap in random_.sample(heaps, random_.choice((1, 1, 2, 3))):
            heap.extend([event] * random_.choice((1, 1, 2)))
    for heap in heaps:
        random_.shuffle(heap)
    assert sum(map(len, heaps)) > 2_000

    environment = {"TOKEN": PASSWORD, "PATH": os.environ["PATH"], **settled.settings}
    running = [
        subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", RUN, str(tmp_path / "unpacked"), str(MESSAGES)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        )
        for _ in heaps
    ]  # fmt: skip
    with closing(open_database(tmp_path / "one.db")) as one:
        for event in events:
            take([message(event)], one)
        for process, heap in zip(running, heaps, strict=True):
            out, err = process.communicate(json.dumps([message(event) for event in heap]), timeout=280)
            assert (process.returncode, err) == (0, ""), err
            assert out.splitlines()[-1] == "done"
        with closing(written(settled)) as other:
            assert everything(other) == everything(one)
            for told in jobs:
                id_ = told[0]["detail"]["jobId"]
                lines = other.read(lambda tx, id_=id_: store.history(tx, id_))  # type: ignore[misc]
                ids = [seen(line.detail, line.at).id for line in lines]
                assert sorted(ids) == sorted(event["id"] for event in told)
                assert [line.number for line in lines] == list(range(1, len(told) + 1))


# -- one call -------------------------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path: Path):
    with open_database(tmp_path / "store.db") as made:
        yield made


ID = "4c7599ae-0a82-49aa-ba5a-4727fcce14a8"


@pytest.mark.parametrize("body", ["", "no JSON", "[]", "{}", '{"source": "aws.batch"}'])
def test_a_message_that_makes_no_sense_fails_alone(database, capsys, body):
    events = life(ID, ["done"], waits=[1])
    batch = [message(events[0]), message(body, "odd"), *map(message, events[1:])]
    assert take(batch, database) == {"batchItemFailures": [{"itemIdentifier": "odd"}]}
    assert [one.state.value for one in everything(database)] == ["succeeded"]
    assert json.loads(capsys.readouterr().out)["sqs_message"] == "odd"


def test_what_people_put_into_environments_is_not_logged(database, capsys):
    broken = life(ID, ["done"], waits=[1])[0]
    broken["detail"]["status"] = "PONDERING"
    take([message(broken)], database)
    told = capsys.readouterr().out
    assert "PONDERING" in told
    assert "hunter2" not in told


class Gone:
    """A database that answers so many times and no more."""

    dialect = "sqlite"

    def __init__(self, database: Any, times: int) -> None:
        self.database, self.times = database, times

    def run(self, work: Any) -> Any:
        self.times -= 1
        if self.times < 0:
            raise RemoteError("the server went away", doing="write to the store")
        return self.database.run(work)


def test_where_the_database_is_gone_the_rest_comes_again(database):
    events = life(ID, ["done"], waits=[1])
    batch = [message(one, str(number)) for number, one in enumerate(events)]
    failed = take(batch, Gone(database, 2))["batchItemFailures"]
    assert [one["itemIdentifier"] for one in failed] == [str(number) for number in range(2, len(events))]
    again = [one for one in batch if {"itemIdentifier": one["messageId"]} in failed]
    assert take(again, database) == {"batchItemFailures": []}
    assert [one.state.value for one in everything(database)] == ["succeeded"]
