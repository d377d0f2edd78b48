"""Labs of a given size: sweeps whose trials have ended, written as a driver writes them, without the processes."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from benchmarks.overhead import ours
from stratolab.core.names import new_id
from stratolab.jobs import outbox, store
from stratolab.jobs.models import JobSpec, Outcome, Reason
from stratolab.lab.local import LocalLab
from stratolab.lab.sweeping import want
from stratolab.sweeps import ledger, rounds
from stratolab.sweeps.models import Goal, Result, SweepState, TrialState
from stratolab.sweeps.plan import Plan, job_of
from stratolab.sweeps.samplers import make
from stratolab.sweeps.space import space_of

if TYPE_CHECKING:
    from pathlib import Path

    from stratolab.jobs.database import Transaction
    from stratolab.sweeps.models import Sweep, Trial

_AT_ONCE = 500  # trials in a transaction
_SECONDS = 0.05  # of a trial


def fill(folder: Path, *, sweeps: int, trials: int) -> str:
    """A project in `folder` whose lab knows that many sweeps, each of so many trials; gives the id of a job."""
    ours.make(folder, sampler="random", trials=trials)
    lab = LocalLab(folder)
    wanted = want(lab, "race", lab.config.sweeps["race"])
    job = ""
    for _ in range(sweeps):
        sweep = lab.database.run(
            lambda tx: ledger.create(tx, "race", lab.project_name, wanted.config, lab.clock(), token=new_id())
        )
        job = _ended(lab, sweep, wanted.spec, trials)
    lab.database.run(_told)
    lab.database.close()
    return job


def _ended(lab: LocalLab, sweep: Sweep, spec: JobSpec, trials: int) -> str:
    space = space_of(sweep.config["space"])
    plan = Plan(spec, space, "loss", Goal.MINIMIZE, make("random", space, 1), "", trials, 2, 1)
    claimed: list[tuple[Trial, store.Job]] = []
    chance = random.Random(sweep.id)  # noqa: S311 - any points do
    while True:
        points = [space.from_unit((chance.random(), chance.random())) for _ in range(_AT_ONCE)]
        this = rounds.Round(
            sweep=sweep.id,
            owner="benchmark/0",
            now=lab.clock(),
            lease=math.inf,
            since=0,
            endings=[_ending(trial, job) for trial, job in claimed],
            claims=[ledger.Claim(point, space.digest(point), new_id()) for point in points],
            limit=trials,
            job_of=lambda trial: job_of(plan, trial, engine="local"),
        )
        claimed = lab.database.run(lambda tx, this=this: rounds.write(tx, this)).claimed
        if not claimed:
            break
        last = claimed[-1][1].id
    lab.database.run(
        lambda tx: ledger.set_state(
            tx, sweep.id, SweepState.FINISHED, reason="all have ended", now=lab.clock()
        )
    )
    return last


def _ending(trial: Trial, job: store.Job) -> rounds.Ending:
    began = trial.created
    outcome = Outcome(
        job=job.id, fence=job.fence, reason=Reason.DONE, exit_code=0, signal=None, started=began,
        ended=began + _SECONDS, wall_seconds=_SECONDS, cpu_seconds=_SECONDS, peak_memory=2**24,
    )  # fmt: skip
    loss = sum((value - 0.3) ** 2 for value in trial.params.values() if isinstance(value, float))
    result = Result(TrialState.SUCCEEDED, loss, outcome.ended, began)
    return rounds.Ending(trial, outcome, result, 1e-6)


def _told(tx: Transaction) -> None:
    """As if MLflow had everything: bringing it there is another benchmark's matter."""
    while lines := outbox.page(tx, limit=_AT_ONCE):
        outbox.remove(tx, lines)
