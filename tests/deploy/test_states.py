from __future__ import annotations

import pytest

from stratolab.aws.stacks import StackStatus
from stratolab.deploy.states import CASES, Step, case


@pytest.mark.parametrize("status", StackStatus)
def test_every_state_has_its_case(status):
    found = CASES[status]
    assert found.means
    assert (found.up is Step.WAIT) == (found.down is Step.WAIT) == status.moving
    assert (found.up is Step.REFUSE) == bool(found.hint)
    assert found.down in {Step.WAIT, Step.DELETE, Step.NOTHING}


def test_an_absent_stack_is_created_and_not_deleted():
    assert (case(None).up, case(None).down) == (Step.CREATE, Step.NOTHING)
    assert case(StackStatus.DELETE_COMPLETE) == case(None)


def test_what_a_failed_creation_left_is_cleared_first():
    clear = {status for status in StackStatus if case(status).up is Step.CLEAR}
    assert clear == {"CREATE_FAILED", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE"}
