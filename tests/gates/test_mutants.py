"""The mutation score: of all weakenings of the templates, how many some gate notices. At least 98 of 100.

Own rules look at every mutant (milliseconds), scanners at what those leave, the quickest first. Golden templates do
not count: they see any change and judge none. Survivors are printed, and every one of them has a reason here.
The quick form takes a sample of the mutants, the same one each time; the full one (`make gates`) takes all.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from tests.gates.finding import Subject, subjects
from tests.gates.mutants import Mutant, mutants
from tests.gates.own import own
from tests.gates.scanners import HOW_TO_GET_THEM, scan, there
from tests.gates.test_templates import FULL
from tests.gates.waivers import shipped, unexplained

from stratolab.infra.body import rendered

if TYPE_CHECKING:
    from collections.abc import Iterator

LABS = ("hardened", "adopted")
"""Samples that have every kind of resource, and no waiver for a profile's cost."""
SAMPLE = 100
SCORE = 0.98
EXPLAINED = {
    "ChangeOwnOfSecretsmanager has no condition": "the same people may make, set and delete secrets by hand",
    "Images is about everything": "names and dates of other repositories' images are seen, nothing of what is in them",
}
"""Survivors by the end of their names, and why they are no weakening that a gate should see."""
FEWEST = 1000
"""Mutants that the full form makes at least: fewer would say that operators were lost."""

pytestmark = [pytest.mark.gates, pytest.mark.timeout(3600)]


def everyone() -> list[tuple[Subject, Mutant]]:
    """Mutants of each stack, those of one environment standing for all."""
    chosen: dict[str, Subject] = {}
    for subject in subjects(LABS):
        if subject.stack.environment in {None, "prod"}:
            chosen.setdefault(subject.stack.body, subject)
    return [(subject, mutant) for subject in chosen.values() for mutant in mutants(subject.stack.template)]


def taken(given: list[tuple[Subject, Mutant]]) -> list[tuple[Subject, Mutant]]:
    return given if FULL else given[:: max(1, len(given) // SAMPLE)]


def survivors(given: list[tuple[Subject, Mutant]]) -> list[tuple[Subject, Mutant]]:
    """Those that no gate notices."""
    waivers = shipped()
    left = [
        one for one in given if not unexplained([(one[0], found) for found in own(one[1].template)], waivers)
    ]
    for tool in ("nag", "checkov", "guard"):
        said = scan(tool, {str(number): rendered(mutant.template) for number, (_, mutant) in enumerate(left)})
        left = [
            (subject, mutant)
            for number, (subject, mutant) in enumerate(left)
            if not unexplained([(subject, found) for found in said[str(number)]], waivers)
        ]
    return left


def test_nearly_every_mutant_is_noticed() -> None:
    if not there():
        pytest.skip(f"the gates' tools are not there: {HOW_TO_GET_THEM}")
    given = taken(everyone())
    left = survivors(given)
    score = 1 - len(left) / len(given)
    print(f"{len(given)} mutants, {len(left)} survive: {score:.1%}")
    for subject, mutant in left:
        print(f"  survives: {subject.name} {mutant.name}")
    names = [f"{subject.name} {mutant.name}" for subject, mutant in left]
    assert [name for name in names if not name.endswith(tuple(EXPLAINED))] == []
    assert score >= SCORE
    assert not FULL or len(given) >= FEWEST


def test_every_weakening_is_made() -> None:
    """No operator has fallen silent."""
    made = {mutant.what for _, mutant in everyone()}
    wanted = (
        "DeletionPolicy is gone", "PermissionsBoundary is gone", "IsLogging is False", "has no tags", "is gone",
        "allows everything", "is about everything", "has no condition", "is for everyone", "is an administrator",
        "has a password", "lets the world in on 22", "lets everything in", "leads straight to the internet",
        "hands out public addresses", "AccessControl is PublicRead", "an access key", "asks with Bool",
    )  # fmt: skip
    assert [one for one in wanted if not any(what.endswith(one) for what in made)] == []


def test_a_mutant_differs_in_one_resource() -> None:
    for subject, mutant in itertools.islice(_all(), 0, None, 97):
        before, after = subject.stack.template["Resources"], mutant.template["Resources"]
        changed = {title for title in {*before, *after} if before.get(title) != after.get(title)}
        assert changed <= {mutant.title}, mutant.name
        assert mutant.template != subject.stack.template


def _all() -> Iterator[tuple[Subject, Mutant]]:
    yield from everyone()
