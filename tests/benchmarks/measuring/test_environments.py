"""Environments of peers are made from pins, once, and not being able to is a reason, not a crash."""

import subprocess
from pathlib import Path

import pytest

from benchmarks.measuring import environments
from benchmarks.measuring.environments import Unavailable, borrowed, environment, known, versions

NOTHING = "# nothing but the interpreter\n"


@pytest.fixture
def pinned(tmp_path):
    """A maker of environments in a folder of the test's own: `pinned(text)` asks for the one of these pins."""
    pins = tmp_path / "pins"
    pins.mkdir()

    def make(text=NOTHING):
        (pins / "peer.txt").write_text(text)
        environments._found.cache_clear()  # as in another process
        return environment("peer", folder=tmp_path / "made", pins=pins)

    yield make
    environments._found.cache_clear()


def test_an_environment_is_made_once_runs_and_is_made_again_from_other_pins(pinned, tmp_path):
    mark = tmp_path / "made" / "peer" / "mark"
    found = pinned()
    mark.write_text("of the first")
    assert pinned() == found
    assert mark.exists()
    code = "import sys; print(sys.prefix != sys.base_prefix)"
    done = subprocess.run([found.python, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"True"
    pinned(NOTHING + "# changed\n")
    assert not mark.exists()


def test_an_interrupted_installation_is_done_again(pinned, tmp_path):
    place = tmp_path / "made" / "peer"
    place.mkdir(parents=True)
    (place / "bin").write_text("what an installation left that was killed")
    assert Path(pinned().python).exists()


def test_what_cannot_be_made_says_why_without_addresses(pinned):
    with pytest.raises(Unavailable) as caught:
        pinned("nothing-of-this-name @ file:///nowhere/nothing-1.0-py3-none-any.whl\n")
    assert str(caught.value).startswith("its environment could not be made: ")
    assert "://" not in str(caught.value)


def test_an_environment_can_be_borrowed_from_where_the_benchmarks_run():
    assert borrowed("optuna").versions["optuna"].startswith("5.")
    with pytest.raises(Unavailable):
        borrowed("a-package-that-is-not-here")


def test_versions_are_read_from_pins():
    assert versions("# comment\na==1.2\nb==3 ; python_version < '3.12'\nc==4+cpu  # why\n") == {
        "a": "1.2",
        "b": "3",
        "c": "4+cpu",
    }


@pytest.mark.parametrize("name", known())
def test_the_pins_of_every_peer_name_versions_alone(name):
    lines = (environments.PINS / f"{name}.txt").read_text().splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    assert lines[0].startswith("# pip install ")
    assert wanted
    assert all("==" in line and "/" not in line and "@" not in line for line in wanted)
