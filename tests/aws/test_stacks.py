from __future__ import annotations

import botocore.session
import pytest

from stratolab.aws.stacks import Action, Replacement, StackStatus, word
from stratolab.core.errors import RemoteError


def words_of_aws(shape: str, member: str) -> set[str]:
    model = botocore.session.get_session().get_service_model("cloudformation")
    return set(model.shape_for(shape).members[member].enum)


@pytest.mark.parametrize(
    ("ours", "shape", "member"),
    [
        (StackStatus, "Stack", "StackStatus"),
        (Action, "ResourceChange", "Action"),
        (Replacement, "ResourceChange", "Replacement"),
    ],
)
def test_our_words_are_those_of_the_api(ours, shape, member):
    assert {str(one) for one in ours} == words_of_aws(shape, member)


def test_an_unknown_word_is_named():
    with pytest.raises(RemoteError, match="CREATE_PERHAPS"):
        word(StackStatus, "CREATE_PERHAPS")


def test_moving_is_what_aws_works_at():
    assert StackStatus.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS.moving
    assert not StackStatus.REVIEW_IN_PROGRESS.moving
    assert not StackStatus.ROLLBACK_COMPLETE.moving
