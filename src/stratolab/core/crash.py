"""Labelled points at which a test may kill this process, to prove that nothing is lost there.

`STRATOLAB_CRASH_AT=name` or `name:3` (the third time it is passed) ends the process with SIGKILL at
that point. Unset, as it always is outside the chaos tests, a point costs one comparison.
"""

from __future__ import annotations

import os
import signal

_WANTED, _, _TIMES = os.environ.get("STRATOLAB_CRASH_AT", "").partition(":")
_left = int(_TIMES or 1)


def crash_point(name: str) -> None:
    """Die here, as by kill -9, if this is the point that the environment asks for."""
    if name != _WANTED:
        return
    global _left  # noqa: PLW0603 - counts this process's passes
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
