"""CloudFormation's words as values: stacks, change sets, events, drift.

A word of AWS that stands in no table here is an error that names it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from stratolab.core.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class StackStatus(StrEnum):
    """Every state of a stack (CloudFormation's API reference, data type Stack)."""

    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    CREATE_FAILED = "CREATE_FAILED"
    CREATE_COMPLETE = "CREATE_COMPLETE"
    ROLLBACK_IN_PROGRESS = "ROLLBACK_IN_PROGRESS"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"
    ROLLBACK_COMPLETE = "ROLLBACK_COMPLETE"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"
    DELETE_FAILED = "DELETE_FAILED"
    DELETE_COMPLETE = "DELETE_COMPLETE"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    UPDATE_COMPLETE_CLEANUP_IN_PROGRESS = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    UPDATE_COMPLETE = "UPDATE_COMPLETE"
    UPDATE_FAILED = "UPDATE_FAILED"
    UPDATE_ROLLBACK_IN_PROGRESS = "UPDATE_ROLLBACK_IN_PROGRESS"
    UPDATE_ROLLBACK_FAILED = "UPDATE_ROLLBACK_FAILED"
    UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
    UPDATE_ROLLBACK_COMPLETE = "UPDATE_ROLLBACK_COMPLETE"
    REVIEW_IN_PROGRESS = "REVIEW_IN_PROGRESS"
    IMPORT_IN_PROGRESS = "IMPORT_IN_PROGRESS"
    IMPORT_COMPLETE = "IMPORT_COMPLETE"
    IMPORT_ROLLBACK_IN_PROGRESS = "IMPORT_ROLLBACK_IN_PROGRESS"
    IMPORT_ROLLBACK_FAILED = "IMPORT_ROLLBACK_FAILED"
    IMPORT_ROLLBACK_COMPLETE = "IMPORT_ROLLBACK_COMPLETE"

    @property
    def moving(self) -> bool:
        """Whether AWS is at work on it. A stack in review is at rest: it is a name and nothing more."""
        return self.endswith("_IN_PROGRESS") and self is not StackStatus.REVIEW_IN_PROGRESS


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as it stands. `created` is None for one that has only been named (REVIEW_IN_PROGRESS)."""

    name: str
    id: str
    status: StackStatus
    reason: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    protected: bool = False
    created: datetime | None = None
    updated: datetime | None = None


class Action(StrEnum):
    """What a change set would do to a resource."""

    ADD = "Add"
    MODIFY = "Modify"
    REMOVE = "Remove"
    IMPORT = "Import"
    DYNAMIC = "Dynamic"  # it depends on what happens before
    SYNC = "SyncWithActual"


class Replacement(StrEnum):
    """Whether changing a resource makes a new one and deletes the old."""

    NEVER = "False"
    PERHAPS = "Conditional"
    ALWAYS = "True"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for a change: the property, whether it forces a new resource, and who caused it."""

    attribute: str  # Properties, Tags, Metadata ...
    name: str  # of the property, empty for the other attributes
    recreates: str  # Never, Conditionally, Always
    source: str  # DirectModification, ParameterReference, ResourceReference, ResourceAttribute, Automatic
    entity: str = ""  # the parameter, resource or attribute that caused it
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """What a change set would do to one resource."""

    action: Action
    logical: str
    type: str
    physical: str = ""
    replacement: Replacement = Replacement.NEVER
    keeps: str = ""  # CloudFormation's PolicyAction: Delete, Retain, Snapshot, ReplaceAndDelete ...
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set that was made. `empty` says that nothing would change."""

    id: str
    stack: str
    changes: tuple[ResourceChange, ...]
    empty: bool = False


@dataclass(frozen=True, slots=True)
class StackEvent:
    """One thing that happened in a stack; the stack itself is a resource too."""

    id: str
    at: datetime
    stack: str
    logical: str
    physical: str
    type: str
    status: str
    reason: str = ""
    token: str = ""  # of the request that caused it

    @property
    def failed(self) -> bool:
        """Whether something went wrong here."""
        return self.status.endswith("_FAILED")

    @property
    def of_stack(self) -> bool:
        """Whether the stack itself is meant."""
        return self.type == "AWS::CloudFormation::Stack" and self.logical == self.stack


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a stack as it stands."""

    logical: str
    physical: str
    type: str
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One property that is not what the template says. Values are JSON texts."""

    path: str
    kind: str  # ADD, REMOVE, NOT_EQUAL
    expected: str
    actual: str

    def __str__(self) -> str:
        if self.kind == "ADD":
            return f"{self.path}: added {self.actual}"
        if self.kind == "REMOVE":
            return f"{self.path}: removed {self.expected}"
        return f"{self.path}: wanted {self.expected}, is {self.actual}"


@dataclass(frozen=True, slots=True)
class Drift:
    """A resource that was changed or deleted behind CloudFormation's back."""

    logical: str
    physical: str
    type: str
    status: str  # MODIFIED, DELETED
    differences: tuple[Difference, ...] = ()

    def __str__(self) -> str:
        what = "; ".join(str(one) for one in self.differences)
        return (
            f"{self.logical} ({self.type}, {self.physical}) was {self.status.lower()}{what and ': ' + what}"
        )


E = TypeVar("E", bound=StrEnum)


def word(kind: type[E], text: str) -> E:
    """AWS's word as ours. Raises `RemoteError`, naming it, for one that we do not know."""
    try:
        return kind(text)
    except ValueError:
        raise RemoteError(
            f"AWS says {text!r}, which is no {kind.__name__} that stratolab knows",
            doing="reading CloudFormation's answer",
            hint="look for a newer stratolab",
        ) from None
