"""A sweep of a scikit-learn script, bare spawning beside ours cold and warm: `python -m benchmarks.warm [--short]`."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import command, rounds
from benchmarks.measuring.page import Bar, Section
from benchmarks.measuring.places import our_python
from benchmarks.measuring.tables import number, ratio, table
from benchmarks.measuring.usage import measure
from benchmarks.peers import ours, witness
from benchmarks.peers.contestants import DRIVERS

if TYPE_CHECKING:
    from benchmarks.measuring.command import Run

TRIAL = Path(__file__).with_name("sklearn_trial.py")
BARE, COLD, WARM = "bare spawning", "stratolab, cold", "stratolab, warm"
MODULES = ("sklearn.ensemble", "sklearn.model_selection")
_WORKERS = 2
_ROUNDS, _SHORT_ROUNDS = {BARE: 2, WARM: 2, COLD: 1}, {BARE: 1, WARM: 1}  # cold differs little from bare
_COUNT, _SHORT_COUNT = 100, 2
_MOST, _MOST_MS = 0.3, 10.0
READING = f"""\
{{count}} trials of a script that imports scikit-learn and fits a tiny forest, two at a time, a process for each;
`warm = {json.dumps(MODULES)}`. *Ratio*: the whole command beside bare spawning in the same round, start-up
and the fork server's own imports included; *slot empty*: median time from the end of a trial's process to the first
line of the next script in its slot."""


@dataclass(frozen=True)
class Result:
    """One run; seconds and MB."""

    wall: float
    cpu: float
    gap: float
    tree: float


def run(run: Run) -> Section:
    """Interleaved rounds."""
    count, times = (_SHORT_COUNT, _SHORT_ROUNDS) if run.short else (_COUNT, _ROUNDS)
    found: list[dict[str, Result]] = []
    for turn in range(times[BARE]):
        found.append({})
        for name in (one for one in times if turn < times[one]):
            kept = run.records.once(f"{turn}/{name}", lambda name=name: _once(name, count))
            result = found[-1][name] = Result(**kept)
            run.say(
                f"{name:16} {result.wall:7.1f} s  CPU {result.cpu:7.1f} s  empty {1000 * result.gap:5.0f} ms"
            )
    rows = [
        [
            name if name == BARE else f"**{name}**",
            ratio(rounds.ratio(_values(found, "wall"), name, BARE)),
            ratio(rounds.ratio(_values(found, "cpu"), name, BARE)),
            number(1000 * (rounds.median(_values(found, "gap"), name) or 0), 0),
            number(rounds.median(_values(found, "tree"), name), 0),
            number(rounds.median(_values(found, "wall"), name)),
            number(rounds.median(_values(found, "cpu"), name)),
        ]
        for name in times
    ]
    head = ("who", "ratio", "CPU ratio", "slot empty, ms", "tree MB", "wall s", "CPU s")
    body = READING.format(count=count) + "\n\n" + table(head, rows)
    return Section("warm", "Warm trials", body, _bars(found, count))


def _bars(found: list[dict[str, Result]], count: int) -> list[Bar]:
    beside = rounds.ratio(_values(found, "wall"), WARM, BARE) or 0.0
    gap = 1000 * (rounds.median(_values(found, "gap"), WARM) or 0.0)
    return [
        Bar(
            f"{count} warm trials of a scikit-learn script beside bare spawning",
            f"less than {_MOST}",
            ratio(beside),
            beside < _MOST,
        ),
        Bar(
            "from slot free to user code running, warm, ms",
            f"at most {_MOST_MS:g}",
            number(gap, 0),
            gap <= _MOST_MS,
        ),
    ]


def _values(found: list[dict[str, Result]], what: str) -> list[dict[str, float]]:
    return [{name: getattr(result, what) for name, result in one.items()} for one in found]


def _once(name: str, count: int) -> dict[str, Any]:
    with command.scratch() as folder:
        place, noted = folder / "place", folder / "witness"
        place.mkdir()
        usage = measure(_words(name, place, noted, count), folder=place, memory=True)
        starts = witness.read(noted, count=count).starts
        gap = witness.gap(starts, _ends(name, place), _WORKERS)
    return asdict(Result(wall=usage.wall, cpu=usage.cpu, gap=gap, tree=usage.tree))


def _ends(name: str, place: Path) -> list[float]:
    """When the trials' processes had ended: an interpreter that imported scikit-learn takes a while to leave."""
    if name == BARE:
        ended: list[float] = json.loads((place / "ended.json").read_text(encoding="ascii"))
        return ended
    words = [our_python(), "-m", "stratolab", "sweeps", "show", "--json"]
    shown = subprocess.run(words, cwd=place, capture_output=True, text=True, check=True)
    return sorted(trial["ended"] for trial in json.loads(shown.stdout)["trials"])


def _words(name: str, place: Path, noted: Path, count: int) -> list[str]:
    if name == BARE:
        order = {"count": count, "workers": _WORKERS, "python": our_python(), "trial": str(TRIAL)}
        order |= {"witness": str(noted), "folder": str(place)}
        return [our_python(), "-I", "-S", str(DRIVERS / "bare.py"), json.dumps(order)]
    more = f"warm = {json.dumps(MODULES)}\n" if name == WARM else ""
    trial = [our_python(), str(TRIAL), "--witness", str(noted)]
    return ours.sweep(place, command=trial, count=count, workers=_WORKERS, sampler="gp", more=more)


if __name__ == "__main__":
    sys.exit(command.main("warm", __doc__ or "", run))
