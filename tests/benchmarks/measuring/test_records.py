"""What was measured is kept until it is told."""

import subprocess
import sys

import pytest

from benchmarks.measuring.places import ROOT
from benchmarks.measuring.records import Records


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kept" / "results.json"


def forbidden():
    raise AssertionError("measured again")


def test_an_interrupted_run_goes_on(path):
    first = Records.open(path, "one")
    assert first.once("a", lambda: 1.5) == 1.5
    again = Records.open(path, "one")
    assert again.once("a", forbidden) == 1.5
    assert again.once("b", lambda: [1, None]) == [1, None]
    assert Records.open(path, "one").values == {"a": 1.5, "b": [1, None]}


def test_a_kill_between_two_values_loses_nothing(path):
    code = f"""
import os, signal
from pathlib import Path
from benchmarks.measuring.records import Records
records = Records.open(Path({str(path)!r}), "one")
records.keep("a", 1)
records.once("b", lambda: os.kill(os.getpid(), signal.SIGKILL))
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == -9
    assert Records.open(path, "one").values == {"a": 1}


def test_benchmarks_do_not_meddle_with_each_other(path):
    Records.open(path, "one").keep("a", 1)
    other = Records.open(path, "other")
    other.keep("a", 2)
    other.finish()
    assert Records.open(path, "one").values == {"a": 1}


def test_what_is_told_or_old_or_unwanted_is_measured_again(path):
    records = Records.open(path, "one")
    records.keep("a", 1)
    assert Records.open(path, "one", fresh=True).values == {}
    assert Records.open(path, "one", now=4e9).values == {}
    records.finish()
    assert Records.open(path, "one").values == {}


def test_a_short_run_keeps_nothing():
    records = Records.open(None, "one")
    assert records.once("a", lambda: 1) == 1
    assert records.once("a", forbidden) == 1
    records.finish()
