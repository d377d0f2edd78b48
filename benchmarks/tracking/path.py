"""What reports cost a whole sweep: the same sweep with one report a trial and with 100, CPU of all processes."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measuring.command import scratch
from benchmarks.measuring.places import our_python
from benchmarks.measuring.usage import measure
from benchmarks.peers import ours

TRIAL = Path(__file__).with_name("reporting_trial.py")


def cpu(trials: int, steps: int) -> float:
    """CPU seconds of a sweep of so many trials that each report so many times."""
    with scratch() as folder:
        command = [our_python(), str(TRIAL), "--steps", str(steps)]
        words = ours.sweep(folder, command=command, count=trials, workers=2, sampler="random")
        return measure(words, folder=folder).cpu
