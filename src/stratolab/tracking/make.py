"""A store for MLflow: made by MLflow itself the first time, a copy of that one from then on.

MLflow takes eight seconds of CPU to make its tables. So the first empty store that it makes in a Python environment is
kept there (`<prefix>/share/stratolab/`), by MLflow's version and its schema's revision, and every later lab gets a
copy in milliseconds. Making is done by a process of its own that is as polite as can be, and outlives the
command that began it: nothing waits for it but what cannot go on without.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError, RemoteError
from stratolab.tracking.installed import GET, installed, present
from stratolab.tracking.store import BUSY_TIMEOUT, KNOWN, WHOLE, revision, uri_of

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

LONGEST = 180.0  # seconds; a first import of MLflow on a cold disk takes ten
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}  # of MLflow's processes that we start
_DOING = "making MLflow's store"


def ready(path: Path) -> bool:
    """Whether there is a store with tables in it."""
    return bool(revision(path))


def copied(path: Path) -> bool:
    """Make the store at `path` from the kept empty one; False if there is none of the installed version."""
    kept = kept_store()
    if kept is None or not kept.is_file():
        return False
    draft = draft_of(path)
    try:
        _private_copy(kept, draft)
        _settle(draft, path.parent)
        place(draft, path)
    except (OSError, sqlite3.Error):
        return False
    finally:
        draft.unlink(missing_ok=True)
    return ready(path)


def start(path: Path) -> subprocess.Popen[str]:
    """Have MLflow make the store at `path`, in a process that goes on by itself.

    Raises `InputError` if there is no MLflow.
    """
    import subprocess  # noqa: PLC0415 - a command that needs none does not pay for it

    if not present():
        raise InputError("MLflow is not installed", doing=_DOING, hint=GET)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "stratolab.tracking.by_mlflow", "make", os.fspath(path)],
        env={**environment(), "MLFLOW_TRACKING_URI": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C is not for it
    )


def finish(process: subprocess.Popen[str], path: Path) -> None:
    """Wait until the store is made.

    Raises `RemoteError` with MLflow's last words if it could not be.
    """
    import subprocess  # noqa: PLC0415

    try:
        _, told = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        _, told = process.communicate()
    if not ready(path):
        words = told.strip().splitlines()[-1:] or ["it said nothing"]
        raise RemoteError(words[0], doing=_DOING, hint="pip install --upgrade mlflow")


def make(path: Path) -> None:
    """Make the store at `path` if there is none, and wait for it.

    Raises what `start` and `finish` raise.
    """
    if not ready(path) and not copied(path):
        finish(start(path), path)


def upgrade(path: Path) -> Path | None:
    """Bring the store to the schema of the installed MLflow, if it has an older one that we know.

    Gives the backup that was made before; None if nothing had to be done. Raises `RemoteError` if it fails.
    """
    import subprocess  # noqa: PLC0415

    found, here = revision(path), installed()
    if here is None or not here.revision or found in {"", here.revision} or not _older(found, here.revision):
        return None
    backup = path.with_name(f"{path.name}.{found}.bak")
    _backup(path, backup)
    done = subprocess.run(
        [sys.executable, "-m", "mlflow", "db", "upgrade", f"sqlite:///{path}"],
        env=environment(), capture_output=True, text=True, errors="replace", timeout=LONGEST, check=False,
    )  # fmt: skip
    if revision(path) != here.revision:
        words = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it said nothing"]
        raise RemoteError(
            words[0], doing="upgrading MLflow's store", hint=f"the store as it was is in {backup}"
        )
    return backup


def kept_store() -> Path | None:
    """Where the empty store of the installed MLflow is kept, or would be; None without MLflow."""
    here = installed()
    if here is None:
        return None
    return Path(sys.prefix) / "share" / "stratolab" / f"mlflow-{here.version}-{here.revision}.db"


def draft_of(path: Path) -> Path:
    """A name beside `path` for a store that is not whole yet."""
    return path.with_name(f"{path.name}.{os.urandom(6).hex()}.new")


def place(draft: Path, path: Path) -> None:
    """Put a whole store in its place at once; one that is there already stays."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not path.exists():
            draft.rename(path)


def keep(path: Path, kept: Path) -> None:
    """Keep an empty store for later labs. Does nothing where that cannot be written."""
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = draft_of(kept)
        try:
            shutil.copyfile(path, draft)
            place(draft, kept)
        finally:
            draft.unlink(missing_ok=True)


def environment() -> Mapping[str, str]:
    """The environment of MLflow's processes."""
    return {**os.environ, **QUIET}


def _private_copy(kept: Path, draft: Path) -> None:
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as target, kept.open("rb") as source:
        shutil.copyfileobj(source, target)


def _settle(draft: Path, folder: Path) -> None:
    """Say in the copy where its artifacts go, and when it was made."""
    now = int(time.time() * 1000)
    with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute(
            "UPDATE experiments SET artifact_location = ?, creation_time = ?, last_update_time = ? "
            "WHERE experiment_id = 0",
            (f"{uri_of(folder / WHOLE)}/0", now, now),
        )


def _older(found: str, head: str) -> bool:
    if found not in KNOWN:
        return False
    return head not in KNOWN or KNOWN.index(found) < KNOWN.index(head)


def _backup(path: Path, target: Path) -> None:
    draft = draft_of(target)
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    os.close(descriptor)
    with (
        contextlib.closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT)) as source,
        contextlib.closing(sqlite3.connect(draft)) as copy,
    ):
        source.backup(copy)
    draft.replace(target)
