"""The capsule as a value, and as the JSON that is stored.

Its id is a hash of its content: the same code, data and surroundings have the same capsule. It holds no time
and no path of this machine.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Copied:
    """A file whose content is in the store. `mode` is git's: 100644, 100755, 120000 (a link)."""

    sha256: str
    mode: str = "100644"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is named but not copied. `sample` is `sources.sample`, for large files."""

    reason: str
    size: int = 0
    sample: str = ""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What some data was: bytes, number of files, sha256 (of a folder: over names and contents).

    A path at which there was nothing has `files` 0 and an empty `sha256`.
    """

    size: int
    sha256: str
    files: int


@dataclass(frozen=True, slots=True)
class Capsule:
    """The state of a project when something ran.

    Paths of `copied` and `left_out` are relative to the repository's top (to the project folder without git), those
    of `changed`, `heads`, `submodules` and `data` to the project folder. An id that is empty: the file is not there.
    """

    id: str = ""
    format: int = FORMAT
    commit: str = ""  # empty without git, and before the first commit
    branch: str = ""  # empty on a detached head
    remote: str = ""  # where to fetch the commit from, without credentials
    prefix: str = ""  # the project folder inside the repository: "", "apps/train"
    dirty: bool = False  # whether anything differed from the commit
    diff: str = ""  # the stored binary diff from the commit, if there is one
    copied: Mapping[str, Copied] = field(default_factory=dict)  # files that the commit and diff lack
    changed: Mapping[str, str] = field(default_factory=dict)  # project files that differ: "mode id" now
    heads: Mapping[str, str] = field(default_factory=dict)  # and theirs in the commit
    submodules: Mapping[str, str] = field(default_factory=dict)  # the project's: their commits
    left_out: Mapping[str, LeftOut] = field(default_factory=dict)
    content: str = ""  # a hash of the project's code, whether committed or not
    assets: str = ""  # a hash of what else of the project is tracked, texts for readers apart
    data: Mapping[str, Fingerprint] = field(default_factory=dict)
    lock: str = ""  # the lock file's name
    lock_content: str = ""  # and its stored content
    packages: str = ""  # the stored list of installed distributions, "name==version" lines
    python: str = ""  # "3.11.7"
    platform: str = ""  # "linux-x86_64"
    note: str = ""  # why git was not used although there is a repository


def named(capsule: Capsule) -> Capsule:
    """The same capsule with the id that its content gives it."""
    body = as_json(replace(capsule, id=""))
    return replace(capsule, id=hashlib.sha256(body).hexdigest()[:16])


def as_json(capsule: Capsule) -> bytes:
    """The capsule in canonical JSON."""
    return json.dumps(capsule, default=_fields, sort_keys=True, separators=(",", ":")).encode()


def from_json(text: bytes) -> Capsule:
    """The capsule in `text`.

    Raises `ValueError` if it is not one, is damaged, or is of a format that this version does not know.
    """
    raw: Any = json.loads(text)
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise ValueError("it is of a format that this version of stratolab does not know")
    unknown = raw.keys() - {item.name for item in fields(Capsule)}
    if unknown:
        raise ValueError(f"it has fields that are not known: {', '.join(sorted(unknown))}")
    try:
        raw["copied"] = {path: Copied(**item) for path, item in raw["copied"].items()}
        raw["left_out"] = {path: LeftOut(**item) for path, item in raw["left_out"].items()}
        raw["data"] = {path: Fingerprint(**item) for path, item in raw["data"].items()}
        capsule = Capsule(**raw)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is incomplete ({error})") from error
    if named(capsule).id != capsule.id:
        raise ValueError("its content does not match its name")
    return capsule


def _fields(value: Capsule | Copied | LeftOut | Fingerprint) -> dict[str, object]:
    """One level, where `dataclasses.asdict` copies thousands of entries deep."""
    return {item.name: getattr(value, item.name) for item in fields(value)}
