"""A job's log among the artifacts of its run: another name of the same file, so that nothing is copied.

A run's artifacts lie in the folder `artifacts` of its job. What its script logs there by MLflow cannot touch the
job's own files, and a large log takes its room once.
"""

# ruff: noqa: PTH103, PTH202 - text paths: this is done for every trial

from __future__ import annotations

import os
from contextlib import suppress
from shutil import copyfile
from urllib.parse import unquote

FOLDER, NAME = "artifacts", "log.txt"  # MLflow shows a .txt as text
_COPIED = 1024**2  # bytes; where there are no hard links, a larger log is left out
_LOCAL = "file://"


def link_log(folder: str, uri: str = "") -> None:
    """Put the log of the job in `folder` among its artifacts, or among those at `uri` if that is on this machine.

    Does nothing where there is no log, and where it is there already.
    """
    if uri and not uri.startswith(_LOCAL):
        return
    artifacts = unquote(uri.removeprefix(_LOCAL)) if uri else f"{folder}/{FOLDER}"
    log, shown = f"{folder}/log", f"{artifacts}/{NAME}"
    try:
        os.mkdir(artifacts, 0o700)  # noqa: PTH102
        made = True
    except OSError:
        made = False
    try:
        os.link(log, shown)
    except FileExistsError:
        return
    except FileNotFoundError:
        _link_deep(log, artifacts, shown, made=made)
    except OSError:
        with suppress(OSError):
            if os.path.getsize(log) <= _COPIED:
                copyfile(log, shown)


def _link_deep(log: str, artifacts: str, shown: str, *, made: bool) -> None:
    """There is no log, or more than one of the folders was missing."""
    with suppress(OSError):
        if os.path.exists(log):  # noqa: PTH110
            os.makedirs(artifacts, mode=0o700, exist_ok=True)
            os.link(log, shown)
        elif made:
            os.rmdir(artifacts)  # noqa: PTH106
