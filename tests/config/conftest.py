"""What the tests of configurations share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stratolab.config.load import check

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = '[project]\nname = "sample"\n'
CPUS = 4
"""CPUs that sweeps are measured against, whatever this machine has."""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """`told(toml)`: everything that is said of a file, as a user reads it.

    The file begins with two lines that name the project, so that the text given begins in line 3.
    """
    monkeypatch.chdir(tmp_path)

    def ask(toml: str, *, head: str = HEAD) -> list[str]:
        (tmp_path / "stratolab.toml").write_text(head + toml, encoding="utf-8", newline="")
        return [str(finding) for finding in check(tmp_path, cpus=CPUS).findings]

    return ask
