"""The state of the code: from a git repository or a plain folder into the store.

In a repository the commit stands for itself, what differs from it is one binary diff, and new files that are not
ignored are copied. Before the first commit, and without git, all files are copied. `content` and `assets` are hashes
of what the files hold, so that committing the very same files changes neither.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stratolab.jobs.capsules import git, sources
from stratolab.jobs.capsules.copies import SECRET, Copies
from stratolab.jobs.capsules.models import Capsule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from stratolab.jobs.capsules.fingerprints import Cache
    from stratolab.jobs.capsules.git import Change, Repository
    from stratolab.jobs.capsules.objects import Objects


@dataclass(slots=True)
class _Changes:
    """What became of the paths that differ from the commit."""

    known: dict[str, str] = field(default_factory=dict)  # "mode id" of those that need no reading
    to_read: dict[str, str] = field(default_factory=dict)  # mode of the others
    apart: list[str] = field(default_factory=list)  # what the diff must not hold


def of_repository(repository: Repository, objects: Objects, cache: Cache) -> Capsule:
    """The code's part of a capsule. Raises `GitError`."""
    copies = Copies(repository.top, objects, cache)
    if not repository.commit:
        on_disk = {path for path in repository.tracked if os.path.lexists(repository.top / path)}
        return _described(_copied(copies, on_disk | {*repository.untracked}, repository.prefix), repository)
    changes = _changes(repository, copies)
    new = {path: copies.add(path) for path in sources.relevant(repository.untracked)}
    diff = git.diff(repository, without=changes.apart) if repository.changes else b""
    here = _project(_entries(repository, changes, new), repository.prefix)
    heads = _project({change.path: change.head for change in repository.changes}, repository.prefix)
    now = _project(repository.tracked, repository.prefix) | here
    return replace(
        _described(Capsule(), repository),
        dirty=bool(repository.changes or new),
        diff=objects.put(diff) if diff else "",
        copied=copies.copied,
        changed=here,
        heads={path: heads.get(path, git.ABSENT) for path in here},
        submodules=_submodules(now),
        left_out=copies.left_out(),
        content=_hash({path: entry for path, entry in now.items() if sources.is_code(path)}),
        assets=_hash({path: entry for path, entry in now.items() if not sources.is_code(path)}),
    )


def of_folder(folder: Path, objects: Objects, cache: Cache) -> Capsule:
    """The code's part of a capsule for a folder without git."""
    return _copied(Copies(folder, objects, cache), sources.walk(folder), "")


def ignored(repository: Repository) -> bool:
    """Whether the repository knows nothing of the project: it lies in a folder that git ignores."""
    inside = f"{repository.prefix}/"
    return bool(repository.prefix) and not (
        repository.tracked or any(path.startswith(inside) for path in repository.untracked)
    )


def counts(path: str) -> bool:
    """Whether results may depend on this file of the project, by its name.

    Texts for readers do not count, nor what may hold a secret (it is rotated), nor `stratolab.toml`, whose meaning is
    compared where it is read.
    """
    if path == sources.CONFIGURATION or sources.is_lab(path):
        return False
    return not sources.is_prose(path) and not sources.is_secret(path)


def _copied(copies: Copies, paths: Iterable[str], prefix: str) -> Capsule:
    """All files copied: there is no commit that would hold them."""
    ids = {path: copies.add(path) for path in sources.relevant(paths)}
    code = {path: entry for path, entry in _project(ids, prefix).items() if entry and sources.is_code(path)}
    return Capsule(
        dirty=True,
        copied=copies.copied,
        changed=code,
        heads=dict.fromkeys(code, git.ABSENT),
        left_out=copies.left_out(),
        content=_hash(code),
    )


def _described(capsule: Capsule, repository: Repository) -> Capsule:
    return replace(
        capsule,
        commit=repository.commit,
        branch=repository.branch,
        remote=repository.remote,
        prefix=repository.prefix,
    )


def _changes(repository: Repository, copies: Copies) -> _Changes:
    found = _Changes()
    for change in repository.changes:
        path = change.path
        if sources.is_lab(path):
            found.apart.append(path)
        elif sources.is_secret(path):
            copies.leave_out(path, SECRET)
            found.apart.append(path)
        elif change.mode == "000000":
            found.known[path] = git.ABSENT
        elif change.mode == git.SUBMODULE:
            found.known[path] = f"{git.SUBMODULE} {_submodule(repository, change, copies)}"
        elif change.unmerged:  # which a diff cannot tell
            found.known[path] = copies.add(path)
            found.apart.append(path)
        elif change.mode == git.LINK or copies.room(path, (repository.top / path).lstat()):
            found.to_read[path] = change.mode
        else:
            found.known[path] = f"{change.mode} {copies.left_out()[path].sample}"
            found.apart.append(path)
    return found


def _submodule(repository: Repository, change: Change, copies: Copies) -> str:
    """The commit that the submodule stands at; that it has changes of its own is named."""
    if change.inside:
        copies.leave_out(change.path, "uncommitted changes inside a submodule: only its commit is recorded")
    return git.call(repository.top / change.path, "rev-parse", "HEAD").decode().strip()


def _entries(repository: Repository, changes: _Changes, new: Mapping[str, str]) -> dict[str, str]:
    """All that differs from the commit: changes, and new files that are code; each as "mode id"."""
    code = {path: entry for path, entry in new.items() if entry and sources.is_code(path)}
    to_read = changes.to_read | {path: entry[:6] for path, entry in code.items() if entry.startswith("100")}
    ids = git.blob_ids(repository, list(to_read))  # git's filters, such as for line ends, change an id
    return changes.known | code | {path: f"{mode} {ids[path]}" for path, mode in to_read.items()}


def _project(paths: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Those of the project that count, relative to it."""
    inside = f"{prefix}/" if prefix else ""
    start = len(inside)
    return {
        path[start:]: entry
        for path, entry in paths.items()
        if path.startswith(inside) and counts(path[start:])
    }


def _submodules(entries: Mapping[str, str]) -> dict[str, str]:
    return {path: entry.split()[1] for path, entry in entries.items() if entry.startswith(git.SUBMODULE)}


def _hash(entries: Mapping[str, str]) -> str:
    lines = (f"{entries[path]} {path}\0" for path in sorted(entries) if entries[path] != git.ABSENT)
    return hashlib.sha256(os.fsencode("".join(lines))).hexdigest()
