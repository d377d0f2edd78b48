"""docs/cis.md says what the templates have: it is made from them, and compared whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.gates.cis import EVIDENCE, ROWS, evidence, page, table
from tests.gates.finding import subjects

from stratolab.testing.golden import compare

PAGE = Path(__file__).parents[2] / "docs" / "cis.md"


@pytest.mark.timeout(300)
def test_the_page_says_what_the_templates_have() -> None:
    """STRATOLAB_TEST_GOLDEN=write writes it anew; read the difference before keeping it."""
    compare(PAGE, page())


def test_every_recommendation_is_there_once() -> None:
    assert len({row.number for row in ROWS}) == len(ROWS) == 70
    assert {row.number for row in ROWS} >= set(EVIDENCE)


@pytest.mark.timeout(300)
def test_hardened_has_all_that_templates_can_give() -> None:
    assert [number for number, found in table().items() if found["hardened"] is False] == []


@pytest.mark.parametrize(
    ("number", "title"),
    [("2.18", "Analyzer"), ("4.1", "Trail"), ("5.3", "RootUseAlarm"), ("5.16", "SecurityHub")],
)
def test_what_is_missing_is_seen(number: str, title: str) -> None:
    whole = [one.stack.template for one in subjects(["hardened"])]
    less = [
        {**one, "Resources": {key: part for key, part in one["Resources"].items() if key != title}}
        for one in whole
    ]
    assert evidence(number, whole) is True
    assert evidence(number, less) is False
