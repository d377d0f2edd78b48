"""Jobs, trials and sweeps of a lab as runs for MLflow, and the lab's backlog of them."""

from __future__ import annotations

import os
import time
from types import MappingProxyType
from typing import TYPE_CHECKING

from stratolab.jobs import curves, outbox, store
from stratolab.jobs.capsules import records
from stratolab.jobs.models import JobState, Reason
from stratolab.jobs.service import owner
from stratolab.sweeps import ledger, standing
from stratolab.sweeps.models import SweepState, TrialState
from stratolab.tracking.ids import run_id, sweep_run_id
from stratolab.tracking.models import FAILED, FINISHED, JOB, KILLED, KIND, RUNNING, SWEEP, TRIAL, Curve, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stratolab.jobs.database import Transaction
    from stratolab.jobs.models import Job
    from stratolab.jobs.outbox import Entry
    from stratolab.lab.local import LocalLab
    from stratolab.sweeps.models import Sweep, Trial

_OF_JOB = {
    JobState.SUCCEEDED: FINISHED, JobState.FAILED: FAILED, JobState.CANCELLED: KILLED, JobState.LOST: FAILED,
}  # fmt: skip
_OF_TRIAL = {TrialState.SUCCEEDED: FINISHED, TrialState.FAILED: FAILED, TrialState.PRUNED: KILLED}
_OF_SWEEP = {SweepState.RUNNING: RUNNING, SweepState.STOPPED: KILLED, SweepState.FINISHED: FINISHED}
_SETTINGS = ("metric", "goal", "sampler", "seed", "trials", "parallel", "prune")  # of a sweep, as parameters


class Runs:
    """Makes runs of what the lab knows. Remembers what many trials share."""

    def __init__(self, lab: LocalLab) -> None:
        self._lab = lab
        self._jobs = os.fspath(lab.folder.absolute() / "jobs")
        self._commits: dict[str, str] = {}  # by capsule

    def of_job(
        self, job: Job, trial: Trial | None = None, curves: Mapping[str, Curve] = MappingProxyType({})
    ) -> Run:
        """The run of a job with these metrics; it evaluates `trial` if it belongs to a sweep."""
        nested = bool(job.sweep) and job.trial is not None
        return Run(
            id=run_id(job.id),
            kind="trial" if nested else "job",
            key=job.id,
            experiment=experiment_of(job),
            name=f"trial {job.trial}" if nested else job.name,
            status=_status(job, trial),
            user=job.owner.partition("@")[0] or "unknown",
            start=job.started or job.submitted,
            end=job.ended if job.state.ended else None,
            life=job.fence,
            sweep=job.sweep if nested else "",
            parent=sweep_run_id(job.sweep) if nested else "",
            params=job.params,
            tags=self._tags(job, trial, nested=nested),
            curves=curves,
            folder=f"{self._jobs}/{job.id}",
            log=not job.secrets,  # a script may print what it was given, and MLflow shows it to whoever can reach it
        )

    def ended(self, job: Job, trial: Trial | None) -> Run:
        """The run of a job that has ended, with all that it reported."""
        found = curves.read(f"{self._jobs}/{job.id}")
        return self.of_job(job, trial, {name: Curve(one.steps, one.values) for name, one in found})

    def of_sweep(self, tx: Transaction, sweep: Sweep) -> Run:
        """The run that a sweep's trials are nested under, with its best as it now stands."""
        counts = ledger.counts(tx, sweep.id)
        best = standing.best(tx, sweep)
        end = sweep.ended
        if sweep.state is SweepState.STOPPED:
            end = standing.last_end(tx, sweep.id) or sweep.created
        config = sweep.config
        params = {name: config[name] for name in _SETTINGS if config.get(name) is not None}
        tags = {
            KIND: "sweep",
            SWEEP: sweep.id,
            "stratolab.state": sweep.state.value,
            "stratolab.reason": sweep.reason,
            "stratolab.capsule": str(config.get("capsule", "")),
            "stratolab.price": _money(ledger.spent(tx, sweep.id)),
            "mlflow.source.type": "LOCAL",
            "mlflow.source.name": _source(config.get("command", [])),
            **self._commit(str(config.get("capsule", ""))),
        }
        ended = sum(count for state, count in counts.items() if state is not TrialState.RUNNING)
        tags |= {f"stratolab.trials.{state}": str(count) for state, count in counts.items()}
        shown = {}
        if best is not None and best.value is not None:
            tags["stratolab.best.trial"] = str(best.number)
            tags |= {f"stratolab.best.{name}": str(value) for name, value in best.params.items()}
            shown[f"best_{config['metric']}"] = Curve([ended], [best.value])
            if sweep.state is SweepState.FINISHED:  # only now: MLflow's parameters never change
                params |= {f"best.{name}": value for name, value in best.params.items()}
        return Run(
            id=sweep_run_id(sweep.id),
            kind="sweep",
            key=sweep.id,
            experiment=sweep.name,
            name=sweep.id,
            status=_OF_SWEEP[sweep.state],
            user=owner().partition("@")[0],
            start=sweep.created,
            end=end,
            sweep=sweep.id,
            params=params,
            tags={name: value for name, value in tags.items() if value},
            curves=shown,
        )

    def _tags(self, job: Job, trial: Trial | None, *, nested: bool) -> dict[str, str]:
        state = job.state.value
        reason = job.reason.value if job.reason and job.reason is not Reason.DONE else ""
        if trial is not None and trial.state is not TrialState.RUNNING:
            state, reason = trial.state.value, trial.reason or reason
        if job.secrets:
            reason = self._lab.mask(job.secrets).text(reason)
        tags = {
            KIND: "trial" if nested else "job",
            JOB: job.id,
            SWEEP: job.sweep if nested else "",
            TRIAL: str(job.trial) if nested else "",
            "stratolab.state": state,
            "stratolab.reason": reason,
            "stratolab.capsule": job.capsule,
            "stratolab.price": "" if job.price is None else _money(job.price),
            "stratolab.seed": "" if job.seed is None else str(job.seed),
            "stratolab.cpu_seconds": "" if job.cpu_seconds is None else f"{job.cpu_seconds:.6g}",
            "stratolab.peak_memory": "" if job.peak_memory is None else str(job.peak_memory),
            "mlflow.source.type": "LOCAL",
            "mlflow.source.name": _source(job.command),
            **self._commit(job.capsule),
        }
        return {name: value for name, value in tags.items() if value}

    def _commit(self, capsule: str) -> dict[str, str]:
        if capsule not in self._commits:
            self._commits[capsule] = records.commit(self._lab.capsules, capsule) if capsule else ""
        commit = self._commits[capsule]
        return {"mlflow.source.git.commit": commit} if commit else {}


