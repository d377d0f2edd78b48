"""What each verb does about a stack in each of CloudFormation's states: one table, no branch elsewhere.

A stack can be in any of 23 states, or absent. `up` brings every one of them to rest at what is wanted or says what
the owner has to decide; `down` brings every one to absence. A step other than UPDATE, CREATE, DELETE, NOTHING and
REFUSE is followed by another look at the table, so an interrupted `up` is continued by running it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stratolab.aws.stacks import StackStatus as S


class Step(StrEnum):
    """The next thing to do with a stack."""

    NOTHING = "nothing"
    WAIT = "wait"  # AWS is at work on it: follow until it rests, then look again
    CREATE = "create"  # by a change set
    UPDATE = "update"  # by a change set
    TAKE_IN = "take in"  # import what outlived an earlier stack, then look again
    CLEAR = "clear"  # delete what a failed creation left, then look again
    ROLL_BACK = "roll back"  # go on with a rollback that failed, then look again
    DELETE = "delete"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Case:
    """What to do for `up` and for `down`, and in words what the state means."""

    up: Step
    down: Step
    means: str
    hint: str = ""


DRIFTABLE = frozenset(
    {
        S.CREATE_COMPLETE,
        S.UPDATE_COMPLETE,
        S.UPDATE_ROLLBACK_COMPLETE,
        S.UPDATE_ROLLBACK_FAILED,
    }
)
"""States in which CloudFormation looks for drift (its user guide, "Detect drift on an entire stack")."""

ABSENT = Case(Step.CREATE, Step.NOTHING, "it is not there")

_RESTS = Case(Step.UPDATE, Step.DELETE, "it is as it was last wanted")
_HALF_MADE = Case(Step.CLEAR, Step.DELETE, "its creation failed, and what it made is of no use")

CASES = {
    S.CREATE_IN_PROGRESS: Case(Step.WAIT, Step.WAIT, "AWS is creating it"),
    S.CREATE_FAILED: _HALF_MADE,
    S.CREATE_COMPLETE: _RESTS,
    S.ROLLBACK_IN_PROGRESS: Case(Step.WAIT, Step.WAIT, "its creation failed; AWS is taking it back"),
    S.ROLLBACK_FAILED: Case(Step.CLEAR, Step.DELETE, "its creation failed, and so did taking it back"),
    S.ROLLBACK_COMPLETE: Case(
        Step.CLEAR, Step.DELETE, "its creation failed and was taken back; only the name is left"
    ),
    S.DELETE_IN_PROGRESS: Case(Step.WAIT, Step.WAIT, "AWS is deleting it"),
    S.DELETE_FAILED: Case(
        Step.REFUSE,
        Step.DELETE,
        "its deletion was begun and failed; part of it is gone",
        "finish it: stratolab down; then stratolab up makes it anew",
    ),
    S.DELETE_COMPLETE: ABSENT,
    S.UPDATE_IN_PROGRESS: Case(Step.WAIT, Step.WAIT, "AWS is changing it"),
    S.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: Case(
        Step.WAIT, Step.WAIT, "it was changed; AWS is deleting what was replaced"
    ),
    S.UPDATE_COMPLETE: _RESTS,
    S.UPDATE_FAILED: Case(
        Step.UPDATE, Step.DELETE, "a change failed and was left half done, as someone asked for"
    ),
    S.UPDATE_ROLLBACK_IN_PROGRESS: Case(Step.WAIT, Step.WAIT, "a change failed; AWS is taking it back"),
    S.UPDATE_ROLLBACK_FAILED: Case(Step.ROLL_BACK, Step.DELETE, "a change failed, and so did taking it back"),
    S.UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: Case(
        Step.WAIT, Step.WAIT, "a change was taken back; AWS is deleting what it had made"
    ),
    S.UPDATE_ROLLBACK_COMPLETE: Case(Step.UPDATE, Step.DELETE, "the last change failed and was taken back"),
    S.REVIEW_IN_PROGRESS: Case(Step.CREATE, Step.DELETE, "it was planned and never created"),
    S.IMPORT_IN_PROGRESS: Case(Step.WAIT, Step.WAIT, "someone is importing resources into it"),
    S.IMPORT_COMPLETE: _RESTS,
    S.IMPORT_ROLLBACK_IN_PROGRESS: Case(Step.WAIT, Step.WAIT, "an import failed; AWS is taking it back"),
    S.IMPORT_ROLLBACK_FAILED: Case(
        Step.REFUSE,
        Step.DELETE,
        "an import failed, and so did taking it back",
        "end the import in CloudFormation's console, then type the same command",
    ),
    S.IMPORT_ROLLBACK_COMPLETE: _RESTS,
}


def case(status: S | None) -> Case:
    """What a stack's state means; None is a stack that is not there."""
    return ABSENT if status is None else CASES[status]
