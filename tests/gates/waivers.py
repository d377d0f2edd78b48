"""What is waived: one file for all tools and for the project's own rules, `waivers.toml`.

A waiver names a tool, a rule, the resources (`concern/Title`), the profiles for which it holds (all, if it names none),
why, and until when. What is waived because a profile leaves it out for its cost holds for that profile only: the same
finding in `hardened` is not covered. `*` stands for anything, in rules and in resources.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from stratolab.config.labs.fields import Profile

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from tests.gates.finding import Finding, Subject

FILE = Path(__file__).with_name("waivers.toml")
TOOLS = {"cfn-lint", "checkov", "guard", "nag", "own"}
SHORTEST_REASON = 30
"""Characters under which a reason is no reason."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """One line of `waivers.toml`."""

    tool: str
    rule: str
    resource: str
    reason: str
    until: dt.date
    profiles: tuple[str, ...] = ()
    about: str = ""
    """What the finding has to speak of, where a rule objects to several parts of one resource."""

    def covers(self, finding: Finding, subject: Subject) -> bool:
        """Whether this waives that."""
        return (
            self.tool == finding.tool
            and (not self.profiles or subject.profile in self.profiles)
            and self.about in finding.told
            and _like(self.rule, finding.rule)
            and _like(self.resource, f"{subject.stack.concern}/{finding.resource}")
        )


def read(text: str) -> list[Waiver]:
    """The waivers of a file. Raises `ValueError` with all that is wrong with them."""
    rows = tomllib.loads(text)["waiver"]
    made = [Waiver(**{**row, "profiles": tuple(row.get("profiles", ()))}) for row in rows]
    wrong = [f"{one.tool} {one.rule}: {problem}" for one in made for problem in _problems(one)]
    if wrong:
        raise ValueError("; ".join(wrong))
    return made


def shipped() -> list[Waiver]:
    """The project's own."""
    return read(FILE.read_text(encoding="utf-8"))


def unexplained(
    found: Iterable[tuple[Subject, Finding]], waivers: Sequence[Waiver]
) -> list[tuple[Subject, Finding]]:
    """What no waiver covers."""
    return [
        (subject, finding)
        for subject, finding in found
        if not any(waiver.covers(finding, subject) for waiver in waivers)
    ]


def unused(found: Sequence[tuple[Subject, Finding]], waivers: Iterable[Waiver]) -> list[Waiver]:
    """Waivers that cover nothing (any more): to be taken out."""
    return [
        waiver for waiver in waivers if not any(waiver.covers(finding, subject) for subject, finding in found)
    ]


def expired(waivers: Iterable[Waiver], today: dt.date) -> list[Waiver]:
    """Waivers whose time is over: to be thought about again."""
    return [waiver for waiver in waivers if waiver.until < today]


def _problems(waiver: Waiver) -> Iterable[str]:
    if waiver.tool not in TOOLS:
        yield f"no tool {waiver.tool!r}"
    if len(waiver.reason) < SHORTEST_REASON:
        yield "gives no reason"
    if waiver.rule.strip("*") == "":
        yield "names no rule"
    if "/" not in waiver.resource:
        yield "names resources without their stack, as in network/*"
    if unknown := set(waiver.profiles) - set(get_args(Profile)):
        yield f"no profile {', '.join(sorted(unknown))}"


def _like(pattern: str, text: str) -> bool:
    """Only `*` is special: rules of cdk-nag have brackets in their names."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None
