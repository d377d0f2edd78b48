"""What of a report is read rather than seen: the numbers at its head, the best parameters, failures, trials."""

from __future__ import annotations

import shlex
import time
from statistics import median
from typing import TYPE_CHECKING

from stratolab.config.secrecy import masked
from stratolab.core.units import format_duration, format_money
from stratolab.jobs.command import with_params
from stratolab.sweeps.dimensions import Choice
from stratolab.sweeps.models import TrialState
from stratolab.sweeps.report.axes import shown
from stratolab.sweeps.report.figures.clock import clock_of, stays
from stratolab.sweeps.report.markup import Markup, el, join, short
from stratolab.sweeps.samplers import choose

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stratolab.sweeps.dimensions import Dimension
    from stratolab.sweeps.models import Trial
    from stratolab.sweeps.report.facts import Facts

ROWS = 200
_REASONS = 20
_CELL, _REASON = 60, 240  # characters


def cards(facts: Facts) -> Markup:
    """The numbers that matter most."""
    best = facts.best
    found = stays(facts)
    ran = [stay.end - stay.start for stay in found if stay.state != "running"]
    entries = [
        (
            f"best {facts.metric}",
            shown(best.value) if best else "none yet",
            f"trial {best.number}" if best else "",
        ),
        (
            "trials",
            _of(facts),
            ", ".join(f"{count:,} {state}" for state, count in facts.counts.items() if count),
        ),
    ]
    if found:
        each = f", {format_duration(median(ran))} each (median)" if ran else ""
        took = format_duration(clock_of(found).span)
        entries.append(("time", took, f"{format_duration(sum(ran))} of work{each}"))
    if facts.prices:
        entries.append(("price", format_money(facts.dollars), "if it had run on AWS Fargate"))
    return el("dl", *(_card(*entry) for entry in entries), class_="cards")


def settings(facts: Facts) -> Markup:
    """How the sweep was set up: command, space, sampler, seed."""
    config = facts.sweep.config
    command = masked(shlex.join(map(str, config.get("command") or ())))
    fixed = {str(name): value for name, value in dict(config.get("fixed") or {}).items()}
    rows = [
        ("command", el("code", command) if command else ""),
        ("fixed parameters", ", ".join(f"{name} = {shown(value)}" for name, value in fixed.items())),
        ("sampler", _sampler(facts)),
        ("seed", str(config.get("seed", ""))),
        ("early stopping", str(config.get("prune") or "")),
        ("at a time", str(facts.parallel)),
        ("begun", _moment(facts.sweep.created)),
        ("ended", _moment(facts.sweep.ended) if facts.sweep.ended else ""),
        ("forked from", facts.sweep.forked_from),
        ("job", str(config.get("job") or "")),
    ]
    return _table("Settings", None, [(name, value) for name, value in rows if value])


def space(facts: Facts) -> Markup:
    """What was searched."""
    dimensions = facts.space.dimensions if facts.space else {}
    if not dimensions:
        return Markup()
    rows = [(name, *_range(dimension)) for name, dimension in dimensions.items()]
    return _table("The space that was searched", ("parameter", "kind", "values", "only when"), rows)


def best(facts: Facts) -> Markup:
    """The best parameters, as a table and as flags."""
    winner = facts.best
    if winner is None:
        return el("p", "No trial has succeeded yet.", class_="soft")
    params = {**dict(facts.sweep.config.get("fixed") or {}), **winner.params}
    rows = [(name, short(shown(value), 400)) for name, value in params.items()]
    parts = [el("p", f"Trial {winner.number}: {facts.metric} = {shown(winner.value)}", class_="soft")]
    if rows:
        parts.append(_table("Best parameters", ("parameter", "value"), rows))
        words = [shlex.quote(word) for word in with_params((), params)]
        flags = [el("span", " ".join(pair)) for pair in zip(words[::2], words[1::2], strict=True)]
        parts.append(el("pre", el("code", join(part for flag in flags for part in (flag, " ")))))
    parts.append(el("p", "Log: ", el("code", f"stratolab jobs logs {winner.job}"), class_="soft"))
    return join(parts)


