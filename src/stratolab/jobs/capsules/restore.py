"""The exact tree of a capsule, written into an empty folder.

The commit is read into an index of its own, the diff applied to that index, and the index checked out: git's filters
run once, as at any checkout, and the repository that the commit comes from is not touched (what git writes on the
way goes to a folder that is removed).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from stratolab.core.errors import RefusedError, StratolabError
from stratolab.jobs.capsules import git

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stratolab.jobs.capsules.models import Capsule, Copied
    from stratolab.jobs.capsules.objects import Objects

_DOING = "restoring the code"


def restore(capsule: Capsule, objects: Objects, destination: Path, *, folder: Path) -> Path:
    """Write the tree into `destination` and give the project's folder in it.

    `folder` is the project as it is now: the commit is read from its repository. Raises `RefusedError` if the
    destination holds anything, `StratolabError` if the commit or a stored content is not there; what was written by
    then stays.
    """
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise RefusedError(
            f"{destination} is not empty", doing=_DOING, hint="name a folder that is empty or does not exist"
        )
    destination.mkdir(mode=0o700, parents=True, exist_ok=True)
    if capsule.commit:
        _from_git(capsule, objects, destination, folder)
    _write(capsule.copied, objects, destination)
    project = destination / capsule.prefix
    project.mkdir(parents=True, exist_ok=True)
    return project


def _from_git(capsule: Capsule, objects: Objects, destination: Path, folder: Path) -> None:
    top = git.top_of(folder.resolve())
    if top is None or not git.has_commit(top, capsule.commit):
        raise _missing(capsule, top)
    diff = objects.get(capsule.diff) if capsule.diff else b""
    try:
        _checkout(top, capsule.commit, destination, diff)
        for path, commit in capsule.submodules.items():
            inside = PurePosixPath(capsule.prefix, path)
            if (top / inside / ".git").exists() and git.has_commit(top / inside, commit):
                _checkout(top / inside, commit, destination / inside)
    except git.GitError as error:
        raise StratolabError(str(error), doing=_DOING, hint="git fsck") from error


def _checkout(top: Path, commit: str, destination: Path, diff: bytes = b"") -> None:
    objects = git.call(top, "rev-parse", "--git-path", "objects").decode().rstrip("\n")
    with tempfile.TemporaryDirectory(prefix="stratolab-restore-") as place:
        scratch = Path(place, "objects")
        scratch.mkdir()
        env = {
            "GIT_INDEX_FILE": os.path.join(place, "index"),  # noqa: PTH118
            "GIT_OBJECT_DIRECTORY": str(scratch),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(top / objects),
        }
        git.call(top, "read-tree", commit, env=env)
        if diff:
            words = ("apply", "--cached", "--binary", "--whitespace=nowarn", "-p1", "-")
            git.call(top, *words, given=diff, env=env)
        git.call(top, "checkout-index", "--all", "--force", f"--prefix={destination.resolve()}/", env=env)


def _quoted(path: Path) -> str:
    """As the list of object folders wants a path that holds a colon or a quote."""
    text = os.fspath(path)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if set(text) & set(':"') else text


def _write(copied: Mapping[str, Copied], objects: Objects, destination: Path) -> None:
    for path, item in copied.items():
        place = _inside(destination, path)
        content = objects.get(item.sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        if item.mode == git.LINK:
            place.symlink_to(os.fsdecode(content))
        else:
            place.write_bytes(content)
            place.chmod(0o755 if item.mode == "100755" else 0o644)


def _inside(destination: Path, path: str) -> Path:
    """Where `path` goes. A capsule that would write outside of the destination is refused."""
    place = destination / path
    parts = PurePosixPath(path).parts
    links = any(
        parent.is_symlink() for parent in place.parents if parent.is_relative_to(destination / parts[0])
    )
    if PurePosixPath(path).is_absolute() or ".." in parts or links:
        raise RefusedError(f"{path!r} would be written outside of the folder", doing=_DOING)
    return place


def _missing(capsule: Capsule, top: Path | None) -> StratolabError:
    here = "there is no git repository here" if top is None else "it is not in this repository"
    place = capsule.remote or "where the job was started"
    hint = (
        f"git fetch {capsule.remote or 'origin'} {capsule.commit}" if top else f"clone {place} and try there"
    )
    return StratolabError(f"the code is commit {capsule.commit[:12]}, and {here}", doing=_DOING, hint=hint)
