"""The JSON schema of `lab.toml`, for editors, and its reference page, both made from the models."""

from __future__ import annotations

from typing import Any

from stratolab.config.labs.models import LabConfig
from stratolab.config.pages import Section, page, schema_of

_NAMED = ("compute", "projects", "queues")
_SECTIONS = (
    Section("[lab]", ("lab",)),
    Section("[budget]", ("budget",)),
    Section("[access]", ("access",)),
    Section("[people.NAME]", ("people", "NAME")),
    Section("[security]", ("security",)),
    Section("[buckets]", ("buckets",)),
    Section("[secrets]", ("secrets",)),
    Section("[projects.NAME]", ("projects", "NAME")),
    Section("[environments.NAME]", ("environments", "NAME"), without=frozenset({"vpc", "database"})),
    Section("[environments.NAME.vpc]", ("environments", "NAME", "vpc")),
    Section(
        "[environments.NAME.database]",
        ("environments", "NAME", "database"),
        without=frozenset({"iops", "throughput", "rotation", "canaries"}),
    ),
    Section(
        "[environments.NAME.database.canaries.NAME]",
        ("environments", "NAME", "database", "canaries", "NAME"),
        without=frozenset({"function"}),
    ),
    Section("[compute.NAME]", ("compute", "NAME")),
    Section(
        "[queues.NAME]",
        ("queues", "NAME"),
        without=frozenset({"compute", "instance_types", "min_vcpus", "disk"}),
    ),
    Section("[images]", ("images",)),
    Section("[tracking]", ("tracking",), without=frozenset({"database", "bucket"})),
    Section("[tracking.tasks]", ("tracking", "tasks")),
)
_OPENING = """\
# lab.toml

Everything that the `lab.toml` of an AWS lab may hold. Only `[lab]` with its `name` and `region` is needed. A key that
is not listed here is refused, with its line and the nearest key.

Where a default depends on the lab's `profile`, all three are given. `[tracking.database]` takes the keys of
`[environments.NAME.database]`. A duration is a text such as `"30m"` or `"1h30m"`, or a number of seconds.

This page is made from the code: `stratolab.config.labs.schema.reference()`.
"""


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12. A new one each time: the caller may change it."""
    return schema_of(LabConfig, "lab.toml", _NAMED)


def reference() -> str:
    """The Markdown page of all keys: what may stand there, the default, what it means, an example."""
    return page(schema(), _OPENING, _SECTIONS)
