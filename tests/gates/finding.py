"""What a gate found: which tool, which of its rules, in which stack of which sample, on which resource."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from stratolab.infra.catalogue import stacks
from stratolab.testing.labs import SAMPLES, sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stratolab.infra.catalogue import Stack


class Finding(NamedTuple):
    """One rule's objection to one resource. `resource` is empty where a tool names none."""

    tool: str
    rule: str
    resource: str
    told: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A template that gates look at: a stack of a sample lab."""

    lab: str
    profile: str
    stack: Stack

    @property
    def name(self) -> str:
        return f"{self.lab}.{self.stack.key}"


def subjects(names: Iterable[str] = tuple(SAMPLES)) -> list[Subject]:
    """Every stack of these samples."""
    labs = {name: sample(name) for name in names}
    return [Subject(name, lab.lab.profile, stack) for name, lab in labs.items() for stack in stacks(lab)]


def bodies(given: Iterable[Subject]) -> Mapping[str, str]:
    """Their templates, each once, by name."""
    seen: dict[str, str] = {}
    for one in given:
        seen.setdefault(one.stack.body, one.name)
    return {name: body for body, name in seen.items()}
