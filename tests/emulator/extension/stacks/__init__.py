"""The life of a stack as AWS leads it: what ministack's engine takes more lightly."""

from __future__ import annotations

from tests.emulator.extension.stacks import changesets, drift, events, exports, policies, requests


def attach() -> None:
    """Put each correction in its place; the last one stands outermost."""
    events.attach()
    exports.attach()
    policies.attach()
    changesets.attach()
    requests.attach()
    drift.attach()
