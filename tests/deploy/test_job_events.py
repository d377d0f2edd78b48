"""R35 in a lab: jobs that anybody submits to a queue are in the environment's database, by `up` alone.

The stacks are deployed to the emulator, whose Batch runs jobs as processes and tells of them by events. Rule, queue and
function are those of the template, the function is the zip that a lab would have, and the database a real PostgreSQL
with TLS. What is not real is how RDS lets the function in: the server believes that its token is good.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.deploy.test_database_setup import World
from tests.runtime.functions.conftest import start
from tests.servers import POSTGRES

from stratolab.aws.batch_jobs import Status
from stratolab.infra.parts.job_events import USER
from stratolab.runtime.functions.entering import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.timeout(900)

SOON = 90.0
"""Seconds within which an event is written, on a machine that does other things too."""
QUEUES = '\n[queues.small]\nkind = "fargate-spot"\nmax_vcpus = 4\nstart_within = "10m"\n'
LIFE = ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
NEEDS = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]


@dataclass
class Lab(World):
    """A lab with queues, and the jobs of its database."""

    def with_queues(self) -> None:
        self.configure()
        path = self.folder / "lab.toml"
        path.write_text(path.read_text(encoding="utf-8") + QUEUES, encoding="utf-8")

    @property
    def batch(self) -> Any:
        return self.emulator.client("batch")  # type: ignore[attr-defined]

    def submit(self, name: str, command: list[str], needs: Any = NEEDS, **more: Any) -> str:
        """Submit a job by hand, as `aws batch submit-job` does."""
        where = self.emulator.client("ssm").get_parameter(Name="/stratolab/acme/dev/queues/small")  # type: ignore[attr-defined]
        properties = {
            "image": "python:3.13",
            "command": command,
            "resourceRequirements": needs,
            "environment": [{"name": "PASSWORD", "value": "hunter2"}],
        }
        made = self.batch.register_job_definition(
            jobDefinitionName=name, type="container", containerProperties=properties
        )
        queue = where["Parameter"]["Value"]
        return str(
            self.batch.submit_job(
                jobName=name, jobQueue=queue, jobDefinition=made["jobDefinitionArn"], **more
            )["jobId"]
        )

    def states(self) -> dict[str, str]:
        return dict(self.ask("SELECT id, state FROM job"))  # type: ignore[arg-type]

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SOON
        while not holds():
            assert time.monotonic() < deadline, (self.states(), self.emulator.log()[-3000:])  # type: ignore[attr-defined]
            time.sleep(0.2)

    def history(self, job: str) -> list[dict[str, Any]]:
        """The events of a job, in the order of a job's life: they come in any."""
        lines = self.ask(f"SELECT detail FROM job_event WHERE job = '{job}' ORDER BY number")  # noqa: S608
        told = [json.loads(line) for (line,) in lines]
        return sorted(told, key=lambda one: (one["attempts"], list(Status).index(one["status"])))

    def let_in(self, how: str) -> None:
        """Say how the server lets the writer in."""
        ((place,),) = self.ask("SHOW hba_file")
        rules = [line for line in Path(place).read_text(encoding="utf-8").splitlines() if USER not in line]
        Path(place).write_text(
            "\n".join([f"hostssl all {USER} 127.0.0.1/32 {how}", *rules, ""]), encoding="utf-8"
        )
        self.ask("SELECT pg_reload_conf()")

    def said(self) -> list[str]:
        """What the function that writes has said."""
        logs = self.emulator.client("logs")  # type: ignore[attr-defined]
        found = logs.filter_log_events(logGroupName="/stratolab/acme/dev/functions/job-events")["events"]
        return [one["message"] for one in found]

    def waiting(self, queue: str) -> int:
        """Messages in a queue, taken or not."""
        sqs = self.emulator.client("sqs")  # type: ignore[attr-defined]
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return sum(int(value) for key, value in told.items() if key.startswith("ApproximateNumberOfMessages"))


