"""What two capsules differ in, in words, by name and by content.

Committing the very same files is no difference. A new file that is not code is none either: code that does not know
of it cannot depend on it. Data is compared by its fingerprints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stratolab.jobs.capsules import git, sources
from stratolab.jobs.capsules.code import counts
from stratolab.jobs.capsules.models import Capsule, Fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_NAMED = 8  # files that are named one by one

_NOTHING = Fingerprint(size=0, sha256="", files=0)


def identity(capsule: Capsule) -> dict[str, Any]:
    """What results depend on, in a few hashes, as JSON: the same in two capsules means that nothing differs.

    The other way round it need not be so (a file may only have been added to git): ask `differences`.
    """
    return {
        "code": capsule.content,
        "assets": capsule.assets,
        "data": {path: fingerprint.sha256 for path, fingerprint in capsule.data.items()},
    }


def differences(
    old: Capsule,
    new: Capsule,
    *,
    folder: Path | None = None,
    since: str = "since the sweep began",
) -> list[str]:
    """How code and data of `new` differ from `old`, a line a file: "train.py changed since the sweep began".

    Empty if they do not. `folder` is the project: its repository tells what two commits differ in. Without it, or
    when a commit is not there, one line says that the code differs.
    """
    return [*_code(old, new, folder, since), *_data(old.data, new.data, since)]


def environment_differences(old: Capsule, new: Capsule, *, packages: tuple[str, str] = ("", "")) -> list[str]:
    """How Python, platform, lock file and packages differ: "Python 3.11.7 then, 3.12.1 now".

    `packages` are the two lists of installed distributions, as `Capsule.packages` names them in the store.
    """
    found = [
        f"{word} {then} then, {now} now"
        for word, then, now in (
            ("Python", old.python, new.python),
            ("platform", old.platform, new.platform),
            ("lock file", old.lock or "none", new.lock or "none"),
        )
        if then != now
    ]
    if old.lock == new.lock and old.lock_content != new.lock_content:
        found.append(f"{old.lock} changed")
    if old.packages != new.packages:
        found += _packages(*packages) or ["other packages are installed"]
    return found


def _code(old: Capsule, new: Capsule, folder: Path | None, since: str) -> list[str]:
    if (old.content, old.assets) == (new.content, new.assets):
        return []
    try:
        return _several(_files(old, new, folder), since)
    except git.GitError as error:
        if old.content == new.content:
            return []  # only files that are not code, and git cannot tell which: a commit may just have added them
        commits = f"commit {old.commit[:8] or 'none'} then, {new.commit[:8] or 'none'} now"
        return [f"the code changed {since} ({commits}; git cannot say more: {error})"]


def _files(old: Capsule, new: Capsule, folder: Path | None) -> list[tuple[str, str]]:
    """(path, what happened to it), sorted. Raises `GitError`."""
    commits = _between_commits(old, new, folder)
    found = []
    for path in sorted({*commits, *old.changed, *new.changed}):
        same = old.heads.get(path, new.heads.get(path, git.ABSENT))
        in_old, in_new = commits.get(path, (same, same))
        then = old.changed.get(path, in_old)
        now = new.changed.get(path, in_new)
        if (
            then != now
            and counts(path)
            and (sources.is_code(path) or not _only_tracking(new, path, then, now))
        ):
            found.append((path, _verb(then, now)))
    return found


def _only_tracking(new: Capsule, path: str, then: str, now: str) -> bool:
    """Whether a file that is not code may only have begun or ceased to be tracked."""
    untracked_now = not new.commit or _full(new, path) in new.copied
    return then == git.ABSENT or (now == git.ABSENT and untracked_now)


def _between_commits(old: Capsule, new: Capsule, folder: Path | None) -> dict[str, tuple[str, str]]:
    """What differs between the two commits, by the project's paths."""
    if old.commit == new.commit:
        return {}
    top = folder and git.top_of(folder.resolve())
    if not top:
        raise git.GitError("the repository is not here")
    if old.commit and new.commit and old.prefix != new.prefix:
        raise git.GitError("the project moved inside its repository")
    prefix = new.prefix if new.commit else old.prefix
    start = len(f"{prefix}/") if prefix else 0
    changed = git.changed_between(top, old.commit, new.commit, prefix)
    return {path[start:]: entries for path, entries in changed.items()}


def _full(capsule: Capsule, path: str) -> str:
    return f"{capsule.prefix}/{path}" if capsule.prefix else path


def _verb(then: str, now: str) -> str:
    if then == git.ABSENT:
        return "was added"
    return "is gone" if now == git.ABSENT else "changed"


def _several(files: Sequence[tuple[str, str]], since: str) -> list[str]:
    lines = [f"{path} {verb} {since}" for path, verb in files[:_NAMED]]
    more = len(files) - len(lines)
    return [*lines, f"and {more:,} more {'file' if more == 1 else 'files'}"] if more else lines


def _data(old: Mapping[str, Fingerprint], new: Mapping[str, Fingerprint], since: str) -> list[str]:
    lines = []
    for path in sorted(old.keys() | new.keys()):
        then, now = old.get(path, _NOTHING), new.get(path, _NOTHING)
        if then.sha256 == now.sha256:
            continue
        verb = "is gone" if not now.files else "was added" if not then.files else "changed"
        lines.append(f"{path} {verb} {since}")
    return lines


def _packages(then: str, now: str) -> list[str]:
    old, new = _versions(then), _versions(now)
    lines = [
        f"{name} {old.get(name, 'not installed')} then, {new.get(name, 'not installed')} now"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
    more = len(lines) - _NAMED
    return [*lines[:_NAMED], f"and {more} more packages"] if more > 1 else lines


def _versions(text: str) -> dict[str, str]:
    pairs = (line.partition("==") for line in text.splitlines())
    return {name: version for name, _, version in pairs}
