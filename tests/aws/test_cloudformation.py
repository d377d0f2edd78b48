"""The class over CloudFormation, on the emulator, through the real boto3."""

from __future__ import annotations

import json

import pytest

from stratolab.aws.cloudformation import CloudFormation
from stratolab.aws.errors import BusyError
from stratolab.aws.failures import first_cause
from stratolab.aws.stacks import Action, Replacement, StackStatus
from stratolab.core.errors import RemoteError

NAME = "acme-data"


@pytest.fixture
def cloud(clients):
    return CloudFormation(clients.of("cloudformation"), sleep=lambda _: None)


def template(**buckets: dict[str, object]) -> str:
    resources = {
        name: {"Type": "AWS::S3::Bucket", "Properties": properties} for name, properties in buckets.items()
    }
    outputs = {f"{name}Name": {"Value": {"Ref": name}} for name in buckets}
    return json.dumps({"Resources": resources, "Outputs": outputs})


def settle(cloud: CloudFormation, name: str = NAME) -> StackStatus:
    """Follow a stack until AWS is done with it."""
    for _ in range(200):
        stack = cloud.find(name)
        if stack is None or not stack.status.moving:
            return stack.status if stack else StackStatus.DELETE_COMPLETE
        cloud.events(name)
    raise AssertionError("it never rests")


def apply(cloud: CloudFormation, body: str, *, create: bool, token: str) -> StackStatus:
    change_set = cloud.change_set(
        NAME, f"up-{token}", template=body, parameters={}, tags={"lab": "acme"}, create=create
    )
    cloud.execute(change_set, token=token)
    return settle(cloud)


def test_from_nothing_to_a_stack_and_back(cloud):
    assert cloud.find(NAME) is None
    body = template(Logs={"BucketName": "acme-logs-1"})
    made = cloud.change_set(NAME, "up-1", template=body, parameters={}, tags={"lab": "acme"}, create=True)
    assert [(one.action, one.logical, one.type) for one in made.changes] == [
        (Action.ADD, "Logs", "AWS::S3::Bucket")
    ]
    assert cloud.find(NAME).status is StackStatus.REVIEW_IN_PROGRESS
    cloud.execute(made, token="one")
    assert settle(cloud) is StackStatus.CREATE_COMPLETE
    stack = cloud.find(NAME)
    assert (stack.outputs, stack.tags["lab"]) == ({"LogsName": "acme-logs-1"}, "acme")
    assert [one.name for one in cloud.stacks({"lab": "acme"})] == [NAME]
    assert cloud.stacks({"lab": "other"}) == []
    assert json.loads(cloud.template(NAME)) == json.loads(body)
    assert [(one.logical, one.physical) for one in cloud.resources(NAME)] == [("Logs", "acme-logs-1")]
    cloud.delete(NAME, token="two")
    assert settle(cloud) is StackStatus.DELETE_COMPLETE


def test_a_change_set_tells_replacements_apart_and_one_without_changes_is_empty(cloud):
    assert (
        apply(cloud, template(Logs={"BucketName": "acme-logs-1"}), create=True, token="a")
        == "CREATE_COMPLETE"
    )
    same = cloud.change_set(
        NAME,
        "up-b",
        template=template(Logs={"BucketName": "acme-logs-1"}),
        parameters={},
        tags={"lab": "acme"},
        create=False,
    )
    assert same.empty
    assert same.changes == ()
    other = cloud.change_set(
        NAME,
        "up-c",
        template=template(Logs={"BucketName": "acme-logs-2"}, More={}),
        parameters={},
        tags={"lab": "acme"},
        create=False,
    )
    found = {one.logical: one for one in other.changes}
    assert found["Logs"].replacement is Replacement.ALWAYS
    assert [(one.name, one.recreates) for one in found["Logs"].causes] == [("BucketName", "Always")]
    assert found["More"].action is Action.ADD
    cloud.drop(other)


def test_a_failure_is_rolled_back_and_its_first_cause_is_found(cloud, emulator):
    emulator.fault(type="AWS::SNS::Topic", step="create", reason="Topic limit exceeded")
    body = json.loads(template(Logs={}))
    body["Resources"]["News"] = {"Type": "AWS::SNS::Topic", "Properties": {}, "DependsOn": "Logs"}
    assert apply(cloud, json.dumps(body), create=True, token="a") is StackStatus.ROLLBACK_COMPLETE
    cause = first_cause(cloud.events(NAME))
    assert cause is not None
    assert (cause.logical, "limit exceeded" in cause.reason, "quota" in cause.hint) == ("News", True, True)


def test_whoever_is_quicker_takes_the_other_change_set_away(cloud):
    first, second = (
        cloud.change_set(NAME, name, template=template(Logs={}), parameters={}, tags={}, create=True)
        for name in ("up-1", "up-2")
    )
    cloud.execute(first, token="one")
    with pytest.raises(BusyError, match="ChangeSet"):
        cloud.execute(second, token="two")
    assert settle(cloud) is StackStatus.CREATE_COMPLETE


def test_events_go_on_after_the_last_one_seen(cloud):
    apply(cloud, template(Logs={}), create=True, token="a")
    events = cloud.events(NAME)
    assert [one.at for one in events] == sorted(one.at for one in events)
    assert events[-1].of_stack
    assert cloud.events(NAME, after=events[-1].id) == []
    assert cloud.events(NAME, after=events[-2].id) == events[-1:]


def test_drift_shows_what_was_done_behind_its_back(cloud, emulator):
    apply(
        cloud,
        template(Logs={"BucketName": "acme-logs-1"}, More={"BucketName": "acme-more-1"}),
        create=True,
        token="a",
    )
    assert cloud.drift(NAME) == []
    emulator.client("s3").delete_bucket(Bucket="acme-more-1")
    (found,) = cloud.drift(NAME)
    assert (found.logical, found.status) == ("More", "DELETED")


def test_protection_keeps_a_stack(cloud):
    apply(cloud, template(Logs={}), create=True, token="a")
    cloud.protect(NAME, on=True)
    assert cloud.find(NAME).protected
    with pytest.raises(RemoteError, match=r"[Tt]ermination"):
        cloud.delete(NAME, token="b")
    cloud.protect(NAME, on=False)
    cloud.delete(NAME, token="c")
    assert settle(cloud) is StackStatus.DELETE_COMPLETE


def test_a_template_that_cloudformation_refuses_says_why(cloud):
    with pytest.raises(RemoteError) as caught:
        cloud.change_set(NAME, "up-1", template='{"Resources": {', parameters={}, tags={}, create=True)
    assert caught.value.doing == f"asking what would change in {NAME}"
    assert caught.value.what


def test_throttled_calls_are_tried_again(cloud, emulator):
    emulator.fault(call="cloudformation:DescribeStacks", code="Throttling", times=2)
    assert cloud.find(NAME) is None


def test_who_uses_an_export(cloud):
    body = json.loads(template(Logs={}))
    body["Outputs"]["LogsName"]["Export"] = {"Name": "acme-logs"}
    apply(cloud, json.dumps(body), create=True, token="a")
    assert cloud.importers("acme-logs") == []


def test_a_change_set_that_never_comes_is_given_up(cloud):
    times = iter(range(0, 100000, 400))
    slow = CloudFormation(cloud._client, sleep=lambda _: None, clock=lambda: float(next(times)))
    with pytest.raises(RemoteError, match="not finished in 10 minutes"):
        slow._until("waiting", 600, lambda: False)
