"""The programs that use MLflow itself, each a process of its own: making a store, writing through the client.

    python -m stratolab.tracking.by_mlflow make PATH
    python -m stratolab.tracking.by_mlflow write        runs as lines of JSON on standard input, an answer each

Only these import MLflow. They step back for everything else on the machine.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.tracking import make
from stratolab.tracking.store import WHOLE, uri_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_POLITE = 19  # the lowest priority there is


def main(words: list[str]) -> int:
    """Do one of the two."""
    os.nice(_POLITE)
    match words:
        case ["make", path]:
            _make(Path(path))
        case ["write"]:
            from stratolab.tracking.through_client import serve  # noqa: PLC0415 - imports MLflow

            serve(sys.stdin, sys.stdout)
        case _:
            return 2
    return 0


def _make(path: Path) -> None:
    kept = make.kept_store()
    with _alone(kept):  # who comes while another one makes it has only to copy
        if make.ready(path) or make.copied(path):
            return
        draft = make.draft_of(path)
        try:
            _made(draft, path.parent)
            if kept is not None:
                make.keep(draft, kept)
            make.place(draft, path)
        finally:
            draft.unlink(missing_ok=True)


def _made(draft: Path, folder: Path) -> None:
    """Have MLflow make its tables; write-ahead logging lets its server read while we write."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # noqa: PLC0415

    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    os.close(descriptor)
    store = SqlAlchemyStore(  # type: ignore[no-untyped-call]
        f"sqlite:///{draft}", uri_of(folder / WHOLE)
    )
    store.engine.dispose()
    with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


@contextlib.contextmanager
def _alone(kept: Path | None) -> Iterator[None]:
    """Hold the lock beside the kept store, where there can be one."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                lock = stack.enter_context(kept.with_suffix(".lock").open("ab"))
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
