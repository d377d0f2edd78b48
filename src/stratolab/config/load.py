"""Read a `stratolab.toml`: as typed values, or as everything that is wrong with it, in one run.

How a file is read is in `reading.py`; here stands what is special about a project's.
"""

from __future__ import annotations

import os
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stratolab.config.reading import (
    FINDINGS_LIMIT,
    Checked,
    Kind,
    accepted,
    check_file,
    check_tables,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stratolab.config.models import ProjectConfig
    from stratolab.config.problems import Problem
    from stratolab.core.findings import Finding

__all__ = ["FINDINGS_LIMIT", "NAME", "Checked", "check", "find", "from_mapping", "inspect", "load"]

NAME = "stratolab.toml"


def find(start: Path) -> Path | None:
    """The `stratolab.toml` of the nearest folder from `start` upwards, absolute; None if there is none."""
    folder = Path(os.path.abspath(start))  # noqa: PTH100 - as the user sees it, through links
    for candidate in (folder, *folder.parents):
        path = candidate / NAME
        if os.path.isfile(path):  # noqa: PTH113 - False, not an error, in a folder that may not be read
            return path
    return None


def load(folder_or_file: str | Path) -> ProjectConfig:
    """The configuration of a project's folder, or of a file.

    Raises `InputError` with every finding, warnings among them, if there is an error.
    """
    return accepted(check(folder_or_file))


def inspect(folder_or_file: str | Path) -> list[Finding]:
    """Everything there is to say about a configuration, errors and warnings, in the order of the file."""
    return list(check(folder_or_file).findings)


def check(folder_or_file: str | Path, *, cpus: int | None = None) -> Checked[ProjectConfig]:
    """Look at a configuration: never raises for what is wrong with the file.

    `cpus` is how many CPUs sweeps are measured against; without it, those that this process may use.
    """
    return check_file(_kind(cpus), folder_or_file)


def from_mapping(values: Mapping[str, Any], origin: str) -> ProjectConfig:
    """The configuration that a Python program gives as a mapping; findings name `origin` as their file.

    None counts as not given, a tuple as a list. Raises `InputError` as `load` does.
    """
    return accepted(check_tables(_kind(None), plain(values), origin))


def _kind(cpus: int | None) -> Kind[ProjectConfig]:
    return Kind(NAME, "stratolab init", _model, _schema, partial(_problems, cpus=cpus))


def _model() -> type[ProjectConfig]:
    from stratolab.config.models import ProjectConfig  # noqa: PLC0415 - loads pydantic

    return ProjectConfig


@cache
def _schema() -> dict[str, Any]:
    from stratolab.config.schema import schema  # noqa: PLC0415 - only findings need it

    return schema()


def _problems(raw: dict[str, Any], *, cpus: int | None) -> Iterator[Problem]:
    from stratolab.config import checks  # noqa: PLC0415 - after the TOML is known to be sound

    return checks.problems(raw, cpus=_cpus() if cpus is None else cpus)


def _cpus() -> int:
    """The CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
