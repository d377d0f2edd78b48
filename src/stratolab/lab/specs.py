"""From what the user wrote (a job's table, a script's path, flags) to the spec of a job."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean
from stratolab.jobs.command import with_params, words
from stratolab.jobs.models import JobSpec, Resources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.config.models import JobConfig
    from stratolab.jobs.models import Param
    from stratolab.lab.local import LocalLab


@dataclass(frozen=True, slots=True)
class Overrides:
    """What flags say against the configuration; None and empty leave it as it is."""

    arguments: Sequence[str] = ()
    cpus: float | None = None
    memory: int | None = None
    timeout: float | None = None
    retries: int | None = None
    env: Mapping[str, str] | None = None
    seed: int | None = None


def spec(lab: LocalLab, target: str, overrides: Overrides | None = None) -> JobSpec:
    """The spec of a job named in the configuration, or of a script by its path.

    Raises `InputError` if it is neither.
    """
    known = lab.config.jobs if lab.configured else {}
    if target in known:
        found = job_spec(lab, target, known[target])
    elif Path(target).is_file():
        found = script_spec(lab, Path(target))
    else:
        hint = (
            did_you_mean(target, known)
            if known
            else "name a script that exists, or make a project: stratolab init"
        )
        raise InputError(f"{target!r} is neither a job of this project nor a file", doing="run", hint=hint)
    return overridden(found, overrides or Overrides())


def job_spec(lab: LocalLab, name: str, job: JobConfig, params: Mapping[str, Param] | None = None) -> JobSpec:
    """The spec of a configured job."""
    if job.secrets:
        lab.secret_values(job.secrets)  # said now rather than at the first trial
    return JobSpec(
        name=name,
        command=with_params(words(job.command), params or {}),
        folder=str((lab.project / job.folder).resolve() if job.folder else lab.project),
        project=lab.config.project.name,
        resources=Resources(cpus=job.cpus, memory=job.memory, timeout=job.timeout),
        retries=job.retries,
        env=dict(job.env),
        secrets=dict(job.secrets),
        params=dict(params or {}),
        data=tuple(job.data),
        seed=job.seed,
    )


def script_spec(lab: LocalLab, script: Path) -> JobSpec:
    """The spec of a script that no configuration names: Python for `.py`, else the file itself."""
    if script.suffix != ".py" and not os.access(script, os.X_OK):
        raise InputError(
            f"{script} is neither a Python script nor executable", doing="run", hint=f"chmod +x {script}"
        )
    path = str(script) if script.is_absolute() else f"./{script}"
    return JobSpec(
        name=script.stem,
        command=("python", str(script)) if script.suffix == ".py" else (path,),
        folder=str(Path.cwd()),
        project=lab.config.project.name if lab.configured else lab.project.name,
    )


def overridden(found: JobSpec, flags: Overrides) -> JobSpec:
    """The spec with what flags say instead."""
    seed = found.seed if flags.seed is None else flags.seed
    seeded = {} if seed is None else {"STRATOLAB_SEED": str(seed)}
    resources = found.resources
    resources = Resources(
        cpus=resources.cpus if flags.cpus is None else flags.cpus,
        memory=resources.memory if flags.memory is None else flags.memory,
        timeout=resources.timeout if flags.timeout is None else flags.timeout,
    )
    return replace(
        found,
        command=(*found.command, *flags.arguments),
        resources=resources,
        retries=found.retries if flags.retries is None else flags.retries,
        env={**seeded, **found.env, **(flags.env or {})},
        seed=seed,
    )
