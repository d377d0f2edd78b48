"""The fixtures that give a test an empty AWS account: `emulator`, and `guarded_emulator` where IAM decides.

One emulator runs per test process and is started by the first test that asks; each test finds it empty, and
its environment points there, so code under test needs nothing but plain boto3.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.emulator.control import HOW_TO_GET_IT, PYTHON, Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[Emulator]:
    """The emulator of this test process. Ask for `emulator` instead."""
    yield from _running(auth=False)


@pytest.fixture(scope="session")
def guarded_emulator_process() -> Iterator[Emulator]:
    """The emulator that checks permissions. Ask for `guarded_emulator` instead."""
    yield from _running(auth=True)


@pytest.fixture
def emulator(emulator_process: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """An empty AWS account, to which plain boto3 goes while the test runs."""
    return _emptied(emulator_process, monkeypatch)


@pytest.fixture
def guarded_emulator(guarded_emulator_process: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The same where IAM decides: root's credentials are set, other identities are made by the test."""
    return _emptied(guarded_emulator_process, monkeypatch)


def _running(*, auth: bool) -> Iterator[Emulator]:
    if not PYTHON.exists():
        pytest.skip(f"no AWS emulator: {HOW_TO_GET_IT}")
    emulator = Emulator.start(auth=auth)
    yield emulator
    emulator.stop()


def _emptied(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    emulator.reset()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in emulator.settings().items():
        monkeypatch.setenv(name, value)
    return emulator
