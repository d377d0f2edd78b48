"""`warm` in a sweep, from the configuration to the trials, and the one notice where they start cold; and without it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Cli

CONFIG = """
[jobs.train]
command = "python train.py"
env = {{ PYTHONPATH = "{packages}" }}

[sweeps.tune]
job = "train"
metric = "loss"
trials = 6
parallel = 2
sampler = "quasi"
seed = 1
warm = {warm}

[sweeps.tune.space]
x = {{ float = [0.0, 1.0] }}
"""
SCRIPT = """
import json, os, sys
import counted
print(json.dumps({"loss": float(sys.argv[2]), "seed": int(os.environ["STRATOLAB_SEED"])}))
"""


@pytest.fixture
def sweep(project: Callable[..., Path], cli: Cli, tmp_path: Path) -> Callable[..., tuple[str, int, dict]]:
    """Run the sweep: what it told, how many times its module was loaded, and what it found."""
    packages, count = tmp_path / "site-packages", tmp_path / "count"
    packages.mkdir()
    (packages / "counted.py").write_text(f"open({str(count)!r}, 'a').write('x')")
    (packages / "threaded.py").write_text(
        "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    )

    def run(*warm: str) -> tuple[str, int, dict]:
        folder = project(CONFIG.format(packages=packages, warm=json.dumps(warm)), {"train.py": SCRIPT})
        count.write_text("")
        answer = cli("sweep", "tune", "--new", folder=folder)
        assert answer.code == 0, answer.err
        shown = json.loads(cli("sweeps", "show", "--json", folder=folder).out)
        return answer.out + answer.err, len(count.read_text()), shown

    return run


def test_warm_trials_are_those_of_a_cold_sweep(sweep: Callable[..., tuple[str, int, dict]]) -> None:
    _, loads, cold = sweep()
    assert loads == 6
    told, loads, warm = sweep("counted")
    assert loads == 1
    assert "cold" not in told
    facts = [
        [(trial["params"], trial["value"], trial["state"]) for trial in one["trials"]] for one in (cold, warm)
    ]
    assert facts[0] == facts[1]


def test_the_reason_for_a_cold_start_is_told_once(sweep: Callable[..., tuple[str, int, dict]]) -> None:
    told, loads, shown = sweep("counted", "threaded")
    assert told.count("trials start cold: threaded runs threads (python)") == told.count("start cold") == 1
    assert loads >= 7  # a sweep of more than a minute would try once more
    assert [trial["state"] for trial in shown["trials"]] == ["succeeded"] * 6


QUICK = """
[jobs.train]
command = "python train.py"

[sweeps.tune]
job = "train"
metric = "loss"
trials = 24
parallel = {parallel}
sampler = "quasi"
seed = 1
{warm}

[sweeps.tune.space]
x = {{ float = [0.0, 1.0] }}
"""
SLEEPER = """
import gc, sys, time
time.sleep({seconds})
print('{{"loss": %s, "forked": %d}}' % (sys.argv[2], gc.get_freeze_count() > 0))
"""


def forked(
    project: Callable[..., Path], cli: Cli, *, seconds: float = 0.0, warm: str = "", parallel: int = 2
) -> int:
    """How many of 24 trials were forks."""
    text = QUICK.format(warm=warm, parallel=parallel)
    folder = project(text, {"train.py": SLEEPER.format(seconds=seconds)})
    answer = cli("sweep", "tune", "--new", "--trials", "24" if not seconds else "6", folder=folder)
    assert answer.code == 0, answer.err
    assert "cold" not in answer.out + answer.err
    return sum(log.read_text().count('"forked": 1') for log in folder.glob(".stratolab/jobs/*/log"))


@pytest.mark.parametrize("parallel", [1, 2])
def test_trials_that_prove_short_are_forks_without_anybody_asking(
    project: Callable[..., Path], cli: Cli, parallel: int
) -> None:
    assert forked(project, cli, parallel=parallel) >= 12


def test_none_is_a_fork_where_warm_says_so(project: Callable[..., Path], cli: Cli) -> None:
    assert forked(project, cli, warm="warm = []") == 0


def test_longer_trials_start_cold(project: Callable[..., Path], cli: Cli) -> None:
    assert forked(project, cli, seconds=0.3) == 0


def test_a_sweep_that_was_begun_before_there_was_warm_goes_on(project: Callable[..., Path], cli: Cli) -> None:
    folder = project(QUICK.format(warm="", parallel=2), {"train.py": SLEEPER.format(seconds=0.0)})
    assert cli("sweep", "tune", "--trials", "4", folder=folder).code == 0
    with closing(sqlite3.connect(folder / ".stratolab" / "store.db")) as store, store:
        store.execute("UPDATE sweep SET config = json_remove(config, '$.warm')")
    answer = cli("sweep", "tune", "--trials", "8", folder=folder)
    assert answer.code == 0, answer.err
    assert "8 of 8" in answer.out
