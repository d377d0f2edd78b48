"""`python -m benchmarks.overhead`: our sweep beside bare spawning, in pairs, as a Markdown table.

python -m benchmarks.overhead --short                 # under 20 seconds, shows the shape
python -m benchmarks.overhead --pairs 5 --write benchmarks/overhead/RESULTS.md
python -m benchmarks.overhead --trials 10000 --pairs 1 --samplers auto
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.overhead import ours

HERE = Path(__file__).parent
SAMPLERS = ("random", "gp", "tpe", "auto")
SLOTS = 2
FOREIGN = ("STRATOLAB_", "MLFLOW_", "PYTHON")  # beginnings of variables that would change what is measured
PAIRS = {100: 5, 1_000: 3, 10_000: 1}


@dataclass(frozen=True)
class Measured:
    """One run of a contender. Seconds; `wall` from the first trial's start to the end of the command.

    `cpu` counts everything that was started, `own` the command alone (with what it waited for), `before` what that had
    used when the first trial began. `memory` are lists of (second, MB), `peaks` MB.
    """

    startup: float
    before: float
    wall: float
    cpu: float
    own: float
    memory: dict[str, list[tuple[float, float]]]
    peaks: dict[str, float]


@dataclass(frozen=True)
class Pair:
    """A bare loop and a sweep, one after the other, and what the sweep's own records say."""

    bare: Measured
    sweep: Measured
    timeline: ours.Timeline

    @property
    def wall(self) -> float:
        return self.sweep.wall / self.bare.wall

    @property
    def cpu(self) -> float:
        return (self.sweep.cpu - self.sweep.before) / self.bare.cpu

    @property
    def tail(self) -> float:
        """Seconds from the end of the last trial to the end of the command."""
        return self.sweep.wall - (max(self.timeline.ended) - min(self.timeline.began))


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="overhead-") as scratch:
        blocks = [_heading(options)]
        print(blocks[0], flush=True)
        for trials in options.trials:
            for sampler in options.samplers:
                count = options.pairs or PAIRS.get(trials, 1)
                pairs = [_pair(Path(scratch), sampler, trials, options) for _ in range(count)]
                blocks.append(_row(sampler, trials, pairs))
                print(blocks[-1], flush=True)
                if trials >= 1_000:
                    blocks.append(_curve(pairs[-1]))
                    print(blocks[-1], flush=True)
    if options.write:
        options.write.write_text("\n".join(blocks) + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.add_argument("--trials", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--samplers", nargs="+", default=list(SAMPLERS))
    parser.add_argument("--pairs", type=int, default=0, help="pairs of runs (default: fewer for more trials)")
    parser.add_argument("--cold", action="store_true", help="every trial starts cold, by `warm = []`")
    parser.add_argument("--spawn", choices=("spawn", "popen"), default="spawn", help="the bare loop's way")
    parser.add_argument("--short", action="store_true", help="two samplers, 60 trials, one pair")
    parser.add_argument("--write", type=Path, help="write the table to this file too")
    options = parser.parse_args()
    if options.short:
        options.trials, options.samplers, options.pairs = [60], ["random", "gp"], 1
    return options


def _pair(scratch: Path, sampler: str, trials: int, options: argparse.Namespace) -> Pair:
    """One of each, in new folders: a file system is slower for some time where many files were deleted."""
    fresh = Path(tempfile.mkdtemp(dir=scratch))
    bare = _bare(fresh, trials, options.spawn)
    project = ours.make(fresh / "project", sampler=sampler, trials=trials, cold=options.cold)
    whole, told = _metered(fresh, ours.command(project), watch=str(project))
    timeline = ours.timeline(project)
    assert len(timeline.ended) == trials, f"{len(timeline.ended)} of {trials} trials succeeded\n{told}"
    return Pair(bare, _measured(whole, min(timeline.began)), timeline)


def _bare(scratch: Path, trials: int, spawn: str) -> Measured:
    script = scratch / "tiny.py"
    script.write_text(ours.SCRIPT, encoding="ascii")
    words = [spawn, str(trials), str(SLOTS), sys.executable, str(script), str(scratch / "out")]
    command = [sys.executable, "-I", "-S", str(HERE / "bare.py"), *words]
    whole, told = _metered(scratch, command)
    return _measured(whole, float(told.split()[-1]))


def _metered(scratch: Path, command: list[str], watch: str = "") -> tuple[dict, str]:
    """What the meter says of a command, and what that printed."""
    result = scratch / "measured.json"
    meter = [sys.executable, "-I", "-S", str(HERE / "meter.py"), str(result), watch, *command]
    env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    done = subprocess.run(meter, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return json.loads(result.read_text(encoding="ascii")), done.stdout


def _measured(whole: dict, first: float) -> Measured:
    startup = first - whole["began"]
    return Measured(
        startup=startup,
        before=_at(whole["used_by"], startup),
        wall=whole["ended"] - first,
        cpu=whole["cpu"],
        own=whole["own"],
        memory=whole["memory"],
        peaks=whole["peaks"],
    )


def _at(used_by: list[tuple[float, float]], moment: float) -> float:
    """CPU seconds that were used at a moment, between the two looks around it."""
    for (then, before), (now, after) in pairwise(used_by):
        if then <= moment <= now:
            return before + (after - before) * (moment - then) / max(now - then, 1e-9)
    return used_by[-1][1]


def _heading(options: argparse.Namespace) -> str:
    return "\n".join(
        [
            (
                f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} cores, Python "
                f"{platform.python_version()}; {SLOTS} trials at a time"
                f"{', cold starts' * options.cold}; the bare loop by {options.spawn}. Ratios are "
                "medians over pairs. Start-up is everything before the first trial, in seconds and seconds of CPU, and "
                "in no other figure; the tail is from the last trial's end to the command's."
            ),
            "",
            (
                "| sampler | trials | wall, bare s | ratio | CPU, bare s | ratio | ms CPU a trial: own + driver + host "
                "| start-up s (CPU) | tail ms | driver MB | host MB | all ratios |"
            ),
            "| --- |" + " --- |" * 11,
        ]
    )


def _row(sampler: str, trials: int, pairs: list[Pair]) -> str:
    middle = statistics.median
    driver = middle(1000 * (pair.sweep.own - pair.sweep.before) / trials for pair in pairs)
    host = middle(1000 * (pair.sweep.cpu - pair.sweep.own - pair.timeline.cpu) / trials for pair in pairs)
    own = middle(1000 * pair.timeline.cpu / trials for pair in pairs)
    cells = [
        sampler,
        f"{trials:,}",
        f"{middle(pair.bare.wall for pair in pairs):.2f}",
        f"**{middle(pair.wall for pair in pairs):.2f}**",
        f"{middle(pair.bare.cpu for pair in pairs):.2f}",
        f"{middle(pair.cpu for pair in pairs):.2f}",
        f"{own:.1f} + {driver:.2f} + {host:.2f}",
        f"{middle(pair.sweep.startup for pair in pairs):.2f} ({middle(pair.sweep.before for pair in pairs):.2f})",
        f"{middle(1000 * pair.tail for pair in pairs):.0f}",
        f"{max(pair.sweep.peaks['command'] for pair in pairs):.0f}",
        f"{max(pair.sweep.peaks['watched'] for pair in pairs):.0f}",
        " ".join(f"{pair.wall:.2f}" for pair in pairs),
    ]
    return f"| {' | '.join(cells)} |"


def _curve(pair: Pair) -> str:
    """Time a trial and memory, by tenths of the sweep, in a comment of the table's kind."""
    times = " ".join(f"{value:.1f}" for value in pair.timeline.deciles())
    memory = " ".join(f"{value:.0f}" for value in _tenths(pair.sweep.memory["command"]))
    return f"| by tenths | ms a trial: {times} | driver MB: {memory} | | | | | | | | | |"


def _tenths(seen: list[tuple[float, float]]) -> list[float]:
    size = len(seen) / 10
    return [seen[min(len(seen) - 1, round((tenth + 1) * size) - 1)][1] for tenth in range(10)] if seen else []


if __name__ == "__main__":
    sys.exit(main())
