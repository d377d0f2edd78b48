from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stratolab.aws.failures import first_cause, hint_for, plain
from stratolab.aws.stacks import StackEvent

HANDLER = 'Resource handler returned message: "'
TOKEN = '" (RequestToken: 3-4, HandlerErrorCode: ServiceLimitExceeded)'


def event(logical: str, status: str, reason: str = "", kind: str = "AWS::S3::Bucket") -> StackEvent:
    return StackEvent(
        id=f"{logical}-{status}",
        at=datetime(2026, 11, 1, tzinfo=UTC),
        stack="acme-data",
        logical=logical,
        physical="",
        type="AWS::CloudFormation::Stack" if logical == "acme-data" else kind,
        status=status,
        reason=reason,
    )


def test_the_first_failure_that_is_no_cancellation_is_the_cause():
    events = [
        event("Logs", "CREATE_COMPLETE"),
        event("Key", "CREATE_FAILED", "Resource creation cancelled"),
        event("Data", "CREATE_FAILED", "acme-data already exists"),
        event("Topic", "CREATE_FAILED", "Resource creation cancelled"),
        event(
            "acme-data", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Key, Data]."
        ),
        event("Logs", "DELETE_FAILED", "The bucket you tried to delete is not empty"),
    ]
    cause = first_cause(events)
    assert cause is not None
    assert str(cause) == "Data (AWS::S3::Bucket): acme-data already exists"
    assert "choose another lab name" in cause.hint


def test_a_stack_may_be_its_own_cause():
    cause = first_cause(
        [event("acme-data", "UPDATE_FAILED", "Export acme cannot be deleted as it is in use by b")]
    )
    assert cause is not None
    assert cause.logical == "acme-data"
    assert "stratolab up" in cause.hint


def test_nothing_failed():
    assert first_cause([event("Logs", "CREATE_COMPLETE")]) is None


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("The maximum number of VPCs has been reached. (Code: VpcLimitExceeded)", "quota"),
        ("User is not authorized to perform: rds:CreateDBInstance", "stratolab lab policy"),
        ("network interface is currently in use (DependencyViolation)", "something else uses it"),
        ("x", ""),
    ],
)
def test_reasons_have_remedies(reason, hint):
    assert hint_for(reason) == "" if not hint else hint in hint_for(reason)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (f"{HANDLER}No room. (Service: Ec2, Status Code: 400, Request ID: 1-2){TOKEN}", "No room."),
        (f'{HANDLER}a "b" c{TOKEN}', 'a "b" c'),
        ("acme-data already exists", "acme-data already exists"),
        ("Resource creation cancelled (by hand)", "Resource creation cancelled (by hand)"),
    ],
)
def test_the_services_own_words_are_told(reason, told):
    assert plain(reason) == told
