"""Why a job waits or failed, in words, with what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.core.units import format_duration, format_size
from stratolab.jobs.ends import signal_name
from stratolab.jobs.models import JobState, Reason
from stratolab.sweeps import ledger, standing
from stratolab.sweeps.models import TrialState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stratolab.jobs.models import Job
    from stratolab.lab.local import LocalLab

_TAIL_BYTES = 16 * 1024
_LINES = 15
_MODULE = re.compile(r"ModuleNotFoundError: No module named '([^']+)'")
_FILE = re.compile(r"FileNotFoundError: .*?No such file or directory: '([^']+)'")
_FLAG = re.compile(r"error: unrecognized arguments: (\S+)")


@dataclass(frozen=True, slots=True)
class Explanation:
    """`why` a job stands as it does, what would `fix` that, and the end of its log."""

    why: str
    fix: str = ""
    log: tuple[str, ...] = ()


def explain(lab: LocalLab, job: Job) -> Explanation:
    """Explain a job's state."""
    if not job.state.ended:
        return _running(lab, job) if job.engine == lab.engine.name else _elsewhere(job)
    if job.state is JobState.SUCCEEDED:
        return _succeeded(lab, job)
    log = _log(lab, job)
    why, fix = _ENDS[job.reason or Reason.LOST](job, "\n".join(log))
    return Explanation(why, fix, log)


def _succeeded(lab: LocalLab, job: Job) -> Explanation:
    trial = lab.database.read(lambda tx: standing.of_jobs(tx, [job.id])).get(job.id) if job.sweep else None
    if trial is None or trial.state is not TrialState.FAILED:
        return Explanation(f"it did what it should, in {format_duration(job.wall_seconds or 0)}")
    metric = lab.database.read(lambda tx: ledger.get(tx, job.sweep)).config["metric"]
    return Explanation(
        f"it ended well, but its trial failed: {trial.reason}",
        f'have it print a line of JSON that gives {metric} a finite number, such as {{"{metric}": 0.41}}',
        _log(lab, job),
    )


def _running(lab: LocalLab, job: Job) -> Explanation:
    status = lab.engine.status()
    waits = next((one.reason for one in status.waiting if one.job == job.id), "") if status else ""
    if waits:
        return Explanation(
            f"it waits: {waits}", "wait, or stop what holds the CPUs: stratolab jobs ls --all --state running"
        )
    if job.state is JobState.QUEUED:
        return Explanation("it is about to start", f"stratolab jobs logs -f {job.id}")
    return Explanation("it runs", f"stratolab jobs logs -f {job.id}")


def _elsewhere(job: Job) -> Explanation:
    """How a job goes that another engine runs, as far as that has told."""
    if blocked := job.attributes.get("blocked"):
        return Explanation(f"it stands first in its queue and cannot start: {blocked}", _BLOCKED)
    return Explanation(f"it is {job.state}, as {job.engine} has told")


_BLOCKED = (
    "more of what is missing for the queue in lab.toml, or a smaller job; after start_within it is cancelled"
)


def _exit(job: Job, log: str) -> tuple[str, str]:
    why = f"its command ended with exit code {job.exit_code}"
    if found := _MODULE.search(log):
        return (
            f"{why}: it imports {found[1]}, which is not installed",
            f"pip install {found[1]}, in the environment that stratolab runs in",
        )
    if found := _FILE.search(log):
        return f"{why}: it wants {found[1]}, which is not there", f"paths are relative to {job.folder}"
    if found := _FLAG.search(log):
        return (
            f"{why}: it does not know the flag {found[1]}",
            'parameters come as --name value; or put them in place: command = "... {name}"',
        )
    if job.exit_code == 127:
        return f"{why}: a program that it calls was not found", "see the log"
    return why, "the reason stands in its log; then: stratolab jobs retry " + job.id


def _signal(job: Job, _log: str) -> tuple[str, str]:
    why = f"it was killed by {signal_name(job.signal)}, which stratolab did not send"
    fixes = {
        9: "often the kernel's out-of-memory killer (dmesg | tail): fewer at a time, or more memory",
        11: "a crash in native code: update or pin the library that it happened in",
        15: "someone or something asked it to end",
    }
    return why, fixes.get(job.signal or 0, "see the log")


def _timeout(job: Job, _log: str) -> tuple[str, str]:
    limit = job.resources.timeout or 0
    wanted = f"{max(1, round(2 * limit))}s"
    return f"it ran longer than its limit of {format_duration(limit)}", _raised(job, "timeout", wanted)


def _memory(job: Job, _log: str) -> tuple[str, str]:
    peak, limit = job.peak_memory or 0, job.resources.memory
    if limit is None or job.message:  # the machine had no more, or did not give it
        return (
            f"it got no more memory at {format_size(peak)}: {job.message}",
            "less at a time in the script, fewer jobs at a time, or a machine with more memory",
        )
    return (
        f"it used {format_size(peak)} of memory; its limit is {format_size(limit)}",
        _raised(job, "memory", format_size(max(peak, limit) * 1.5)),
    )


def _raised(job: Job, limit: str, value: str) -> str:
    return f'{limit} = "{value}" in [jobs.{job.name}], or --{limit} {value}'


def _cancelled(job: Job, _log: str) -> tuple[str, str]:
    return "someone cancelled it", f"stratolab jobs retry {job.id}"


def _pruned(job: Job, _log: str) -> tuple[str, str]:
    return f"its sweep {job.sweep} stopped it early", f"stratolab sweeps show {job.sweep}"


def _not_started(job: Job, _log: str) -> tuple[str, str]:
    if job.engine == "batch":
        return f"it could not be started: {job.message}", "mend what is named there, and submit it again"
    return (
        f"its command could not be started: {job.message}",
        f"is {job.command[0]!r} installed and executable? paths are relative to {job.folder}",
    )


def _lost(job: Job, _log: str) -> tuple[str, str]:
    return job.message or "what ran it died, so its end was not seen", f"stratolab jobs retry {job.id}"


_ENDS: dict[Reason, Callable[[Job, str], tuple[str, str]]] = {
    Reason.EXIT: _exit,
    Reason.SIGNAL: _signal,
    Reason.TIMEOUT: _timeout,
    Reason.OUT_OF_MEMORY: _memory,
    Reason.CANCELLED: _cancelled,
    Reason.PRUNED: _pruned,
    Reason.NOT_STARTED: _not_started,
    Reason.LOST: _lost,
}


def _log(lab: LocalLab, job: Job) -> tuple[str, ...]:
    return tuple(map(lab.mask(job.secrets).text, _tail(lab.home(job.id) / "log")))


def _tail(path: Path) -> tuple[str, ...]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ()
    return tuple(text.splitlines()[-_LINES:])
