"""Following a stack until AWS is done with it: every event is told once, in order.

Nothing is lost when we look away (a closed laptop, calls that AWS throttles): what happened meanwhile is told at the
next look. There is no deadline of ours, as CloudFormation has its own for every resource.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from stratolab.aws.cloudformation import CloudFormation
    from stratolab.aws.stacks import Stack, StackEvent

FIRST_LOOK = 0.5  # seconds until the second look; each later one waits half as long again
SLOWEST = 8.0  # CloudFormation allows about ten calls a second to the whole account
_SLOWER = 1.5


class Follower:
    """Follows one stack by its id, from the present on. `tell` gets each event; `sleep` is handed in."""

    def __init__(
        self,
        stack: str,
        cloud: CloudFormation,
        tell: Callable[[StackEvent], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.seen: list[StackEvent] = []
        self._stack = stack
        self._cloud = cloud
        self._tell = tell
        self._sleep = sleep
        events = cloud.events(stack)
        self._last = events[-1].id if events else ""

    def rest(self) -> Stack | None:
        """Wait until AWS works on it no more; the stack then, None if there never was one of this id."""
        pause = FIRST_LOOK
        while True:
            stack = self._cloud.find(self._stack)
            self._look()
            if stack is None or not stack.status.moving:
                return stack
            self._sleep(pause)
            pause = min(pause * _SLOWER, SLOWEST)

    def _look(self) -> None:
        events = self._cloud.events(self._stack, after=self._last)
        for event in events:
            self._last = event.id
            self.seen.append(event)
            self._tell(event)
