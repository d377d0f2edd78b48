"""Row R18: credentials that run out in the middle of an `up`. Nothing is lost, and with others it goes on."""

from __future__ import annotations

import pytest
from tests.deploy.conftest import bucket, stack, topic

from stratolab.aws.errors import CredentialsError

STACKS = [
    stack("ground", {"Logs": bucket("acme-logs")}),
    stack("news", {"News": topic("acme-news")}, needs=["ground"]),
]


@pytest.mark.parametrize(
    "call",
    ["DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DescribeStackEvents"],
)
def test_an_up_whose_credentials_run_out_goes_on_with_new_ones(account, emulator, call):
    emulator.fault(call=f"cloudformation:{call}", code="ExpiredToken", status=403, reason="it has expired")
    assert [type(error) for error in failures(account)] == [CredentialsError]
    assert account.up(STACKS).errors == {}
    assert account.statuses() == {"acme-ground": "CREATE_COMPLETE", "acme-news": "CREATE_COMPLETE"}
    assert account.plan(STACKS).quiet


def failures(account):
    """What an `up` ended with, whether it says so of a stack or ends at once."""
    try:
        errors = list(account.up(STACKS).errors.values())
    except CredentialsError as error:
        errors = [error]
    assert all("aws login" in error.hint for error in errors)
    return errors
