"""The JSON schema of `stratolab.toml`, for editors, and its reference page, both made from the models."""

from __future__ import annotations

from typing import Any

from stratolab.config.models import ProjectConfig
from stratolab.config.pages import DIALECT, Section, page, schema_of

__all__ = ["DIALECT", "reference", "schema"]

_NAMED = ("databases", "jobs", "sweeps", "services", "schedules")
_SPACE = (
    "[sweeps.NAME.space]",
    "depth = { int = [2, 12] }",
    "rate = { float = [0.001, 0.3], log = true, steps = 5 }",
    'model = { choice = ["gbm", "forest"] }',
    'leaves = { int = [8, 256], log = true, when = { model = "gbm" } }',
)
_SECTIONS = (
    Section("[project]", ("project",)),
    Section("[image]", ("image",), without=frozenset({"dockerfile"})),
    Section("[local]", ("local",)),
    Section("[databases.NAME]", ("databases", "NAME")),
    Section("[jobs.NAME]", ("jobs", "NAME")),
    Section("[sweeps.NAME]", ("sweeps", "NAME"), without=frozenset({"space", "points"})),
    Section("[sweeps.NAME.space]", ("sweeps", "NAME", "space", "NAME"), example=_SPACE),
    Section("[sweeps.NAME.stop]", ("sweeps", "NAME", "stop")),
    Section("[services.NAME]", ("services", "NAME")),
    Section("[services.NAME.instances]", ("services", "NAME", "instances")),
    Section("[schedules.NAME]", ("schedules", "NAME")),
)
_OPENING = """\
# stratolab.toml

Everything that a project's `stratolab.toml` may hold. Only `[project]` with its `name` is needed. A key that is not
listed here is refused; `stratolab config check` names everything that is wrong, with its line and the nearest key.

A NAME has small letters, digits and single dashes, begins with a letter and has at most 40 characters. A size is a text
such as `"512MiB"` or `"2GiB"`, a duration a text such as `"45s"`, `"30m"` or `"1h30m"`, or a number of seconds.

This page is made from the code: `stratolab.config.schema.reference()`.
"""


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12. A new one each time: the caller may change it."""
    return schema_of(ProjectConfig, "stratolab.toml", _NAMED)


def reference() -> str:
    """The Markdown page of all keys: what may stand there, the default, what it means, an example."""
    return page(schema(), _OPENING, _SECTIONS)
