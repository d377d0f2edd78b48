"""How long to wait before the same work is tried again on a server."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_PAUSE = 0.05  # seconds; doubles each time
LONGEST_PAUSE = 5.0


def pauses(attempts: int) -> Iterator[float | None]:
    """How long to wait after each attempt that fails; None after the last."""
    for number in range(attempts - 1):
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**number)
        yield longest * random.uniform(0.5, 1.0)  # noqa: S311 - so that rivals do not meet again
    yield None
