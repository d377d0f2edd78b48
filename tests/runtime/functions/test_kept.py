"""The versions of a secret as a rotation sees them: the same of this machine's lab and of Secrets Manager. Notices."""

from __future__ import annotations

import json
import uuid

import pytest
from tests.emulator.types import World

from stratolab.core.errors import RefusedError, RemoteError
from stratolab.runtime.functions import entering
from stratolab.runtime.functions.kept import Kept, Topic
from stratolab.runtime.functions.secret_rotation import (
    AUTHORITIES,
    CANARIES,
    HOSTS,
    LENGTHS,
    TOPICS,
    Work,
    application_of,
)
from stratolab.runtime.rotation.canaries import CanaryError, Candidate
from stratolab.runtime.rotation.credentials import Login
from stratolab.runtime.rotation.steps import CURRENT, PENDING, PREVIOUS, Notice
from stratolab.secrets.local import LocalSecrets

NAME = "world-series/database"
CONSUMER = """
import boto3

def handler(event, context):
    value = boto3.client("secretsmanager").get_secret_value(SecretId=event["secret"], VersionId=event["version"])
    if value["SecretString"] != "good":
        raise RuntimeError("not what I wanted")
"""


@pytest.fixture(params=["local", "aws"])
def vault(request, lab_folder):
    if request.param == "local":
        secrets = LocalSecrets(lab_folder)
        secrets.put(NAME, "first")
        return secrets
    client = request.getfixturevalue("emulator").client("secretsmanager")
    client.create_secret(Name=NAME, SecretString="first")
    return Kept(client)


def in_stage(vault, stage):
    return [vault.value(NAME, version) for version, names in vault.stages(NAME).items() if stage in names]


def test_a_pending_version_is_put_once(vault):
    token = str(uuid.uuid4())
    assert vault.value(NAME, token) == ""
    for _ in range(2):
        vault.put_pending(NAME, token, "second")
    assert (in_stage(vault, CURRENT), in_stage(vault, PENDING)) == (["first"], ["second"])
    vault.put_pending(NAME, token, "another value of the same token")
    assert vault.value(NAME, token) == "second"


def test_promoted_the_current_one_is_the_previous(vault):
    token = str(uuid.uuid4())
    vault.put_pending(NAME, token, "second")
    for _ in range(2):
        vault.promote(NAME, token)
    assert (in_stage(vault, CURRENT), in_stage(vault, PREVIOUS)) == (["second"], ["first"])


def test_discarded_it_is_pending_no_more(vault):
    token = str(uuid.uuid4())
    vault.put_pending(NAME, token, "second")
    for _ in range(2):
        vault.discard(NAME, token)
    assert (in_stage(vault, CURRENT), in_stage(vault, PENDING)) == (["first"], [])
    assert PENDING not in vault.stages(NAME).get(token, frozenset())


def test_what_aws_refuses_is_told_by_its_code_alone(emulator):
    kept = Kept(emulator.client("secretsmanager"))
    with pytest.raises(RemoteError, match="ResourceNotFoundException") as caught:
        kept.put_pending("nothing", str(uuid.uuid4()), "value-7f3a")
    assert "7f3a" not in str(caught.value)


def test_users_are_told_and_a_lost_notice_holds_nothing_up(emulator):
    sns, sqs = emulator.client("sns"), emulator.client("sqs")
    arn = sns.create_topic(Name="acme-dev-rotation-world-series")["TopicArn"]
    queue = sqs.create_queue(QueueName="mail")["QueueUrl"]
    where = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=where)
    logged = []
    notice = Notice(
        "failed", "arn:aws:secretsmanager:eu-west-1:1:secret:acme/x/dev/database-AbCdEf", "the reason"
    )
    Topic(lambda: sns, arn, logged.append).tell(notice)
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    told = json.loads(message["Body"])
    assert told["Subject"] == "acme/x/dev/database-AbCdEf was not exchanged"
    assert "the reason" in told["Message"]
    Topic(lambda: sns, f"{arn}-gone", logged.append).tell(notice)
    assert [entry["notice"] for entry in logged] == ["failed", "failed", "lost"]


def work(emulator, **settings):
    given = {HOSTS: "db.example.com", TOPICS: "arn:aws:sns:x", CANARIES: "{}", LENGTHS: "12,32"}
    return Work({**given, **settings}, emulator.client)


def test_another_host_never_gets_the_owners_password(emulator):
    login = Login("postgres", "db.attacker.example.com", 5432, "d", "u", "p")
    with pytest.raises(RefusedError, match="none of this stack's"):
        work(emulator, **{AUTHORITIES: str(entering.AUTHORITIES)})._connect(login)


def test_a_function_of_the_applications_tries_the_pending_version(emulator):
    World(emulator).function("canary", CONSUMER)
    client = emulator.client("secretsmanager")
    arn = client.create_secret(Name=NAME, SecretString="first")["ARN"]
    for value, fails in (("good", False), ("bad", True)):
        token = str(uuid.uuid4())
        Kept(client).put_pending(NAME, token, value)
        ask = work(emulator)._consumer("canary")
        if not fails:
            ask(Candidate(arn, token, value))
            continue
        with pytest.raises(CanaryError, match="canary ended with an error") as caught:
            ask(Candidate(arn, token, value))
        assert "wanted" not in str(caught.value)
    with pytest.raises(CanaryError, match="cannot be called: ResourceNotFoundException"):
        work(emulator)._consumer("nobody")(Candidate(arn, token, "bad"))


def test_an_arn_tells_whose_secret_it_is():
    assert (
        application_of("arn:aws:secretsmanager:eu-west-1:1:secret:acme/world-series/dev/database-AbC")
        == "world-series"
    )
    for wrong in ("acme/world-series/database", "x"):
        with pytest.raises(RemoteError):
            application_of(wrong)
