"""The SQLite file itself: how it comes to be, what may be wrong with it, and how to say so.

Never open the database's own file here with `open`: closing any descriptor of it would drop the locks of
every SQLite connection that this process has on it (POSIX locks belong to the process).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from stratolab.core.errors import RefusedError, RemoteError
from stratolab.core.units import format_size
from stratolab.jobs.stores.revision import SCHEMA

if TYPE_CHECKING:
    from stratolab.core.errors import StratolabError

OPEN = "open the store"
_ABANDONED = 60.0  # seconds after which a half-made file belongs to a process that died
_SMALLEST_PAGE = 512  # bytes
_NETWORK = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "davfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
    "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs",
})  # fmt: skip


def uri(path: Path, options: str) -> str:
    """The URI of a database file for `sqlite3.connect`."""
    return f"file:{quote(os.fspath(path.absolute()))}?{options}"


def create(path: Path) -> None:
    """Make a fresh database at `path`, whole or not at all. One that is there already stays.

    It is built beside its place and then linked there, so that no process ever sees half of it and a
    `store.db` of zero bytes is always damage. Mode 0600, which SQLite gives to its `-wal` and `-shm` too.
    """
    _sweep_up(path)
    draft = path.with_name(f"{path.name}.{os.urandom(6).hex()}.new")
    private_file(draft)
    try:
        _build(draft)
        _place(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def private_file(path: Path) -> None:
    """Make an empty file that only its owner may read, whatever the umask."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _build(draft: Path) -> None:
    with contextlib.closing(
        sqlite3.connect(uri(draft, "mode=rw"), uri=True, isolation_level=None)
    ) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(f"BEGIN;\n{SCHEMA.read_text(encoding='ascii')}\nCOMMIT;")


def _place(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not path.exists():
            draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _sweep_up(path: Path) -> None:
    """Remove what a process left that died while it made a fresh database."""
    for draft in path.parent.glob(f"{path.name}.*.new*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - draft.stat().st_mtime > _ABANDONED:
                draft.unlink()


class Presence:
    """A sign, held until `close`, that a process has this database open.

    `alone` tells whether anybody else had, when this one came: a write-ahead log that nobody has open was
    left by a process that died. A lock on the folder, because one on the file would disturb SQLite's.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        self.alone = self._lock(fcntl.LOCK_EX)
        self._lock(fcntl.LOCK_SH)

    def _lock(self, kind: int) -> bool:
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Take the sign away."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def beside(path: Path, suffix: str) -> Path:
    """The file that SQLite keeps beside the database: `-wal` or `-shm`."""
    return path.with_name(path.name + suffix)


def size(path: Path) -> int:
    """Bytes in a file; 0 when there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def writable(path: Path) -> bool:
    """Whether this process may change the database: its file, and the files SQLite keeps beside it."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def refuse_stump(path: Path) -> None:
    """Raise `RefusedError` if the file is shorter than any database; SQLite would take it for a new one."""
    here = size(path)
    if here < _SMALLEST_PAGE:
        raise damaged(path, "it is empty" if here == 0 else f"{here} bytes are too few for a database")


def refuse_torn(path: Path, *, page: int) -> None:
    """Raise `RefusedError` if the file ends within a page of `page` bytes.

    SQLite finds whole pages missing by itself, but takes part of one for all of it. With a log beside it,
    it may have been interrupted while it wrote the last page, and mends that.
    """
    here = size(path)
    if here % page and not size(beside(path, "-wal")):
        raise damaged(path, f"its end is missing: {here} bytes are not whole pages of {page}")


def refuse_network(path: Path, mounts: str) -> None:
    """Raise `RefusedError` if `path` is on a network file system. `mounts` is the text of mountinfo."""
    kind = file_system(path, mounts)
    if kind in _NETWORK:
        raise RefusedError(
            f"it is on a network file system ({kind}), where two machines that write at once would damage it",
            doing=f"open {path}",
            hint="move the project to a local disk, or set STRATOLAB_STORE to the URL of a PostgreSQL or MySQL server",
        )


def mountinfo() -> str:
    """The mounts of this machine as Linux tells them; empty on other systems."""
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def file_system(path: Path, mounts: str) -> str:
    """The kind of file system that `path` is on (`ext4`, `nfs4`), by the longest mount point above it."""
    place = os.path.realpath(path.parent)
    best, kind = "", ""
    for line in mounts.splitlines():
        head, _, tail = line.partition(" - ")
        point = head.split(" ")[4].encode("latin-1", "replace").decode("unicode_escape")  # a space is \040
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, tail.split(" ")[0]
    return kind


def damaged(path: Path, what: str) -> RefusedError:
    """The refusal to work with a broken file; names the newest backup."""
    backups = sorted(path.parent.glob(f"{path.name}.*.bak"), key=lambda backup: backup.stat().st_mtime)
    if backups:
        hint = f"put the newest backup in its place: mv {path} {path}.broken && cp {backups[-1]} {path}"
    else:
        hint = f"there is no backup ({path.name}.*.bak) beside it; restore it from yours, or move it away to begin anew"
    return RefusedError(f"the file is damaged: {what}", doing=f"open {path}", hint=hint)


def explain(error: sqlite3.Error, path: Path, *, doing: str) -> StratolabError:
    """The same trouble, told to the owner of the file."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # without the extended part
    wrong = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
    if doing == OPEN:
        wrong.add(sqlite3.SQLITE_ERROR)  # what opening says to SQLite is right, so it is the file
    if code in wrong:
        return damaged(path, str(error))
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return RemoteError(
            f"{path} is locked by {lock_holder(path)}",
            doing=doing,
            hint="let it finish or end it, then give the command again; nothing was written and nothing is lost",
        )
    if code == sqlite3.SQLITE_CONSTRAINT:
        return RefusedError(f"{path} does not take it: {error}", doing=doing)
    return RemoteError(f"{path}: {error}{_room(code, path)}", doing=doing, hint=_remedy(code, path))


def _room(code: int, path: Path) -> str:
    if code not in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return ""
    try:
        state = os.statvfs(path.parent)
    except OSError:
        return ""
    return f" ({format_size(state.f_bavail * state.f_frsize)} free in {path.parent})"


def _remedy(code: int, path: Path) -> str:
    if code == sqlite3.SQLITE_FULL:
        return "free some space, then give the command again; what was written before is safe"
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return f"look at who may read and write it: ls -la {path.parent}"
    return ""


def lock_holder(path: Path) -> str:
    """Who holds a write lock on the database, as far as this machine can tell."""
    files = set()
    for file in (path, beside(path, "-shm")):
        with contextlib.suppress(OSError):
            files.add(str(file.stat().st_ino))
    try:
        locks = Path("/proc/locks").read_text(encoding="ascii")
    except OSError:
        locks = ""
    for line in locks.splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[3] == "WRITE" and fields[5].rsplit(":", 1)[-1] in files:
            return f"process {fields[4]}{_command(fields[4])}"
    return "another process, perhaps another stratolab command or a database browser with unsaved changes"


def _command(pid: str) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    name = words[0].rsplit(b"/", 1)[-1].decode(errors="replace")
    return f" ({name})" if name else ""
