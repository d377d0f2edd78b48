"""The sweep's own row: the lock that orders all writers, the revision of the newest change, the count of trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from stratolab.jobs.database import Transaction


@dataclass(frozen=True, slots=True)
class Head:
    """What a write needs of its sweep's row, which is locked until the commit."""

    revision: int
    trials: int


def locked(tx: Transaction, sweep: str) -> Head:
    """The head of a sweep, for whoever is about to write. Raises `InputError` if there is no such sweep."""
    found = tx.rows(f"SELECT revision, trials FROM sweep WHERE id = :sweep{tx.for_update}", sweep=sweep)  # noqa: S608 - a constant
    if not found:
        raise no_sweep(sweep)
    return Head(found[0]["revision"], found[0]["trials"])


def raised(tx: Transaction, sweep: str, head: Head, *, trials: int = 0) -> None:
    """Raise the sweep's revision by one, and its count of trials by so many new ones."""
    tx.execute(
        "UPDATE sweep SET revision = :revision, trials = :trials WHERE id = :sweep",
        sweep=sweep, revision=head.revision + 1, trials=head.trials + trials,
    )  # fmt: skip


def no_sweep(sweep: str) -> InputError:
    """The error that there is none of this id."""
    return InputError(f"there is no sweep {sweep!r}", hint="stratolab sweeps ls")
