"""What a driver works to, and the job that each of its trials becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stratolab.jobs.command import with_params
from stratolab.jobs.models import JobSpec
from stratolab.jobs.service import new_job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stratolab.jobs.models import Job, Param
    from stratolab.jobs.service import Begun
    from stratolab.sweeps.models import Goal, Trial
    from stratolab.sweeps.prune import Pruner
    from stratolab.sweeps.sampler import Sampler
    from stratolab.sweeps.space import Space
    from stratolab.sweeps.stop import StopRule


@dataclass(frozen=True, slots=True)
class Plan:
    """What a driver works to: everything that its trials need, from the configuration.

    `job` lacks only the parameters. `fixed` are parameters that every trial gets. `elsewhere` looks up the
    metric of a job outside its folder (MLflow); `begun` hears of jobs before they start, and gives variables for them,
    `all_begun` when no further one will. `filler` makes the points for which `sampler` has no time; it may be the same.
    `foresees`: a rule wants to know what the sampler expects. With `quick`, trials that prove to be short may start
    from a Python that is up. `hide` takes secrets out of what a script said last.
    """

    job: JobSpec
    space: Space
    metric: str
    goal: Goal
    sampler: Sampler
    why: str  # why this sampler
    trials: int | None
    parallel: int
    seed: int
    rules: Sequence[StopRule] = ()
    pruner: Pruner | None = None
    fixed: Mapping[str, Param] = field(default_factory=dict)
    elsewhere: Callable[[str], float | None] = lambda job: None  # noqa: ARG005
    begun: Begun = lambda jobs: {}  # noqa: ARG005
    all_begun: Callable[[], None] = lambda: None
    filler: Sampler | None = None
    foresees: bool = False
    quick: bool = False
    hide: Callable[[str], str] = lambda text: text

    @property
    def most(self) -> int | None:
        """How many trials there can be: as many as are wanted, or as the sampler has points; None without an end."""
        ends = (self.trials, getattr(self.sampler, "points", None))
        return min((end for end in ends if end is not None), default=None)


def job_of(plan: Plan, trial: Trial, *, engine: str) -> Job:
    """The job of a trial that has just been claimed: its row in the store, under the id that the claim chose."""
    params = {**plan.fixed, **trial.params}
    seed = trial_seed(plan.seed, trial.number)
    env = {
        **plan.job.env,
        "STRATOLAB_SWEEP": trial.sweep,
        "STRATOLAB_TRIAL": str(trial.number),
        "STRATOLAB_SEED": str(seed),
    }
    of_all = plan.job
    spec = JobSpec(  # `dataclasses.replace` would take seven times as long, for each trial
        name=of_all.name,
        command=with_params(of_all.command, params),
        folder=of_all.folder,
        project=of_all.project,
        resources=of_all.resources,
        retries=of_all.retries,
        env=env,
        secrets=of_all.secrets,
        params=params,
        data=of_all.data,
        seed=seed,
        sweep=trial.sweep,
        trial=trial.number,
        capsule=of_all.capsule,
        warm=of_all.warm,
        attributes=of_all.attributes,
    )
    return new_job(spec, engine=engine, now=trial.created, id=trial.job)


def trial_seed(seed: int, number: int) -> int:
    """A seed for one trial: 31 bits that differ between neighbours (Knuth's multiplicative hash)."""
    return ((seed * 1_000_003 + number) * 2_654_435_761 + 0x9E3779B9) % 2**31
