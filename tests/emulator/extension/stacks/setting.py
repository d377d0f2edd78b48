"""A stack put into a state that the engine would not leave it in for long, and out of it again: for tests of verbs."""

from __future__ import annotations

import threading

from tests.emulator.extension.stacks.lookup import named


def put(stack: str, status: str, *, then: str = "", seconds: float = 0.0) -> None:
    """Let a living stack of the emulator's own region have this state, and `then` another after so many seconds.

    Raises `LookupError` if there is no such stack.
    """
    found = named(stack)
    if found is None:
        raise LookupError(stack)
    found["StackStatus"] = status
    if then:

        def end() -> None:
            if found["StackStatus"] == status:
                found["StackStatus"] = then

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
