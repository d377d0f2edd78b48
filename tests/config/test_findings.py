"""Every finding, word for word: what stands in a file, and exactly what is said of it.

The cases are in `tests/golden/config/*.txt`: a title, the text of a file after its two lines that name the project,
and what is said. STRATOLAB_TEST_GOLDEN=write writes down what is said now; read the difference before keeping it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent.parent / "golden" / "config"
SAYS = "--- says\n"


@dataclass(frozen=True)
class Case:
    title: str
    toml: str
    says: list[str]

    def __str__(self) -> str:
        said = "".join(f"{line}\n" for line in self.says)
        return f"### {self.title}\n{self.toml}{SAYS}{said}\n"


def cases(path: Path) -> list[Case]:
    blocks = re.split(r"^### ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [case(block) for block in blocks]


def case(block: str) -> Case:
    title, _, rest = block.partition("\n")
    toml, _, says = rest.partition(SAYS)
    return Case(title, toml, says.split("\n")[: says.count("\n") - 1])


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_what_is_told(told: Callable[..., list[str]], path: Path) -> None:
    now = [Case(case.title, case.toml, told(case.toml)) for case in cases(path)]
    if os.environ.get("STRATOLAB_TEST_GOLDEN") == "write":
        path.write_text("".join(map(str, now)), encoding="utf-8")
    assert now == cases(path)


def test_the_cases_are_read_as_they_are_written() -> None:
    for path in GOLDEN.glob("*.txt"):
        assert "".join(map(str, cases(path))) == path.read_text(encoding="utf-8")


def test_no_finding_repeats_a_secret() -> None:
    for path in GOLDEN.glob("*.txt"):
        for case in cases(path):
            told = "\n".join(case.says)
            for secret in ("hunter2", "AKIAIOSF", "wJalr", "0123456789abcdef", "ghp_"):
                assert secret not in told, case.title
