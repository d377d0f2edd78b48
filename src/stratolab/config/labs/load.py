"""Read a `lab.toml`: as typed values, or as everything that is wrong with it, in one run."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from stratolab.config.reading import Checked, Kind, accepted, check_file, check_tables, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from stratolab.config.labs.models import LabConfig
    from stratolab.config.problems import Problem
    from stratolab.core.findings import Finding

NAME = "lab.toml"


def load_lab(folder_or_file: str | Path) -> LabConfig:
    """The configuration of the lab whose `lab.toml` is in a folder, or is this file.

    What the profile decides is filled in. Raises `InputError` with every finding if there is an error.
    """
    return accepted(check_lab(folder_or_file))


def inspect_lab(folder_or_file: str | Path) -> list[Finding]:
    """Everything there is to say about a lab's file, errors and warnings, in the order of the file."""
    return list(check_lab(folder_or_file).findings)


def check_lab(folder_or_file: str | Path) -> Checked[LabConfig]:
    """Look at a lab's file: never raises for what is wrong with it."""
    return check_file(_kind(), folder_or_file)


def lab_from_mapping(values: Mapping[str, Any], origin: str) -> LabConfig:
    """The configuration that a Python program gives as a mapping; findings name `origin` as their file.

    None counts as not given, a tuple as a list. Raises `InputError` as `load_lab` does.
    """
    return accepted(check_tables(_kind(), plain(values), origin))


def _kind() -> Kind[LabConfig]:
    return Kind(NAME, "stratolab lab init", _model, _schema, _problems, _completed)


def _model() -> type[LabConfig]:
    from stratolab.config.labs.models import LabConfig  # noqa: PLC0415 - loads pydantic

    return LabConfig


def _completed(raw: dict[str, Any]) -> dict[str, Any]:
    from stratolab.config.labs.profiles import completed  # noqa: PLC0415 - loads pydantic

    return completed(raw)


@cache
def _schema() -> dict[str, Any]:
    from stratolab.config.labs.schema import schema  # noqa: PLC0415 - only findings need it

    return schema()


def _problems(raw: dict[str, Any]) -> Iterator[Problem]:
    from stratolab.config.labs.checks import problems  # noqa: PLC0415 - after the TOML is known to be sound

    return problems(raw)
