"""docs/costs.md says what the templates cost: it is made from them, and compared whole."""

from __future__ import annotations

from pathlib import Path

from tests.cost.page import page

from stratolab.testing.golden import compare


def test_the_page_says_what_the_templates_cost() -> None:
    """STRATOLAB_TEST_GOLDEN=write writes it anew; read the difference before keeping it."""
    compare(Path(__file__).parents[2] / "docs" / "costs.md", page())
