"""Which commands a fork server can run, and where their arguments begin."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from stratolab.jobs.engines.entry import ColdStartError, is_program, words_before_arguments

if TYPE_CHECKING:
    from pathlib import Path

BEFORE_ARGUMENTS = {
    "python train.py --x 1": 2,
    "python3 train.py": 2,
    "/opt/bin/python3.12 train.py -m x": 2,
    "python -u train.py": 3,
    "python -uOB train.py -u": 3,
    "python -W ignore train.py 1": 4,
    "python -Wignore train.py 1": 3,
    "python -uW ignore train.py 1": 4,
    "python -X dev -X utf8 train.py": 6,
    "python -Xdev train.py": 3,
    "python --check-hash-based-pycs always train.py x": 4,
    "python -- -odd.py x": 3,
    "python -m package.module --x 1": 3,
    "python -mpackage x": 2,
    "python -um package x": 3,
    "python -O -m package": 4,
}

COLD = {
    "sh -c x": "begins with sh",
    "pythonw train.py": "begins with pythonw",
    "pypy3 train.py": "begins with pypy3",
    "python2.7 train.py": "Python 2",
    "python": "names no script",
    "python -u": "names no script",
    "python -W": "names no script",
    "python -m": "names no script",
    "python --": "names no script",
    "python -": "runs python -",
    "python -c pass": "runs python -c",
    "python -uc pass": "runs python -c",
    "python -i train.py": "runs python -i",
    "python -Z train.py": "runs python -Z",
    "python --version": "runs python --version",
    "python -I train.py": "python -I looks nowhere",
    "python -uE train.py": "python -E looks nowhere",
    "python -S train.py": "python -S looks nowhere",
}


@pytest.mark.parametrize(("command", "count"), BEFORE_ARGUMENTS.items(), ids=BEFORE_ARGUMENTS)
def test_where_arguments_begin(command: str, count: int) -> None:
    assert words_before_arguments(command.split()) == count


@pytest.mark.parametrize(("command", "why"), COLD.items(), ids=COLD)
def test_what_starts_cold(command: str, why: str) -> None:
    with pytest.raises(ColdStartError, match=why):
        words_before_arguments(command.split())


def test_programs_and_scripts_around_them(tmp_path: Path) -> None:
    assert is_program(sys.executable)
    script = tmp_path / "python"
    script.write_text('#!/bin/sh\nexec python "$@"\n')
    assert not is_program(str(script))
    assert not is_program(str(tmp_path / "none"))
    assert not is_program(str(tmp_path))