class LabBacklog:
    """What has changed in a lab and is not in MLflow yet (`stratolab.tracking.writer.Backlog`)."""

    def __init__(self, lab: LocalLab, running: Callable[[], list[Run]] = list) -> None:
        self._lab, self._runs = lab, Runs(lab)
        self._parents: set[str] = set()  # sweeps whose runs this process has written
        self.running = running

    def page(self, after: Entry | None, limit: int) -> Sequence[Entry]:
        """The next lines of the outbox."""
        return self._lab.database.read(lambda tx: outbox.page(tx, after, limit=limit))

    def runs(self, entries: Sequence[Entry]) -> list[tuple[Entry, list[Run]]]:
        """The runs of these, each sweep's before its trials. What did not run in this lab is left out."""
        mine = [entry for entry in entries if self._mine(entry)]

        def read(tx: Transaction) -> tuple[list[Job], dict[str, Trial], dict[str, Run]]:
            jobs = store.several(tx, [entry.id for entry in mine if entry.kind == outbox.JOB])
            wanted = {job.sweep for job in jobs if job.sweep} - self._parents
            wanted |= {entry.id for entry in mine if entry.kind == outbox.SWEEP}
            sweeps = {sweep: self._runs.of_sweep(tx, ledger.get(tx, sweep)) for sweep in sorted(wanted)}
            return jobs, standing.of_jobs(tx, [job.id for job in jobs if job.sweep]), sweeps

        listed, trials, sweeps = self._lab.database.read(read)
        jobs = {job.id: job for job in listed}
        latest = {entry.id: entry for entry in mine if entry.kind == outbox.SWEEP}
        return [
            (entry, [sweeps[entry.id]] if latest[entry.id] == entry else [])
            if entry.kind == outbox.SWEEP
            else (entry, self._of_job(jobs.get(entry.id), entry, trials, sweeps))
            for entry in mine
        ]

    def done(self, entries: Sequence[Entry]) -> None:
        """Take these lines out."""
        self._lab.database.run(lambda tx: outbox.remove(tx, entries))

    def _of_job(
        self, job: Job | None, entry: Entry, trials: dict[str, Trial], sweeps: dict[str, Run]
    ) -> list[Run]:
        if job is None or job.fence != entry.version or not job.state.ended:
            return []  # handed out again since: there will be another line
        runs = [self._runs.ended(job, trials.get(job.id))]
        if job.sweep in sweeps and job.sweep not in self._parents:
            self._parents.add(job.sweep)
            runs.insert(0, sweeps[job.sweep])
        return runs

    def _mine(self, entry: Entry) -> bool:
        """Whether it ran in this lab: several labs may share a store on a server."""
        if not self._lab.shared or entry.id in self._parents:
            return True
        if entry.kind == outbox.JOB:
            return self._lab.home(entry.id).is_dir()
        trials = self._lab.database.read(lambda tx: ledger.trials(tx, entry.id))
        return any(self._lab.home(trial.job).is_dir() for trial in trials)


def experiment_of(job: Job) -> str:
    """The experiment that a job's run is in: its sweep's name, else its project's."""
    if job.sweep and job.trial is not None:
        return job.sweep.rpartition("-")[0]
    return job.project or "stratolab"


def beginning(run: Run) -> Run:
    """The run as it is before its process starts."""
    from dataclasses import replace

    return replace(run, status=RUNNING, start=time.time(), end=None)


def _status(job: Job, trial: Trial | None) -> str:
    if trial is not None and trial.state in _OF_TRIAL:
        return _OF_TRIAL[trial.state]
    return _OF_JOB.get(job.state, RUNNING)


def _source(command: Sequence[str]) -> str:
    """The script that a command runs, else its program."""
    scripts = [word for word in command if word.endswith((".py", ".sh"))]
    return (scripts or list(command) or [""])[0]


def _money(dollars: float) -> str:
    return f"{dollars:.6f}"
