"""What is wrong with where images are to be built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stratolab.config.problems import Problem, table
from stratolab.core.names import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def image_problems(whole: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with `[images]` in completed tables."""
    name = table(whole.get("images")).get("environment")
    known = table(whole.get("environments"))
    if not isinstance(name, str) or name not in {"dev", "stage", "prod"}:
        return
    path = ("images", "environment")
    if name not in known:
        yield Problem(path, f"there is no environment {name}", did_you_mean(name, known))
        return
    here = table(known[name])
    if here.get("nat") == "none" and not here.get("vpc"):
        yield Problem(
            path,
            f"nothing in {name} has a way out, so a build could not fetch anything",
            'nat = "one" there, or leave the key out: builds then run in AWS\'s own network',
        )
