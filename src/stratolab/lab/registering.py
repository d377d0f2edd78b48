"""From a job of the lab to what its model's version will hold: where it comes from, and which files are meant."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError, RefusedError, StratolabError, WorkFailedError
from stratolab.jobs import capsule, store
from stratolab.jobs.models import JobState
from stratolab.jobs.reports import Reports
from stratolab.models import service
from stratolab.models.models import Data, Logged, Origin, check_alias
from stratolab.sweeps import ledger, standing
from stratolab.tracking.ids import run_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from stratolab.jobs.models import Job
    from stratolab.lab.local import LocalLab
    from stratolab.models.models import Version
    from stratolab.sweeps.models import Sweep

_DOING = "registering a model"


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks to be registered: a name, and a path below what `job` wrote (empty: what it logged to MLflow).

    `force` takes a job that failed. `sample` is one input or a list of them, None without one.
    """

    name: str
    job: Job
    path: str = ""
    alias: str = ""
    description: str = ""
    sample: Any = None
    allow_code: bool = False
    force: bool = False


def register(
    lab: LocalLab, request: Request, note: Callable[[str], None] = lambda _: None
) -> tuple[Version, bool]:
    """Register what a job wrote, and say whether that made a new version. `note` hears what takes long.

    Raises `RefusedError` for a job that still runs (unless this is it) or that failed, and for what
    `stratolab.models.service.register` refuses; `InputError` if the job wrote nothing of that name.
    """
    job = request.job
    _check(job, force=request.force)
    if request.alias:
        check_alias(request.alias)
    lab.create()
    if job.id != own_job():
        with suppress(
            StratolabError
        ):  # what is not in MLflow yet comes later; the version names its run anyway
            lab.tracking.sync(note)
    found = origin(lab, job)
    wanted = service.Wanted(
        name=request.name,
        origin=found,
        ran=(job.started, job.ended if job.state.ended else None),
        description=request.description,
        sample=request.sample,
        allow_code=request.allow_code,
    )
    version, new = service.register(lab.models, wanted, files(lab, job, request.path, found.run))
    if request.alias and request.alias not in version.aliases:
        lab.models.set_alias(version, request.alias)
        version = service.find(lab.models, version.reference)
    return version, new


def best_job(lab: LocalLab, sweep: Sweep) -> Job:
    """The job of a sweep's best trial.

    Raises `WorkFailedError` if none has succeeded.
    """
    best = lab.database.read(lambda tx: standing.best(tx, sweep))
    if best is None:
        raise WorkFailedError(
            f"no trial of {sweep.id} has succeeded", doing=_DOING, hint=f"stratolab sweeps show {sweep.id}"
        )
    return lab.database.read(lambda tx: store.get(tx, best.job))


def own_job() -> str:
    """The id of the job that this process belongs to; empty outside of jobs."""
    return os.environ.get("STRATOLAB_JOB", "")


def origin(lab: LocalLab, job: Job) -> Origin:
    """Where a model of this job comes from."""
    reports = Reports(lab.home(job.id))
    reports.finish()
    run = lab.tracking.run_of(job.id) or run_id(job.id)
    metrics = {**lab.models.metrics(run), **reports.numbers()}
    metric, value = next(iter(metrics.items())) if len(metrics) == 1 else ("", None)
    params = dict(job.params)
    if job.sweep and job.trial is not None:
        sweep = lab.database.read(lambda tx: ledger.get(tx, job.sweep))
        trial = lab.database.read(lambda tx: standing.of_jobs(tx, [job.id])).get(job.id)
        metric = str(sweep.config["metric"])
        value = metrics.get(metric) if trial is None or trial.value is None else trial.value
        params = {**sweep.config["fixed"], **(trial.params if trial else {}), **params}
    return Origin(
        run=run,
        job=job.id,
        sweep=job.sweep,
        trial=job.trial,
        capsule=job.capsule,
        seed=job.seed,
        params=params,
        metric=metric,
        value=value,
        metrics=metrics,
        data=_data(lab, job),
    )


def files(lab: LocalLab, job: Job, path: str, run: str) -> Path | Logged:
    """What `path` means: a model that the job logged, a file of its own folder, a file here, a file where it ran.

    Raises `InputError` naming what there is.
    """
    logged = lab.models.logged(job.id, run)
    if not path:
        if len(logged) == 1:
            return logged[0]
        raise _which(job, logged)
    for model in reversed(logged):
        if path in {model.name, model.id}:
            return model
    home = lab.home(job.id)
    given = Path(path).expanduser()
    own = (
        []
        if path.startswith((".", "~")) or ".." in given.parts
        else [home / "artifacts" / given, home / given]
    )
    for place in (*own, given.absolute(), lab.where(job) / given):
        if place.exists():
            return place
    raise InputError(
        f"there is no {path!r}: not in the job's own folder, not here, not in {lab.where(job)}",
        doing=_DOING,
        hint=f"models that the job logged to MLflow: {', '.join(model.name for model in logged) or 'none'}",
    )


def _check(job: Job, *, force: bool) -> None:
    if not job.state.ended and job.id != own_job():
        raise RefusedError(
            f"{job.name} {job.id} has not ended: what it writes may not be whole",
            doing=_DOING,
            hint=f"wait for it: stratolab jobs logs -f {job.id}",
        )
    if job.state.ended and job.state is not JobState.SUCCEEDED and not force:
        raise RefusedError(
            f"{job.name} {job.id} is {job.state}: what it wrote may not be whole",
            doing=_DOING,
            hint="another job: stratolab jobs ls --state succeeded  (or --force)",
        )


def _data(lab: LocalLab, job: Job) -> dict[str, Data]:
    if not job.capsule:
        return {}
    try:
        found = capsule.load(lab.capsules, job.capsule)
    except StratolabError:
        return {}  # the capsule's id is enough to find it again
    return {path: Data(item.size, item.sha256, item.files) for path, item in found.data.items()}


def _which(job: Job, logged: list[Logged]) -> InputError:
    if not logged:
        return InputError(
            f"{job.name} {job.id} has logged no model to MLflow, so it is not clear which file is meant",
            doing=_DOING,
            hint="name the file or folder that it wrote: stratolab models register NAME PATH",
        )
    names = ", ".join(model.name for model in logged)
    return InputError(
        f"{job.name} {job.id} has logged several models", doing=_DOING, hint=f"name one of them: {names}"
    )
