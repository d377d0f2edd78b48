"""What a deployment is, as values: what would change, and what happens while it does.

Plan --- StackPlan (one for each stack) --- Change (one for each resource)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from stratolab.deploy.states import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stratolab.aws.stacks import StackEvent


class Effect(StrEnum):
    """What becomes of a resource."""

    CREATE = "create"
    CHANGE = "change"  # in place
    REPLACE = "replace"  # a new one is made, the old one deleted
    PERHAPS = "perhaps replace"  # CloudFormation knows when it does it
    DELETE = "delete"
    IMPORT = "import"


class Data(StrEnum):
    """What becomes of the data in a resource that is deleted or replaced."""

    SAFE = ""  # there is none, or it stays where it is
    KEPT = "kept"  # the old resource is left behind, no longer managed
    SNAPSHOT = "snapshot"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one resource, and why."""

    logical: str
    type: str
    effect: Effect
    why: tuple[str, ...] = ()
    physical: str = ""
    data: Data = Data.SAFE


@dataclass(frozen=True, slots=True)
class StackPlan:
    """What becomes of one stack. `means` says in words what state it was found in.

    One that nobody wants any more has its name for a key.
    """

    key: str
    name: str
    step: Step
    changes: tuple[Change, ...] = ()
    means: str = ""
    needs: tuple[str, ...] = ()
    region: str = ""
    unwanted: bool = False

    @property
    def quiet(self) -> bool:
        """Whether nothing is to be done about it."""
        return self.step is Step.NOTHING

    def at_risk(self) -> list[Change]:
        """The changes by which data would be lost."""
        return [change for change in self.changes if change.data is Data.LOST]


@dataclass(frozen=True, slots=True)
class Plan:
    """What `up` would do. `account` is empty for a plan made without one."""

    lab: str
    region: str
    account: str
    stacks: tuple[StackPlan, ...]

    @property
    def quiet(self) -> bool:
        """Whether the account is as it is wanted."""
        return all(stack.quiet for stack in self.stacks)

    def count(self, effect: Effect) -> int:
        """How many resources have this before them."""
        return sum(change.effect is effect for stack in self.stacks for change in stack.changes)

    def at_risk(self) -> list[tuple[StackPlan, Change]]:
        """The changes by which data would be lost."""
        return [(stack, change) for stack in self.stacks for change in stack.at_risk()]


# -- what is told while it is done -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Began:
    """Work on a stack has begun."""

    key: str
    step: Step
    means: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """Something happened in a stack."""

    key: str
    event: StackEvent


@dataclass(frozen=True, slots=True)
class Ended:
    """A stack is as it is wanted (or gone). `changed` is False where nothing was to be done."""

    key: str
    seconds: float
    changed: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """A stack is not as it is wanted; `error` says why. Those that need it are not begun."""

    key: str
    seconds: float
    error: str


@dataclass(frozen=True, slots=True)
class Noted:
    """Something the reader should know."""

    text: str


Event = Began | Moved | Ended | Failed | Noted


@dataclass(frozen=True, slots=True)
class Left:
    """A resource that outlives its stack."""

    stack: str
    type: str
    physical: str
    why: str


Consent = frozenset[tuple[str, str]]
"""Losses that the owner has agreed to: the stack's key and the resource's logical name."""

Outputs = dict[str, "Mapping[str, str]"]
"""Outputs of stacks, by the stack's key."""
