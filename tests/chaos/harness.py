"""A project whose trials write a history, and drivers of it that can be killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.chaos.checker import processes_of

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence
    from pathlib import Path

RESUME = ("sweeps", "resume", "tune-1")
FULL = os.environ.get("STRATOLAB_CHAOS") == "full"
DEADLINE = 90.0  # seconds within which any one step must be over
_LOOK = 0.02

SCRIPT = """\
import json, os, sys, time
x = float(sys.argv[sys.argv.index("--x") + 1])
time.sleep(float(os.environ.get("TRIAL_SECONDS", "0.05")))
value = (x - 0.3) ** 2
line = json.dumps({"trial": int(os.environ["STRATOLAB_TRIAL"]), "value": value, "pid": os.getpid()}) + "\\n"
file = os.open("history.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
os.write(file, line.encode())
os.close(file)
print(json.dumps({"loss": value}))
"""

CONFIG = """\
[project]
name = "chaos"

[local]
cpus = 4

[jobs.train]
command = "python trial.py"
timeout = "1m"

[sweeps.tune]
job = "train"
metric = "loss"
trials = {trials}
parallel = {parallel}
sampler = "{sampler}"
seed = 7
{warm}
[sweeps.tune.space]
x = {{ float = [0.0, 1.0] }}
"""


@dataclass
class Project:
    """A chaos project in a folder of its own; `store` is a database URL, empty for SQLite."""

    folder: Path
    trials: int = 20
    parallel: int = 2
    sampler: str = "quasi"
    store: str = ""
    trial_seconds: float = 0.05
    lease: float = 2.0
    warm: tuple[str, ...] | None = None
    started: list[subprocess.Popen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "trial.py").write_text(SCRIPT)
        warm = "" if self.warm is None else f"warm = {json.dumps(self.warm)}"
        text = CONFIG.format(trials=self.trials, parallel=self.parallel, sampler=self.sampler, warm=warm)
        (self.folder / "stratolab.toml").write_text(text)

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a driver."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STRATOLAB_")}
        own = {
            "CHAOS_PROJECT": str(self.folder),
            "TRIAL_SECONDS": str(self.trial_seconds),
            "STRATOLAB_LEASE": str(self.lease),
            "STRATOLAB_STORE": self.store,
        }
        return {**kept, **own, **more}

    def driver(self, *arguments: str, prefix: Sequence[str] = (), **more: str) -> subprocess.Popen:
        """Start a driver."""
        words = arguments or ("sweep", "tune")
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "stratolab", *words, "--json"],
            cwd=self.folder,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def finish(self, **more: str) -> dict:
        """Drive to the end and give the sweep as JSON."""
        return self.shown_by(self.driver(**more))

    def shown_by(self, process: subprocess.Popen) -> dict:
        """What a driver prints when it ends, which it should."""
        out, err = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, err
        return json.loads(out)

    def show(self) -> dict:
        """`sweeps show --json`."""
        done = subprocess.run(
            [sys.executable, "-m", "stratolab", "sweeps", "show", "--json"],
            cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=DEADLINE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def knows_a_sweep(self) -> bool:
        """Whether a sweep was begun: one that is finished must be resumed, not begun again."""
        done = subprocess.run(
            [sys.executable, "-m", "stratolab", "sweeps", "ls", "--json"],
            cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=DEADLINE, check=False,
        )  # fmt: skip
        return done.returncode == 0 and json.loads(done.stdout)["sweeps"] != []

    def driven_through_kills(self, chance: random.Random, most: int, soonest: float) -> tuple[dict, int]:
        """Drive a sweep to its end, killing at random whoever drives it: what the last shows, and how many were killed.

        None is killed before `soonest` seconds have passed; longer on a machine where no sweep is begun by then.
        """
        kills, begun = 0, False
        while kills < most:
            begun = begun or self.knows_a_sweep()
            driver = self.driver(*(RESUME if begun else ()))
            if ended_within(driver, soonest + chance.uniform(0.0, 0.9)):
                return self.shown_by(driver), kills
            kills += kill(driver)
            soonest *= 1.0 if begun else 1.5
        return self.shown_by(self.driver(*(RESUME if self.knows_a_sweep() else ()))), kills

    def quiet(self) -> None:
        """Wait until no process of this project is left; after the deadline the checker will name them."""
        until(lambda: not processes_of(self.folder), seconds=15)

    def close(self) -> None:
        """Leave nothing running, whatever the test did."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for pid, _ in processes_of(self.folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def until(condition, seconds: float = DEADLINE) -> bool:
    """Wait for something that no event tells (another process's files), up to a deadline."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK)
    return True


def ended_within(process: subprocess.Popen, seconds: float) -> bool:
    """Whether a process ends by itself in that time."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def kill(process: subprocess.Popen) -> bool:
    """kill -9, and wait; False if it had ended by itself."""
    alive = process.poll() is None
    if alive:
        process.send_signal(signal.SIGKILL)
    process.communicate()
    return alive
