"""`stratolab` on a terminal of so many columns: what somebody types is typed, what the screen gets is read."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_a_terminal(
    *words: str, folder: Path, typed: str = "", columns: int = 80, env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """The exit code, and all that was written to the screen, without its colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "stratolab", *words],
        cwd=folder,
        env={key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "COLUMNS"}}
        | {"TERM": "xterm", **(env or {})},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # Linux says so when the other side is closed
        pass
    finally:
        os.close(ours)
    return process.wait(timeout=60), _CODES.sub("", shown.decode(errors="replace"))
