r"""What a registered model is, as values.

Reference "world-series@champion" --> Version 3 = Origin (where it comes from)
                                                + Content (what its bytes are)
                                                + schema, sample (what it takes)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stratolab.models.tree import Tree

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_LOOKS_LIKE_VERSION = re.compile(r"[vV]\d+")
LATEST = "latest"  # MLflow keeps this word for itself: it is no alias


class Opening(StrEnum):
    """What happens when someone opens the model."""

    SAFE = "safe"  # its format is read without running code
    CODE = "runs code"  # it brings code of its own: a pickle, a module, what could not be looked into
    UNKNOWN = "unknown"  # nothing that runs was found; we do not know the format and do not open it


@dataclass(frozen=True, slots=True)
class Reference:
    """What names a version: `name` (its latest), `name/3`, `name@alias`."""

    name: str
    version: int | None = None
    alias: str = ""

    def __str__(self) -> str:
        if self.alias:
            return f"{self.name}@{self.alias}"
        return self.name if self.version is None else f"{self.name}/{self.version}"


@dataclass(frozen=True, slots=True)
class Data:
    """The fingerprint of some data that the job read: bytes, sha256, number of files."""

    size: int
    sha256: str
    files: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model comes from: the job, its run in MLflow, the state of its code, its data, how good it was.

    `value` is the last number of `metric`, `metrics` the last number of everything that the job reported. Empty
    is what is not known, as for a version that MLflow registered without us.
    """

    run: str = ""
    job: str = ""
    sweep: str = ""
    trial: int | None = None
    capsule: str = ""
    seed: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    metric: str = ""
    value: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    data: Mapping[str, Data] = field(default_factory=dict)
    written: str = ""  # "during", "before" or "after" the job, by the time of the newest file


@dataclass(frozen=True, slots=True)
class Content:
    """What a model's files are. `sha256` is over names, sizes and contents; `size` is in bytes.

    `path` is what the file or folder was called where the job wrote it; `reasons` say why opening it would run
    code, a line each.
    """

    sha256: str
    size: int
    files: int
    format: str
    opening: Opening
    reasons: tuple[str, ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a model, as the registry knows it. `created` in seconds since the epoch.

    `content` is None for a version that MLflow registered without us: its bytes were never looked at.
    `schema` is a JSON schema of one input, `sample` an input. `source` is where MLflow says that the files are.
    """

    name: str
    version: int
    created: float
    source: str
    description: str = ""
    aliases: tuple[str, ...] = ()
    origin: Origin = field(default_factory=Origin)
    content: Content | None = None
    schema: Mapping[str, Any] | None = None
    sample: Any = None
    signature: str = ""

    @property
    def reference(self) -> Reference:
        """What names exactly this version."""
        return Reference(self.name, self.version)


@dataclass(frozen=True, slots=True)
class Logged:
    """A model that a script has logged to MLflow: its id, its name, the address of its folder, its run."""

    id: str
    name: str
    location: str
    run: str


@dataclass(frozen=True, slots=True)
class Staged:
    """Files that are to be registered, where nobody changes them: a copy of ours, or MLflow's own folder.

    `folder` holds the files of `tree`. `source` is MLflow's address of a model that it has logged itself.
    """

    folder: Path
    tree: Tree
    path: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """All that a new version is to hold, but its number."""

    name: str
    origin: Origin
    content: Content
    signature: str
    schema: Mapping[str, Any] | None = None
    sample: Any = None
    description: str = ""


def parse_reference(text: str) -> Reference:
    """The reference in `text`.

    Raises `InputError` if it is none.
    """
    name, at, alias = text.partition("@")
    name, slash, version = name.partition("/")
    if at and not slash and alias == LATEST:
        at, alias = "", ""
    if (
        not name
        or (at and (slash or not is_alias(alias)))
        or (slash and not (version.isascii() and version.isdigit()))
    ):
        raise InputError(
            f"{text!r} names no model", hint="name (the latest), name/3 or name@champion: stratolab models ls"
        )
    return Reference(name, int(version) if slash else None, alias)


def check_name(name: str) -> None:
    """Raise `InputError` unless a model may be called `name`."""
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot name a model",
            hint="letters, digits, dots, dashes and underscores, a letter or digit first: world-series",
        )


def check_alias(alias: str) -> None:
    """Raise `InputError` unless `alias` may be one."""
    if not is_alias(alias):
        raise InputError(
            f"{alias!r} cannot be an alias",
            hint="a letter, then letters, digits, dashes and underscores; not latest, not v1: champion",
        )


def is_alias(text: str) -> bool:
    """Whether `text` may be an alias: what MLflow takes, and what `name@alias` can name."""
    return bool(_ALIAS.fullmatch(text)) and text != LATEST and not _LOOKS_LIKE_VERSION.fullmatch(text)
