"""The way of jobs' events into the store: what stands between Batch and the database, and what each part may do."""

from __future__ import annotations

import json
import sys
import zipfile
from io import BytesIO
from subprocess import run
from typing import Any

import pytest
from tests.infra.policies import allowing, of_role, resources

from stratolab.config.labs.load import lab_from_mapping
from stratolab.infra.catalogue import Stack, stacks
from stratolab.infra.parts import job_events
from stratolab.testing.labs import sample

LAB = {"name": "acme", "region": "eu-west-1"}
PATTERN_MOST = 2048
"""Characters of a rule's pattern. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"""


def compute(**tables: Any) -> Stack:
    whole = {"lab": LAB, "environments": {"dev": {"database": {}}}, "queues": {"small": {}}, **tables}
    (found,) = [one for one in stacks(lab_from_mapping(whole, "here")) if one.concern == "compute"]
    return found


def made(stack: Stack, title: str) -> dict[str, Any]:
    properties = stack.template["Resources"][title]["Properties"]
    assert isinstance(properties, dict)
    return properties


@pytest.mark.parametrize(
    "tables",
    [
        {"environments": {"dev": {}}},
        {"queues": {}, "compute": {"own": {"kind": "ec2"}}},
    ],
)
def test_without_queues_or_without_a_database_nothing_is_recorded(tables):
    stack = compute(**tables)
    assert not [title for title in stack.template["Resources"] if title.startswith("JobEvent")]
    assert stack.code == ()
    assert not [one for one in stack.needs if one.startswith(("database", "account"))]


def test_the_rule_takes_events_of_this_environments_queues():
    queues = {f"a-queue-with-quite-a-long-name-{number:02}": {} for number in range(20)}
    pattern = made(compute(queues=queues), "JobEventsRule")["EventPattern"]
    assert pattern["detail-type"] == ["Batch Job State Change", "Batch Job Queue Blocked"]
    (wanted,) = pattern["detail"]["jobQueue"]
    assert wanted["prefix"]["Fn::Sub"].endswith(":job-queue/acme-dev-")
    assert len(json.dumps(pattern)) < PATTERN_MOST


def test_what_cannot_be_written_is_tried_for_hours_and_kept_for_weeks():
    stack = compute()
    queue, lost = made(stack, "JobEvents"), made(stack, "JobEventsLost")
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["JobEventsLost", "Arn"]}
    hours = queue["RedrivePolicy"]["maxReceiveCount"] * queue["VisibilityTimeout"] / 3600
    assert hours == 5
    assert queue["VisibilityTimeout"] >= 6 * made(stack, "JobEventsFunction")["Timeout"]  # as AWS advises
    assert queue["MessageRetentionPeriod"] == lost["MessageRetentionPeriod"] == 14 * 86_400


def test_events_are_taken_once_there_are_tables_by_two_copies_at_most():
    source = compute().template["Resources"]["JobEventsSource"]
    assert "JobStore" in source["DependsOn"]
    assert source["Properties"]["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_new_database_and_a_new_version_have_the_tables_made():
    called = made(compute(), "JobStore")
    assert called["Host"] == {"Ref": "DatabaseHost"}
    assert called["Code"] == {"Ref": "JobStoreFunctionCode"}


@pytest.mark.parametrize("keys", ["aws", "one"])
def test_queues_are_encrypted(keys):
    for title in ("JobEvents", "JobEventsLost"):
        queue = made(compute(security={"keys": keys}), title)
        own = queue.get("KmsMasterKeyId") == {"Ref": "FoundationLogsKey"}
        assert own == (keys == "one")
        assert queue.get("SqsManagedSseEnabled", False) == (keys == "aws")


def test_somebody_is_told_of_what_was_lost_and_of_what_is_late():
    stack = compute()
    for title, queue in (("JobEventsLostAlarm", "JobEventsLost"), ("JobEventsLateAlarm", "JobEvents")):
        alarm = made(stack, title)
        assert alarm["AlarmActions"] == [{"Ref": "AccountAlarms"}]
        assert alarm["Dimensions"][0]["Value"] == {"Fn::GetAtt": [queue, "QueueName"]}


def test_who_writes_has_no_secret_and_who_makes_the_tables_takes_no_events():
    stack = next(one for one in stacks(sample("hardened")) if one.key == "compute.prod")
    writer, maker = of_role(stack, "JobEventsFunctionRole"), of_role(stack, "JobStoreFunctionRole")
    (enters,) = allowing(writer, "rds-db:connect")
    assert resources(enters) == [
        "arn:aws:rds-db:REGION:ACCOUNT:dbuser:DatabaseResource/stratolab_jobs"
    ] or str(resources(enters)).count("dbuser")
    assert allowing(writer, "secretsmanager:GetSecretValue") == []
    assert allowing(maker, "sqs:ReceiveMessage") == allowing(maker, "rds-db:connect") == []
    (reads,) = allowing(maker, "secretsmanager:GetSecretValue")
    assert resources(reads) == ["DatabaseOwnerSecret"]
    for title in ("JobEventsFunction", "JobStoreFunction"):
        assert made(stack, title)["VpcConfig"]["SecurityGroupIds"] == [{"Ref": "NetworkFunctionGroup"}]
    assert not [
        name for name in made(stack, "JobEventsFunction")["Environment"]["Variables"] if "SECRET" in name
    ]


def test_the_functions_run_with_what_is_packed_alone(tmp_path):
    """An interpreter without our environment imports both, and finds the migrations and RDS's authorities."""
    for name, code in job_events.codes().items():
        folder = tmp_path / name
        zipfile.ZipFile(BytesIO(code.archive())).extractall(folder)
        module = code.handler.rpartition(".")[0]
        program = (
            f"import sys; sys.path.insert(0, {str(folder)!r})\n"
            f"import {module} as ours\n"
            "from stratolab.runtime.functions import entering; assert entering.AUTHORITIES.is_file()\n"
            "from stratolab.jobs.stores.revision import HEAD, MIGRATIONS\n"
            f"assert {name!r} == 'job-events' or list(MIGRATIONS.glob(f'versions/r{{HEAD}}_*.py'))\n"
            "print(callable(ours.handler), ours.__file__)"
        )
        done = run(
            [sys.executable, "-I", "-S", "-c", program],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"True {folder}")


def test_the_function_that_writes_brings_no_sqlalchemy():
    small, large = (job_events.codes()[name] for name in (job_events.WRITING, job_events.INSTALLING))
    assert not [name for name in small.sources if name.startswith(("sqlalchemy/", "alembic/"))]
    assert len(large.archive()) < 10_000_000
