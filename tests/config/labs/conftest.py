"""What the tests of `lab.toml` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stratolab.config.labs.load import inspect_lab

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = '[lab]\nname = "acme"\nregion = "eu-west-1"\n'


@pytest.fixture
def told_of_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """`told_of_lab(toml)`: everything that is said of a lab's file, as a user reads it.

    What is said of the missing mail addresses, which every short file lacks, is left out.
    """
    monkeypatch.chdir(tmp_path)

    def ask(toml: str, *, head: str = HEAD) -> list[str]:
        (tmp_path / "lab.toml").write_text(head + toml, encoding="utf-8", newline="")
        return [str(finding) for finding in inspect_lab(tmp_path) if "nobody is told" not in finding.message]

    return ask
