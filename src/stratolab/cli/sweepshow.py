"""How sweeps are shown: numbers, tables, JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stratolab.cli import ui
from stratolab.core.processes import alive
from stratolab.core.units import format_duration, format_money
from stratolab.sweeps.models import Goal, SweepState, TrialState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.lab.local import LocalLab
    from stratolab.sweeps.models import Sweep, Trial
    from stratolab.sweeps.standing import Standing


def trials(lab: LocalLab, sweep: Sweep) -> list[Trial]:
    """All trials of a sweep, by number."""
    from stratolab.sweeps import ledger

    return lab.database.read(lambda tx: ledger.trials(tx, sweep.id))


def best(sweep: Sweep, trials: Sequence[Trial]) -> Trial | None:
    """The succeeded trial with the best value; the earlier one of two equals."""
    succeeded = [trial for trial in trials if trial.state is TrialState.SUCCEEDED and trial.value is not None]
    sign = 1 if goal(sweep) is Goal.MINIMIZE else -1
    return min(succeeded, key=lambda trial: (sign * (trial.value or 0.0), trial.number), default=None)


def goal(sweep: Sweep) -> Goal:
    """Which way is better in this sweep."""
    return Goal(str(sweep.config["goal"]))


def counts(trials: Sequence[Trial]) -> dict[TrialState, int]:
    """How many trials are in each state."""
    return {state: sum(trial.state is state for trial in trials) for state in TrialState}


def standing(lab: LocalLab, sweep: Sweep) -> Standing:
    """How a sweep stands, in numbers."""
    from stratolab.sweeps import standing

    return lab.database.read(lambda tx: standing.of(tx, sweep))


def drivers(lab: LocalLab, sweep: Sweep) -> list[str]:
    """The processes that were last seen to drive it, for `stratolab.core.processes.alive`."""
    from stratolab.sweeps import standing

    owners = lab.database.read(lambda tx: standing.owners(tx, sweep.id))
    return sorted({owner.rpartition("/")[0] for owner in owners})


def why(lab: LocalLab, sweep: Sweep) -> str:
    """Why a sweep ended; of one that has not, that all its drivers are dead, if they are."""
    if sweep.state is not SweepState.RUNNING:
        return sweep.reason
    known = drivers(lab, sweep)
    dead = known and all(alive(driver) is False for driver in known)
    return f"its driver died: stratolab sweeps resume {sweep.id}" if dead else ""


def summary(sweep: Sweep, stands: Standing) -> list[tuple[str, str]]:
    """The numbers that matter, each with its name."""
    winner = stands.best
    each = "" if stands.median is None else f", {format_duration(stands.median)} each (median)"
    wanted = sweep.config.get("trials")
    words = {} if sweep.state is SweepState.RUNNING else {"running": "to run again"}
    shown = ", ".join(
        f"{count} {words.get(str(state), state)}" for state, count in stands.counts.items() if count
    )
    of = f" of {wanted}" if wanted else ""
    return [
        ("trials", f"{stands.trials}{of}: {shown}" if stands.trials else "none yet"),
        (
            "best",
            f"{sweep.config['metric']} = {ui.number(winner.value)} in trial {winner.number}"
            if winner
            else "",
        ),
        ("time", f"{format_duration(stands.seconds)} of work{each}" if each else ""),
        ("price", f"{format_money(stands.dollars)} if it had run on AWS Fargate" if stands.dollars else ""),
    ]


def document(lab: LocalLab, sweep: Sweep) -> dict[str, Any]:
    """A sweep and its trials as JSON, with stable keys."""
    return document_of(sweep, trials(lab, sweep))


def document_of(sweep: Sweep, found: Sequence[Trial]) -> dict[str, Any]:
    """The same from trials that are at hand."""
    winner = best(sweep, found)
    return {
        "sweep": sweep_document(sweep, counts(found)),
        "best": trial_document(winner) if winner else None,
        "trials": [trial_document(trial) for trial in found],
    }


def sweep_document(sweep: Sweep, counts: Mapping[TrialState, int] | None = None) -> dict[str, Any]:
    """A sweep as JSON."""
    config = {key: value for key, value in sweep.config.items() if key not in {"env", "given"}}
    return {
        "id": sweep.id,
        "name": sweep.name,
        "project": sweep.project,
        "state": str(sweep.state),
        "reason": sweep.reason or None,
        "created": sweep.created,
        "ended": sweep.ended,
        "forked_from": sweep.forked_from or None,
        "config": config,
        **({} if counts is None else {"counts": {str(state): count for state, count in counts.items()}}),
    }


def trial_document(trial: Trial) -> dict[str, Any]:
    """A trial as JSON."""
    return {
        "number": trial.number,
        "state": str(trial.state),
        "params": dict(trial.params),
        "value": trial.value,
        "reason": trial.reason or None,
        "job": trial.job,
        "created": trial.created,
        "started": trial.started,
        "ended": trial.ended,
        "steps": [list(step) for step in trial.steps],
    }


def trial_table(sweep: Sweep, shown: Sequence[Trial]) -> None:
    """Trials as a table: number, state, value, time, parameters or the reason of a failure."""
    names = list(sweep.config["space"]) or sorted({name for trial in shown for name in trial.params})
    ui.table(
        ("trial", "state", str(sweep.config["metric"]), "time", *names, "why"),
        [
            (
                str(trial.number),
                str(trial.state),
                ui.number(trial.value),
                format_duration(trial.ended - trial.started) if trial.ended and trial.started else "",
                *(_cell(trial.params.get(name)) for name in names),
                trial.reason,
            )
            for trial in shown
        ],
        right=("trial", str(sweep.config["metric"]), "time"),
    )


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return ui.number(value) if isinstance(value, float) else str(value)
