"""The table of the rounds: ratios first, seconds after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.measuring import rounds
from benchmarks.measuring.page import Bar, Section
from benchmarks.measuring.tables import number, ratio, table
from benchmarks.peers.contestants import BARE, CONTESTANTS, OURS

if TYPE_CHECKING:
    from benchmarks.peers.contest import Contest

HEAD = (
    "who", "version", "ratio, {few}", "ratio, {many}", "CPU ratio, {few}", "with start-up, {few}", "start-up s",
    "slot empty, ms", "tree MB, {few}", "tree MB, {many}", "largest process MB", "wall s, {few}", "CPU s, {few}",
)  # fmt: skip
READING = """\
Trials of a tiny script that imports nothing, two at a time, a process for each. *Ratio* is the time from the first
trial's first line to the end of the command, beside that of a plain `posix_spawn` loop in the same round; *start-up* is
what comes before; *slot empty* is the median time from one trial's last line to the first line of the next in its slot
(about the end and the start of an interpreter at best); *tree* is the memory of all processes together, shared pages
counted once, looked at in a round apart. Ours writes a durable ledger and tracking. Trials as short as these it forks
from a Python that is up, each a process of its own (the row with cold starts is with `warm = []`). {rounds} rounds,
fewer for the slow."""

_SWEEP_FEW, _SWEEP_MANY, _STARTUP, _MEMORY, _GROWTH = 1.15, 1.10, 0.4, 60.0, 1.25


def section(few: Contest, many: Contest | None) -> Section:
    """The section of RESULTS.md."""
    words = {"few": f"{few.count:,}", "many": f"{many.count:,}" if many else "more"}
    head = [name.format(**words) for name in HEAD]
    rows = [_row(name, few, many) for name in (one.name for one in CONTESTANTS) if _took_part(few, name)]
    parts = [READING.format(rounds=len(few.rounds)), table(head, rows), _remarks(few, many)]
    return Section("peers", "Sweep overhead", "\n\n".join(part for part in parts if part), _bars(few, many))


def _took_part(few: Contest, name: str) -> bool:
    return any(name in results for results in few.rounds)


def _row(name: str, few: Contest, many: Contest | None) -> list[str]:
    return [
        f"**{name}**" if name == OURS else name,
        few.versions[name],
        ratio(_ratio(few, name, "sweep")),
        ratio(_ratio(many, name, "sweep")),
        ratio(_ratio(few, name, "cpu")),
        ratio(_ratio(few, name, "wall")),
        number(_median(few, name, "startup"), 2),
        number(_in_ms(_median(few, name, "gap")), 0),
        number(_tree(few, name), 0),
        number(_tree(many, name), 0),
        number(_median(few, name, "largest"), 0),
        number(_median(few, name, "wall"), 1),
        number(_median(few, name, "cpu"), 1),
    ]


def _remarks(few: Contest, many: Contest | None) -> str:
    lines = [f"- {name}: not here: {reason}" for name, reason in few.absent.items()]
    if many:
        lines += [f"- {name} at {many.count:,}: {reason}" for name, reason in many.absent.items()]
        slow = [one.name for one in CONTESTANTS if not one.rounds_of_many and _took_part(few, one.name)]
        if slow:
            lines.append(
                f"- Too slow to be worth {many.count:,} trials, so run at {few.count:,} alone: {'; '.join(slow)}."
            )
    return "\n".join(lines)


def _bars(few: Contest, many: Contest | None) -> list[Bar]:
    start, bare = _median(few, OURS, "startup"), _median(few, BARE, "startup")
    beyond = None if start is None or bare is None else start - bare
    bars = [
        _bar(f"sweep of {few.count:,} trials beside bare spawning", _SWEEP_FEW, _ratio(few, OURS, "sweep")),
        _bar("start-up of the sweep command beyond that of bare spawning, s", _STARTUP, beyond, 2),
        _bar("memory of the sweep's largest process, MB", _MEMORY, _median(few, OURS, "largest"), 0),
    ]
    if many:
        before, after = _tree(few, OURS), _tree(many, OURS)
        growth = after / before if before and after else None
        beside = _ratio(many, OURS, "sweep")
        bars += [
            _bar(f"sweep of {many.count:,} trials beside bare spawning", _SWEEP_MANY, beside),
            _bar(f"memory of all processes at {many.count:,} beside {few.count:,} trials", _GROWTH, growth),
        ]
    return bars


def _bar(asked: str, most: float, value: float | None, digits: int | None = None) -> Bar:
    told = ratio(value) if digits is None else number(value, digits)
    return Bar(asked, f"at most {most:g}", told, None if value is None else value <= most)


def _ratio(contest: Contest | None, name: str, what: str) -> float | None:
    return None if contest is None else rounds.ratio(_values(contest, what), name, BARE)


def _median(contest: Contest | None, name: str, what: str) -> float | None:
    return None if contest is None else rounds.median(_values(contest, what), name)


def _tree(contest: Contest | None, name: str) -> float | None:
    found = contest.looked.get(name) if contest else None
    return found.tree if found else None


def _values(contest: Contest, what: str) -> list[dict[str, float]]:
    return [{name: getattr(result, what) for name, result in one.items()} for one in contest.rounds]


def _in_ms(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds
