"""Every finding about a `lab.toml`, word for word: what stands in a file, and exactly what is said of it.

The cases are in `tests/golden/lab/*.txt`: a title, the text of a file after its three lines that name the lab, and what
is said. A line `@name=...` or `@region=...` stands for another name or region in those three lines.
STRATOLAB_TEST_GOLDEN=write writes down what is said now; read the difference before keeping it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.config.labs.conftest import HEAD
from tests.config.test_findings import Case, cases

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parents[2] / "golden" / "lab"
_OTHER = re.compile(r"^@(name|region)=(.*)\n", re.MULTILINE)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_what_is_told(told_of_lab: Callable[..., list[str]], path: Path) -> None:
    now = [Case(case.title, case.toml, asked(told_of_lab, case.toml)) for case in cases(path)]
    if os.environ.get("STRATOLAB_TEST_GOLDEN") == "write":
        path.write_text("".join(map(str, now)), encoding="utf-8")
    assert now == cases(path)


def asked(told_of_lab: Callable[..., list[str]], toml: str) -> list[str]:
    head = HEAD
    for key, value in _OTHER.findall(toml):
        head = re.sub(rf"^{key} = .*$", f'{key} = "{value}"', head, flags=re.MULTILINE)
    return told_of_lab(_OTHER.sub("", toml), head=head)


def test_there_are_cases_of_every_check() -> None:
    told = " ".join(line for path in GOLDEN.glob("*.txt") for case in cases(path) for line in case.says)
    assert len(told.split("error:")) > 80
    assert "warning:" in told
