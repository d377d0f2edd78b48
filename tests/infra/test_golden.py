"""Every branch of every stack as a whole template: `tests/golden/STACK.CASE.json`. The cases are the sample labs.

STRATOLAB_TEST_GOLDEN=write writes down what is made now; read the difference before keeping it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stratolab.infra.catalogue import find
from stratolab.testing.golden import compare
from stratolab.testing.labs import sample

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = {
    "foundation": ("lab", "standard", "hardened", "bare"),
    "account": ("lab", "standard", "hardened", "bare", "elsewhere"),
    "spending": ("standard", "hardened", "bare", "elsewhere"),
    "compute.dev": ("lab", "hardened"),
    "compute.prod": ("standard",),
    "network.dev": ("lab", "bare", "adopted"),
    "network.prod": ("standard", "hardened", "adopted"),
    "database.dev": ("lab", "restored"),
    "database.prod": ("standard", "hardened", "adopted"),
    "project.world-series": ("standard", "hardened"),
    "project.churn": ("lab", "standard"),
    "tracking.prod": ("standard", "hardened", "adopted"),
}
"""The samples that differ in more than names, by stack."""


@pytest.mark.parametrize(("key", "case"), [(key, case) for key, cases in CASES.items() for case in cases])
def test_the_template_is_the_one_that_was_read(key: str, case: str) -> None:
    made = json.dumps(find(sample(case), key).template, indent=1, sort_keys=True) + "\n"
    compare(GOLDEN / f"{key}.{case}.json", made)


def test_no_golden_template_is_left_over() -> None:
    wanted = {f"{key}.{case}.json" for key, cases in CASES.items() for case in cases}
    assert {path.name for path in GOLDEN.glob("*.json")} == wanted
