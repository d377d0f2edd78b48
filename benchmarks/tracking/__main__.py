"""What reporting costs, MLflow's stores beside ours: `python -m benchmarks.tracking [--short] [--fresh]`."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import command, rounds
from benchmarks.measuring.environments import Unavailable, environment
from benchmarks.measuring.page import Bar, Section
from benchmarks.measuring.places import our_python
from benchmarks.measuring.tables import number, ratio, table
from benchmarks.measuring.usage import Failed
from benchmarks.tracking.path import cpu

if TYPE_CHECKING:
    from benchmarks.measuring.command import Run

HERE = Path(__file__).parent
OURS, FILES, SQLITE = "stratolab.report", "MLflow, file store", "MLflow, SQLite"
_ROUNDS, _RUNS, _TRIALS, _STEPS = 5, 10, 60, 100
_MOST_PER_CALL, _MOST_PER_RUN = 30.0, 3.0  # microseconds, milliseconds
_PATIENCE = 300
HEAD = (
    "who", "ms a run, beside ours", "ms a call", "ms a run", "in one batch", "CPU ms on the path of a trial",
    "CPU ms to import",
)  # fmt: skip
READING = """\
A run of 10 parameters and 100 steps of one metric, {rounds} interleaved processes of {runs} runs each. *On the
path of a trial*: what 99 reports more add to a sweep, CPU milliseconds a trial over all processes (script, host,
driver, and what is written to MLflow behind them); {trials} trials, median of {rounds} pairs."""

Times = dict[str, float]  # milliseconds by what was timed


def run(run: Run) -> Section:
    """Time the processes, then the sweeps."""
    count, runs, trials = (1, 2, 6) if run.short else (_ROUNDS, _RUNS, _TRIALS)
    wanted = [OURS] if run.short else [OURS, FILES, SQLITE]
    found, absent = _processes(run, wanted, count, runs)
    path = _path(run, count, trials)
    rows = [_row(name, found, path if name == OURS else None) for name in wanted if name not in absent]
    parts = [READING.format(rounds=count, runs=runs, trials=trials), table(HEAD, rows)]
    parts += [f"- {name} is not here: {reason}" for name, reason in absent.items()]
    call = 1000 * (_median(found, OURS, "call") or 0)
    bars = [
        _bar("a report from a script, microseconds", _MOST_PER_CALL, call),
        _bar("100 reports on the path of a trial, ms of CPU", _MOST_PER_RUN, path),
    ]
    return Section("tracking", "Tracking", "\n\n".join(parts), bars)


def _processes(
    run: Run, wanted: list[str], count: int, runs: int
) -> tuple[list[dict[str, Times]], dict[str, str]]:
    """What each process measured of itself, by round; and who could not, with the reason."""
    found: list[dict[str, Times]] = []
    absent: dict[str, str] = {}
    for turn in range(count):
        found.append({})
        for name in rounds.order(wanted, turn):
            try:
                key = f"process/{turn}/{name}"
                times = found[-1][name] = run.records.once(key, lambda name=name: _process(name, runs))
                run.say(f"{name:20} {times['call']:8.3f} ms a call  {times['run']:8.1f} ms a run")
            except (Unavailable, Failed) as error:
                if name == OURS:
                    raise
                absent[name] = str(error)
    return found, absent


def _path(run: Run, count: int, trials: int) -> float:
    """CPU milliseconds that 99 reports more cost a trial."""
    pairs = [
        run.records.once(f"path/{turn}", lambda: [cpu(trials, 1), cpu(trials, _STEPS)])
        for turn in range(count)
    ]
    path = statistics.median(1000 * (many - one) / trials for one, many in pairs)
    run.say(f"on the path of a trial: {path:.2f} ms of CPU")
    return path


def _bar(asked: str, most: float, value: float) -> Bar:
    return Bar(asked, f"at most {most:g}", number(value, 1), value <= most)


def _row(name: str, found: list[dict[str, Times]], path: float | None) -> list[str]:
    runs = [{who: times["run"] for who, times in one.items()} for one in found]
    return [
        f"**`{name}`**" if name == OURS else name,
        ratio(rounds.ratio(runs, name, OURS)),
        number(_median(found, name, "call"), 3),
        number(_median(found, name, "run"), 1),
        number(_median(found, name, "batch"), 1),
        number(path, 1),
        number(_median(found, name, "import"), 0),
    ]


def _median(found: list[dict[str, Times]], name: str, what: str) -> float | None:
    values = [{who: times[what] for who, times in one.items() if what in times} for one in found]
    return rounds.median(values, name)


def _process(name: str, runs: int) -> dict[str, Any]:
    with command.scratch() as folder:
        return _answer(_words(name, folder, runs), folder)


def _words(name: str, folder: Path, runs: int) -> list[str]:
    if name == OURS:
        return [our_python(), str(HERE / "our_run.py"), str(folder / "report.jsonl"), str(runs)]
    uri = f"file://{folder}/mlruns" if name == FILES else f"sqlite:///{folder}/mlflow.db"
    return [environment("mlflow").python, str(HERE / "mlflow_run.py"), uri, str(runs)]


def _answer(words: list[str], folder: Path) -> dict[str, Any]:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    if done.returncode:
        raise Failed((done.stderr.strip().splitlines() or ["no reason was given"])[-1][:160])
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    sys.exit(command.main("tracking", __doc__ or "", run))
