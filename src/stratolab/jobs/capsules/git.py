"""One reading of a git repository, by few processes that run at the same time and change nothing.

`git status` tells commit, branch, changes and new files, `git ls-files` the names and contents of what is
tracked, `git config` the remote. The repository's index is not refreshed, so that no lock is ever in the way of
the user's own git.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

ABSENT: Final = ""  # the id of what is not there
SUBMODULE: Final = "160000"
LINK: Final = "120000"
_TIMEOUT: Final = 60.0  # seconds; a repository on a dead network drive must not hold a job up
_EMPTY_TREE: Final = {  # by the length of the repository's hash; git knows it everywhere
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
_OWN: Final = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS",
    "GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS",
)  # fmt: skip


class GitError(Exception):
    """git is missing, refused or failed; the text says which, in one line."""


@dataclass(frozen=True, slots=True)
class Change:
    """A tracked path that differs from the commit, in the index or on disk.

    `head` is its "mode id" in the commit, `mode` the one on disk ("000000" if it is gone). A submodule's
    `inside` says that it has uncommitted changes itself.
    """

    path: str
    head: str
    mode: str
    unmerged: bool = False
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Repository:
    """What one reading found. Paths are relative to `top`; `tracked` has those of the project only."""

    top: Path
    prefix: str
    commit: str
    branch: str
    remote: str
    tracked: Mapping[str, str] = field(default_factory=dict)  # path -> "mode id", as in the index
    changes: Sequence[Change] = ()
    untracked: Sequence[str] = ()


def top_of(folder: Path) -> Path | None:
    """The top of the working tree that `folder` is in, or None."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)


class Reading:
    """A reading under way: the processes run from construction on; `finish` waits for them."""

    def __init__(self, folder: Path, top: Path) -> None:
        self._folder = folder
        self._top = top
        self._prefix = "" if folder == top else folder.relative_to(top).as_posix()
        self._status = _start(
            top, "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames",
            "--ignore-submodules=none",
        )  # fmt: skip
        self._files = _start(folder, "ls-files", "--stage", "--full-name", "-z")
        self._config = _start(top, "config", "-z", "--get-regexp", r"^(remote|branch)\..*\.(url|remote)$")

    def finish(self) -> Repository:
        """What the repository holds. Raises `GitError`."""
        try:
            tracked = _tracked(_finish(self._files))
            config = _finish(self._config, fine=(0, 1))
            header, changes, untracked = _status(_finish(self._status))
        finally:
            self.close()
        commit = header.get("branch.oid", "")
        branch = header.get("branch.head", "")
        branch = "" if branch == "(detached)" else branch
        return Repository(
            top=self._top,
            prefix=self._prefix,
            commit="" if commit == "(initial)" else commit,
            branch=branch,
            remote=_remote(config, branch),
            tracked=tracked,
            changes=changes,
            untracked=untracked,
        )

    def again(self) -> Reading:
        """A new reading of the same repository."""
        return Reading(self._folder, self._top)

    def close(self) -> None:
        """End what still runs. Safe to call more than once."""
        for process in (self._status, self._files, self._config):
            _end(process)


def diff(repository: Repository, *, without: Iterable[str]) -> bytes:
    """The binary diff from the commit to the files on disk, without these paths. Raises `GitError`."""
    out = [f":(top,exclude,literal){path}" for path in without]
    reading = ("-c", "diff.autoRefreshIndex=false")  # or it writes the index where a file was only touched
    return call(
        repository.top, *reading, "diff", "--binary", "--full-index", "--no-renames", "--no-color", "--no-ext-diff",
        "--no-textconv", "--ignore-submodules=dirty", "--submodule=short", "--src-prefix=a/", "--dst-prefix=b/",
        repository.commit, "--", ":(top)", *out,
    )  # fmt: skip


def blob_ids(repository: Repository, paths: Sequence[str]) -> dict[str, str]:
    """The ids that git would give the files on disk, its filters applied. Raises `GitError`."""
    ids: dict[str, str] = {}
    ordinary: list[str] = []
    for path in paths:
        place = repository.top / path
        if place.is_symlink():
            ids[path] = blob_id(os.fsencode(place.readlink()), like=repository.commit)
        elif "\n" in path or path.startswith('"'):  # which hash-object cannot be told on a line
            ids[path] = blob_id(place.read_bytes(), like=repository.commit)
        else:
            ordinary.append(path)
    if ordinary:
        lines = os.fsencode("".join(f"{path}\n" for path in ordinary))
        found = call(repository.top, "hash-object", "--stdin-paths", given=lines).decode().split()
        ids.update(zip(ordinary, found, strict=True))
    return ids