def failures(facts: Facts) -> Markup:
    """The failed trials by reason, most frequent first."""
    by_reason: dict[str, list[Trial]] = {}
    for trial in facts.trials:
        if trial.state is TrialState.FAILED:
            by_reason.setdefault(trial.reason, []).append(trial)
    ordered = sorted(by_reason.items(), key=lambda pair: (-len(pair[1]), pair[1][0].number))
    rows = [
        (
            short(masked(reason), _REASON) or "no reason was recorded",
            f"{len(trials):,}",
            ", ".join(str(trial.number) for trial in trials[:5]) + (" …" if len(trials) > 5 else ""),
            el("code", f"stratolab jobs logs {trials[0].job}"),
        )
        for reason, trials in ordered[:_REASONS]
    ]
    table = _table("Failed trials by reason", ("reason", "trials", "numbers", "log of the first"), rows)
    rest = len(ordered) - len(rows)
    return join([table, el("p", f"And {rest:,} other reasons.", class_="soft")] if rest > 0 else [table])


def trials(facts: Facts) -> Markup:
    """The trials, best first: at most 200."""
    names = facts.names
    some = facts.ranked[:ROWS]
    why = any(trial.reason for trial in some)
    head = ("trial", "state", facts.metric, "time", *names, *(("why",) if why else ()))
    told = (
        f"All {len(some)} trials, best first"
        if len(some) == len(facts.trials)
        else f"The first {len(some)}, best first"
    )
    table = el(
        "table",
        el("caption", told),
        el(
            "thead",
            el("tr", *(el("th", name, scope="col", class_=_right(index)) for index, name in enumerate(head))),
        ),
        el("tbody", *(_row(trial, names, why=why) for trial in some)),
        class_="wide",
    )
    parts = [_scroll("Trials", table)]
    if len(some) < len(facts.trials):
        rest = f"{len(facts.trials) - len(some):,} more trials: "
        parts.append(el("p", rest, el("code", f"stratolab sweeps export {facts.sweep.id}"), class_="soft"))
    return join(parts)


def _row(trial: Trial, names: Sequence[str], *, why: bool) -> Markup:
    took = (
        format_duration(trial.ended - trial.started)
        if trial.ended is not None and trial.started is not None
        else ""
    )
    return el(
        "tr",
        el("th", str(trial.number), scope="row"),
        el("td", str(trial.state), class_=str(trial.state)),
        el("td", shown(trial.value), class_="number"),
        el("td", took, class_="number"),
        *(
            el("td", short(shown(trial.params[name]), _CELL) if name in trial.params else "-")
            for name in names
        ),
        *([el("td", short(masked(trial.reason), _REASON), class_="why")] if why else []),
    )


def _right(index: int) -> str | None:
    return "number" if index in (2, 3) else None


def _card(name: str, value: str, more: str) -> Markup:
    return el("div", el("dt", name), el("dd", value), *([el("dd", more)] if more else []))


def _of(facts: Facts) -> str:
    wanted = facts.sweep.config.get("trials")
    return f"{len(facts.trials):,} of {wanted:,}" if isinstance(wanted, int) else f"{len(facts.trials):,}"


def _sampler(facts: Facts) -> str:
    config = facts.sweep.config
    name = str(config.get("sampler", ""))
    if name != "auto" or facts.space is None:
        return name
    chosen, why = choose(
        name,
        facts.space,
        trials=config.get("trials"),
        parallel=facts.parallel,
        points=config.get("points") or None,
    )
    return f"auto, which is {chosen} here: {why}"


def _range(dimension: Dimension) -> tuple[str, str, str]:
    """Kind, values and condition of a dimension."""
    when = " and ".join(
        f"{parent} = {' or '.join(map(shown, values))}" for parent, values in dimension.when.items()
    )
    if isinstance(dimension, Choice):
        return "choice", ", ".join(short(shown(value), _CELL) for value in dimension.values), when
    kind = type(dimension).__name__.lower()
    return (
        f"{kind}, log" if dimension.log else kind,
        f"{shown(dimension.low)} to {shown(dimension.high)}",
        when,
    )


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))


def _table(name: str, head: Sequence[str] | None, rows: Iterable[Sequence[str]]) -> Markup:
    parts = []
    if head:
        parts.append(el("thead", el("tr", *(el("th", name, scope="col") for name in head))))
    body = [el("tr", el("th", row[0], scope="row"), *(el("td", cell) for cell in row[1:])) for row in rows]
    return _scroll(name, el("table", *parts, el("tbody", *body)))


def _scroll(name: str, table: Markup) -> Markup:
    """A table that is wider than a phone scrolls by itself, also by keyboard."""
    return el("div", table, class_="scroll", role="region", aria_label=name, tabindex="0")
