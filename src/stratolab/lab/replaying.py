"""Running a job again from its recorded code, and saying whether it gave the same."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stratolab.core.errors import RefusedError
from stratolab.jobs import capsule as capsules
from stratolab.jobs import store
from stratolab.jobs.models import Reason
from stratolab.jobs.replay import Difference, JobView, comparison, reproduced, verdict
from stratolab.jobs.reports import Reports
from stratolab.jobs.service import spec_of

if TYPE_CHECKING:
    from pathlib import Path

    from stratolab.jobs.models import Job, JobSpec
    from stratolab.lab.local import LocalLab

_CHUNK = 1 << 20
REPLAY_OF = "replay_of"  # attribute: the job that was run again


@dataclass(frozen=True, slots=True)
class Restored:
    """A job's code as it was, in a folder of its own, ready to run. `linked` is the data that it reads."""

    spec: JobSpec
    folder: Path
    linked: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the replay gave the same, in words and one by one; `elsewhere` is what else was different."""

    same: bool
    told: str
    differences: tuple[Difference, ...]
    elsewhere: tuple[str, ...]


def restore(lab: LocalLab, job: Job) -> Restored:
    """The recorded code of a job, written into a new folder of the lab.

    Raises `RefusedError` for a job that has not ended or whose code was not recorded.
    """
    job = original(lab, job)
    if not job.state.ended:
        raise RefusedError(
            f"{job.id} is {job.state}", doing="replay", hint=f"stratolab jobs logs -f {job.id}"
        )
    if not job.capsule:
        raise RefusedError(f"the code of {job.id} was not recorded", doing="replay")
    taken = capsules.load(lab.capsules, job.capsule)
    folder = lab.folder / "replays" / job.id
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700)
    here = lab.where(job)
    project = capsules.restore(taken, lab.capsules, folder, folder=here)
    linked = capsules.link_data(taken, here, project)
    spec = replace(spec_of(job), folder=str(project), sweep="", trial=None)
    return Restored(spec, folder, tuple(linked), tuple(taken.left_out))


def original(lab: LocalLab, job: Job) -> Job:
    """The job itself, or for a replay the job that it replayed."""
    while REPLAY_OF in job.attributes:
        job = find(lab, job.attributes[REPLAY_OF])
    return job


def judge(lab: LocalLab, old: Job, new: Job) -> Verdict:
    """Compare what two jobs left behind."""
    then = capsules.load(lab.capsules, old.capsule)
    now = capsules.take(lab.where(old), lab.capsules, data=old.data)
    data = capsules.differences(then, replace(then, data=now.data), since="since then")
    elsewhere = [*data, *capsules.environment_differences(then, now, lab.capsules)]
    found = comparison(_view(lab, old), _view(lab, new))
    return Verdict(reproduced(found), verdict(found, elsewhere), tuple(found), tuple(elsewhere))


def find(lab: LocalLab, job: str) -> Job:
    """The job as the store knows it now."""
    return lab.database.read(lambda tx: store.get(tx, job))


def _view(lab: LocalLab, job: Job) -> JobView:
    reports = Reports(lab.home(job.id))
    reports.finish()
    return JobView(
        job=job.id,
        reason=job.reason or Reason.LOST,
        exit_code=job.exit_code,
        metrics=reports.numbers(),
        output=_digest(lab.home(job.id) / "log"),
    )


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except FileNotFoundError:
        return ""
    return digest.hexdigest()
