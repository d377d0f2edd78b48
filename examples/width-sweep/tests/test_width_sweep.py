"""The network learns and its gradient is right; the script and its project file say what is so."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import network
import numpy as np
import pytest
import spirals

if TYPE_CHECKING:
    from collections.abc import Callable

    Train = Callable[..., list[dict[str, float]]]

SAMPLE = Path(__file__).resolve().parents[1]
NOTHING = float(np.log(spirals.ARMS))  # the loss of a network that knows nothing


def test_the_gradient_is_that_of_the_loss() -> None:
    places, labels = spirals.make(40, seed=3)
    net = network.Network(6, seed=5)
    net.biases = [biases + 0.1 for biases in net.biases]  # away from the corner of ReLU
    slopes = net.slopes(places, labels)
    for part, slope in zip((*net.weights, *net.biases), slopes, strict=True):
        for place in list(np.ndindex(part.shape))[::3]:
            kept, low_high = part[place], []
            for change in (-1e-6, 1e-6):
                part[place] = kept + change
                low_high.append(network.loss(net.probabilities(places), labels))
            part[place] = kept
            assert (low_high[1] - low_high[0]) / 2e-6 == pytest.approx(slope[place], abs=1e-5)


def test_the_spirals_are_even_and_lie_in_the_disc() -> None:
    places, labels = spirals.make(3000, seed=0)
    assert np.all(np.hypot(*places.T) <= 1.0)
    assert np.allclose(np.bincount(labels) / 3000, 1 / spirals.ARMS, atol=0.03)
    again, _ = spirals.make(3000, seed=0)
    assert np.array_equal(places, again)


def test_the_loss_is_bounded_and_counts_what_is_no_number_as_the_worst() -> None:
    labels = np.array([0, 1])
    surely_wrong = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    assert network.loss(surely_wrong, labels) == pytest.approx(network.WORST)
    assert network.loss(np.full((2, 3), np.nan), labels) == pytest.approx(network.WORST)
    assert network.loss(np.full((2, 3), 1 / 3), labels) == pytest.approx(NOTHING)


def test_it_learns_and_says_so_epoch_by_epoch(train: Train) -> None:
    *steps, last = train("--width", "64", "--rate", "0.2")
    assert [line["step"] for line in steps] == list(range(1, 61))
    assert steps[0]["loss"] > 0.8
    assert last == {"loss": steps[-1]["loss"], "accuracy": last["accuracy"]}
    assert last["loss"] < 0.35
    assert last["accuracy"] > 0.85


def test_the_same_flags_give_the_same_lines_and_another_seed_others(train: Train) -> None:
    flags = ("--width", "16", "--rate", "0.05", "--epochs", "3")
    first = train(*flags)
    assert train(*flags) == first
    assert train(*flags, "--seed", "7") != first


@pytest.mark.parametrize(
    ("width", "rate"), [("4", "0.03"), ("64", "0.001"), ("64", "1")], ids=["narrow", "slow", "fast"]
)
def test_either_number_can_spoil_it(train: Train, width: str, rate: str) -> None:
    good = train("--width", "64", "--rate", "0.2")[-1]["loss"]
    spoilt = train("--width", width, "--rate", rate)[-1]["loss"]
    assert good + 0.2 < spoilt <= network.WORST


def test_a_rate_beyond_reason_is_bad_and_finite(train: Train) -> None:
    lines = train("--width", "64", "--rate", "1e300", "--epochs", "5")
    assert all(NOTHING / 2 < line["loss"] < network.WORST + 1e-6 for line in lines)


@pytest.mark.parametrize("flags", [["--width", "0"], ["--rate", "-1"], ["--epochs", "0"], ["--width", "x"]])
def test_wrong_flags_are_told(flags: list[str]) -> None:
    words = [sys.executable, "-B", "train.py", *flags]
    done = subprocess.run(words, cwd=SAMPLE, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "train.py: error:" in done.stderr


def test_the_project_file_searches_what_the_script_takes() -> None:
    project = tomllib.loads((SAMPLE / "stratolab.toml").read_text(encoding="utf-8"))
    for sweep in project["sweeps"].values():
        assert set(sweep["space"]) == {"width", "rate"}
        assert sweep["metric"] == "loss"
    assert project["sweeps"]["tune"]["prune"]


def test_a_short_sweep_of_it(tmp_path: Path) -> None:
    """As CI runs it: eight trials of the real sweep, on a copy."""
    for path in filter(Path.is_file, SAMPLE.iterdir()):  # not the lab of one who has used it
        (tmp_path / path.name).write_bytes(path.read_bytes())
    words = [sys.executable, "-m", "stratolab", "sweep", "tune", "--trials", "8", "--json"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=110, check=True)
    document = json.loads(done.stdout)
    assert len(document["trials"]) == 8
    assert {trial["state"] for trial in document["trials"]} <= {"succeeded", "pruned"}
    assert document["best"]["value"] < NOTHING
