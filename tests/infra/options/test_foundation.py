"""The table of the remote state: what a team had from it, it has from CloudFormation and from a lease."""

from __future__ import annotations

import pytest
from tests.infra.options.answers import Answer, Made, Refused, check

from stratolab.infra.catalogue import find
from stratolab.testing.labs import sample

LEASE = Refused(
    "CloudFormation keeps the state of each stack and lets one change of it go on at a time; that two people do not "
    "apply to one lab is seen to by a lease, an object in the lab's bucket (`stratolab.deploy.lease`)"
)
REMOTE_STATE_IN: dict[str, Answer] = {
    "remote_state_bucket_name": Made(
        "AWS::S3::Bucket",
        "BucketName",
        "the lab's bucket of code holds templates and the lease; the state is AWS's",
    ),
    "remote_locks_dynamodb_name": LEASE,
    "remote_locks_read_capacity": LEASE,
    "remote_locks_write_capacity": LEASE,
}


@pytest.mark.parametrize("name", REMOTE_STATE_IN)
def test_every_row_has_its_answer(name: str) -> None:
    check(REMOTE_STATE_IN[name], find(sample("standard"), "foundation"))
