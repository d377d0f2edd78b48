"""What trials note about themselves, read back: real trials, run by the plain loop."""

import json
import subprocess

import pytest

from benchmarks.measuring.places import our_python
from benchmarks.measuring.usage import Failed
from benchmarks.peers import witness
from benchmarks.peers.contestants import DRIVERS, TRIAL


@pytest.fixture
def noted(tmp_path):
    order = {"count": 5, "workers": 2, "python": our_python(), "trial": str(TRIAL)}
    order |= {"witness": str(tmp_path / "witness"), "folder": str(tmp_path)}
    subprocess.run([our_python(), "-I", "-S", str(DRIVERS / "bare.py"), json.dumps(order)], check=True)
    return tmp_path / "witness"


def test_every_trial_notes_its_times(noted):
    found = witness.read(noted, count=5)
    ended = json.loads((noted.parent / "ended.json").read_text())
    assert len(found.starts) == len(found.ends) == len(ended) == 5
    assert found.starts[0] < found.ends[0] < max(ended)
    assert json.loads((noted.parent / "0.log").read_text())["loss"] > 0


@pytest.mark.parametrize("count", [4, 6])
def test_a_missing_or_an_extra_trial_is_seen(noted, count):
    with pytest.raises(Failed, match=f"5 of {count} trials ran"):
        witness.read(noted, count=count)


def test_two_trials_in_one_process_are_seen(noted):
    lines = noted.read_text().splitlines()
    noted.write_text("\n".join([*lines[:4], lines[0]]))
    with pytest.raises(Failed, match="in 4 processes"):
        witness.read(noted, count=5)


def test_a_peer_that_ran_nothing_is_seen(tmp_path):
    with pytest.raises(Failed, match="0 of 5 trials"):
        witness.read(tmp_path / "nothing", count=5)


def test_the_gap_is_from_an_end_to_the_start_that_it_made_room_for():
    assert witness.gap([0.0, 0.0, 1.3, 2.1], [1.0, 2.0, 3.0, 4.0], workers=2) == pytest.approx(0.2)
    assert witness.gap([0.0], [1.0], workers=2) == 0
