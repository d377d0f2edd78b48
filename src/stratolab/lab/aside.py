"""Work whose result is small and whose tools are large, done by a child of ours while we go on.

Reading a configuration takes pydantic: a quarter of a second and 17 MB, which a driver would carry through ten
thousand trials. The child is a fork, so it has what we have; it hands back JSON and leaves with all that it loaded.
If it fails, the work is done here: then it is this process that says what is wrong.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 1 << 16


def aside(work: Callable[[], Any]) -> Callable[[], Any]:
    """Begin `work`, which gives JSON, and give a function that waits for its result. Call that once, soon.

    Raises there what `work` raises. A process with other threads is not forked: what they hold would stay locked.
    """
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return work
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        _do(work, writer)
    os.close(writer)

    def result() -> Any:
        with os.fdopen(reader, "rb", buffering=_CHUNK) as pipe:
            told = pipe.read()
        _, status = os.waitpid(child, 0)
        return work() if status else json.loads(told)

    return result


def _do(work: Callable[[], Any], writer: int) -> NoReturn:
    """The child: do it and leave, without any of the endings that are our parent's business."""
    code = 1
    with suppress(BaseException):
        told = json.dumps(work()).encode()
        while told:
            told = told[os.write(writer, told) :]
        code = 0
    os._exit(code)