@pytest.fixture
def server(tmp_path_factory):
    return start(POSTGRES, tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def lab(emulator, cli, tmp_path, server):
    """A lab with a database and a queue."""
    folder = tmp_path / "lab"
    folder.mkdir()
    made = Lab(emulator, cli, server, folder, "lab")
    emulator.database("127.0.0.1", server.url.port)
    emulator.variables(**{f"{PREFIX}AUTHORITIES": str(server.authority)})
    made.configure()
    done = made.up()
    assert done.code == 0, done.err
    owner = made.owner()
    server.database(made.name, owner["username"], owner["password"])
    server.statements(
        "CREATE ROLE rds_iam NOLOGIN",
        f"ALTER ROLE {owner['username']} CREATEROLE",
        f"GRANT rds_iam TO {owner['username']} WITH ADMIN OPTION",
    )
    made.let_in("trust")
    made.with_queues()
    done = made.up()
    assert done.code == 0, done.err
    return made


def test_jobs_of_anybody_are_in_the_database(lab, cli, tmp_path):
    done = lab.submit("done", ["sh", "-c", "echo hello"])
    fails = lab.submit("fails", ["sh", "-c", "exit 3"], retryStrategy={"attempts": 2})
    array = lab.submit("array", ["true"], arrayProperties={"size": 2})
    large = lab.submit("large", ["true"], [{"type": "VCPU", "value": "64"}, NEEDS[1]])
    long = lab.submit("long", ["sleep", "600"])
    ended = {done: "succeeded", fails: "failed", f"{array}:0": "succeeded", f"{array}:1": "succeeded"}
    lab.until(lambda: lab.states() == {**ended, array: "succeeded", large: "queued", long: "running"})
    lab.batch.terminate_job(jobId=long, reason="enough")
    lab.until(lambda: lab.states()[long] == "cancelled")
    lab.until(lambda: any(one["blocked"] for one in lab.history(large)))
    lab.until(lambda: lab.waiting("acme-dev-job-events") == 0)

    # what the database holds is what Batch says, once each
    assert [one["status"] for one in lab.history(done)] == LIFE
    assert len({one["event"] for one in lab.history(fails)}) == len(lab.history(fails)) == 7
    (row,) = lab.ask(f"SELECT exit_code, attempts, cpus, memory, message FROM job WHERE id = '{fails}'")  # noqa: S608
    assert row == (3, 2, 1.0, 512 * 1024**2, "Essential container in task exited")
    seen = lab.batch.describe_jobs(jobs=[done])["jobs"][0]
    (times,) = lab.ask(f"SELECT started, ended FROM job WHERE id = '{done}'")  # noqa: S608
    assert times == (seen["startedAt"] / 1000, seen["stoppedAt"] / 1000)

    # the command line on that database shows them
    store = {"STRATOLAB_STORE": f"postgresql://postgres@127.0.0.1:{lab.server.url.port}/lab"}
    listed = json.loads(cli("jobs", "ls", "--json", folder=tmp_path, env=store).out)["jobs"]
    assert {one["id"]: one["state"] for one in listed} == lab.states()
    told = cli("why", large, folder=tmp_path, env=store).out
    assert "cannot start: MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE" in told

    # and after all that, the lab stands as its file says
    assert lab.run("plan", "--check").code == 0
    assert lab.run("drift").code == 0
    assert "hunter2" not in lab.emulator.log() + "".join(lab.said())
    lab.batch.terminate_job(jobId=large, reason="enough")


def test_nothing_is_lost_while_the_database_is_away(lab):
    first = lab.submit("first", ["true"])
    lab.until(lambda: lab.states().get(first) == "succeeded")
    sqs = lab.emulator.client("sqs")
    url = sqs.get_queue_url(QueueName="acme-dev-job-events")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "2"})  # not six minutes
    lab.let_in("reject")
    second = lab.submit("second", ["true"])
    lab.until(lambda: lab.batch.describe_jobs(jobs=[second])["jobs"][0]["status"] == "SUCCEEDED")
    lab.until(lambda: any("pg_hba.conf rejects connection" in line for line in lab.said()))
    assert second not in lab.states()
    assert lab.waiting("acme-dev-job-events") > 0
    lab.let_in("trust")
    lab.until(lambda: lab.states().get(second) == "succeeded")
    assert [one["status"] for one in lab.history(second)] == LIFE
    lab.until(lambda: lab.waiting("acme-dev-job-events") == 0)
    assert lab.waiting("acme-dev-job-events-lost") == 0