def blob_id(content: bytes, *, like: str = "") -> str:
    """The id that git gives this content, in the hash that the commit id `like` is in (else sha1)."""
    header = b"blob %d\0" % len(content)
    if len(like) == 64:
        return hashlib.sha256(header + content).hexdigest()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def changed_between(top: Path, old: str, new: str, prefix: str) -> dict[str, tuple[str, str]]:
    """The paths under `prefix` that differ between two commits: "mode id" in each, `ABSENT` where not there.

    An empty commit stands for no files at all. Raises `GitError`, for one if a commit is not in this repository.
    """
    only = [f":(top,literal){prefix}"] if prefix else []
    nothing = _EMPTY_TREE[len(old or new)]
    words = ("diff-tree", "-r", "-z", "--no-renames", "--full-index", old or nothing, new or nothing)
    raw = call(top, *words, "--", *only)
    fields = os.fsdecode(raw).split("\0")
    found = {}
    for meta, path in zip(fields[::2], fields[1::2], strict=False):
        old_mode, new_mode, old_id, new_id, _ = meta[1:].split(" ")
        found[path] = (entry(old_mode, old_id), entry(new_mode, new_id))
    return found


def has_commit(top: Path, commit: str) -> bool:
    """Whether the commit and its tree are in this repository."""
    try:
        call(top, "cat-file", "-e", f"{commit}^{{tree}}")
    except GitError:
        return False
    return True


def entry(mode: str, blob: str) -> str:
    """The entry "mode id", or `ABSENT`."""
    return ABSENT if mode == "000000" else f"{mode} {blob}"


def call(folder: Path, *words: str, given: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
    """Run git and give its output. Raises `GitError`."""
    return _finish(_start(folder, *words, stdin=subprocess.PIPE, env=env), given=given)


def clean_url(url: str) -> str:
    """A remote's address without password, token, query: what may be written down."""
    if "://" not in url:
        return url  # a path, or git@host:path, which carries no password
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    if login and parts.scheme in {"ssh", "git+ssh"}:  # over HTTPS the user name itself may be a token
        host = f"{login.partition(':')[0]}@{host}"
    return f"{parts.scheme}://{host}{parts.path}"


def _start(
    folder: Path, *words: str, stdin: int = subprocess.DEVNULL, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    surroundings = {name: value for name, value in os.environ.items() if name not in _OWN}
    surroundings |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", **(env or {})}
    try:
        return subprocess.Popen(
            ["git", *words],
            cwd=folder,
            env=surroundings,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise GitError("git is not installed" if error.filename == "git" else str(error)) from error


def _finish(process: subprocess.Popen[bytes], *, given: bytes = b"", fine: tuple[int, ...] = (0,)) -> bytes:
    try:
        out, errors = process.communicate(given or None, timeout=_TIMEOUT)
    except subprocess.TimeoutExpired:
        _end(process)
        raise GitError(f"git did not answer within {_TIMEOUT:.0f} seconds") from None
    if process.returncode not in fine:
        told = errors.decode(errors="replace").strip().splitlines()
        raise GitError(told[0] if told else f"git ended with code {process.returncode}")
    return out


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave no process and no pipe behind, whatever happened."""
    if process.poll() is None:
        process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            pipe.close()
    process.wait()


def _tracked(raw: bytes) -> dict[str, str]:
    found = {}
    for line in os.fsdecode(raw).split("\0"):
        meta, _, path = line.partition("\t")
        if path:
            mode, blob, _ = meta.split(" ")
            found[path] = f"{mode} {blob}"
    return found


def _status(raw: bytes) -> tuple[dict[str, str], list[Change], list[str]]:
    header: dict[str, str] = {}
    changes: list[Change] = []
    untracked: list[str] = []
    for line in os.fsdecode(raw).split("\0"):
        kind, _, rest = line.partition(" ")
        if kind == "?":
            untracked.append(rest)
        elif kind == "#":
            name, _, value = rest.partition(" ")
            header[name] = value
        elif kind == "1":  # XY sub mH mI mW hH hI path
            _, sub, head, _, disk, head_id, _, path = rest.split(" ", 7)
            changes.append(Change(path, entry(head, head_id), disk, inside=_inside(sub)))
        elif kind == "u":  # XY sub m1 m2 m3 mW h1 h2 h3 path; stage 2 is ours, the commit's
            _, sub, _, ours, _, disk, _, ours_id, _, path = rest.split(" ", 9)
            changes.append(Change(path, entry(ours, ours_id), disk, unmerged=True, inside=_inside(sub)))
    return header, changes, untracked


def _inside(sub: str) -> bool:
    return sub.startswith("S") and ("M" in sub[2:] or "U" in sub[2:])


def _remote(raw: bytes, branch: str) -> str:
    """The address of the branch's remote, else of origin, else of the only one."""
    lines = (item.partition("\n") for item in os.fsdecode(raw).split("\0") if item)
    config = {key: value for key, _, value in lines}
    urls = {
        key[7:-4]: url for key, url in config.items() if key.startswith("remote.") and key.endswith(".url")
    }
    wanted = (config.get(f"branch.{branch}.remote", ""), "origin", next(iter(urls), ""))
    return next((clean_url(urls[name]) for name in wanted if name in urls), "")
