"""What our own services keep, by account and region, and how a reset empties it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ministack.core.responses import AccountRegionScopedDict

if TYPE_CHECKING:
    from collections.abc import Callable

_tables: list[AccountRegionScopedDict] = []
_endings: list[Callable[[], None]] = []


def table() -> AccountRegionScopedDict:
    """A new dictionary that shows the entries of the present account and region only."""
    made = AccountRegionScopedDict()
    _tables.append(made)
    return made


def ended_by(function: Callable[[], None]) -> None:
    """Have `function` end what a service runs, before a reset empties its tables."""
    _endings.append(function)


def end_work() -> None:
    for end in _endings:
        end()


def clear() -> None:
    for made in _tables:
        made._data.clear()
