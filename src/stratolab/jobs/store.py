"""Jobs in a lab's database: plain functions of a transaction, each fit to run twice.

What a job was asked to be never changes. How it goes changes only by compare-and-set on its fence, which
counts the times that it was handed to an engine: news of an earlier time, and news of a job that has
ended, change nothing.
"""

# ruff: noqa: S608 - statements are made of the names of columns only; values are always parameters

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean
from stratolab.jobs import outbox
from stratolab.jobs.database import Transaction
from stratolab.jobs.models import Job, JobState, Reason, Resources
from stratolab.jobs.stores.values import among, escape, finite, pack, unescape, unpack

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from stratolab.jobs.models import Outcome

_COLUMNS = (
    "id", "name", "project", "state", "command", "folder", "cpus", "memory", "timeout", "retries", "env", "secrets",
    "params", "data", "seed", "owner", "engine", "fence", "submitted", "started", "ended", "pid", "reason",
    "exit_code", "killed_by", "attempts", "wall_seconds", "cpu_seconds", "peak_memory", "price", "message",
    "capsule", "sweep", "trial",
)  # fmt: skip
_ENDED = (
    "state", "reason", "exit_code", "killed_by", "started", "ended", "wall_seconds", "cpu_seconds", "peak_memory",
    "attempts", "message",
)  # fmt: skip
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM job"
_INSERT = f"INSERT INTO job ({', '.join(_COLUMNS)}) VALUES ({', '.join(':' + name for name in _COLUMNS)})"
_LATEST = "ORDER BY submitted DESC, id DESC"
_UNENDED = "('queued', 'starting', 'running')"
_FINISH = (
    f"UPDATE job SET {', '.join(f'{name} = :{name}' for name in _ENDED)}, "
    f"price = COALESCE(price + :price, :price, price) WHERE id = :job AND fence = :fence AND state IN {_UNENDED}"
)
_BATCH = 500  # values in one IN list
_CANDIDATES = 5  # named when a text means several jobs
_AFTER_IDS = "~"  # sorts after every character of an id


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a job's history. `at` in seconds since the epoch."""

    job: str
    number: int
    kind: str
    detail: str
    at: float


def add(tx: Transaction, jobs: Sequence[Job]) -> None:
    """Record new jobs with their attributes. A job whose id is there already stays as it is."""
    known = _known(tx, [job.id for job in jobs])
    insert(tx, [job for job in jobs if job.id not in known])


def insert(tx: Transaction, new: Sequence[Job]) -> None:
    """Record jobs whose ids are surely not there yet."""
    if not new:
        return
    tx.execute_many(_INSERT, [_row(job) for job in new])
    attributes = [_attribute(job.id, name, value) for job in new for name, value in job.attributes.items()]
    if attributes:
        tx.execute_many(
            "INSERT INTO job_attribute (job, name, value) VALUES (:job, :name, :value)", attributes
        )


def get(tx: Transaction, job: str) -> Job:
    """The job of this id.

    Raises `InputError` if there is none.
    """
    found = _jobs(tx, tx.rows(f"{_SELECT} WHERE id = :id", id=job))
    if not found:
        raise InputError(f"there is no job {job!r}", hint="stratolab jobs ls")
    return found[0]


def several(tx: Transaction, jobs: Sequence[str]) -> list[Job]:
    """The jobs of these ids, in no order; one that is not there is left out."""
    rows: list[Mapping[str, Any]] = []
    for begin in range(0, len(jobs), _BATCH):
        condition, values = among("id", jobs[begin : begin + _BATCH])
        rows.extend(tx.rows(f"{_SELECT} WHERE {condition}", **values))
    return _jobs(tx, rows)


def find(tx: Transaction, text: str, *, project: str | None = None) -> Job:
    """The job that `text` means: an id, a name (its latest job), the beginning of one id; "" is the latest.

    Names and "" look only among the jobs of `project`, where one is given. Raises `InputError` naming the
    candidates if several are meant, the nearest names if none is.
    """
    scope = {} if project is None else {"project": escape(project)}
    mine = "AND project = :project" if scope else ""
    if text:
        meant = escape(text)
        found = (
            tx.rows(f"{_SELECT} WHERE id = :text", text=meant)
            or tx.rows(f"{_SELECT} WHERE name = :text {mine} {_LATEST} LIMIT 1", text=meant, **scope)
            or _beginning_with(tx, meant)
        )
    else:
        found = tx.rows(f"{_SELECT} WHERE id <> '' {mine} {_LATEST} LIMIT 1", **scope)
    if not found:
        raise _unknown(tx, text)
    if len(found) > 1:
        raise _ambiguous(text, found)
    return _jobs(tx, found)[0]


def listing(
    tx: Transaction,
    *,
    states: Collection[JobState] = (),
    name: str | None = None,
    sweep: str | None = None,
    project: str | None = None,
    limit: int | None = None,
    before: str = "",
) -> list[Job]:
    """Jobs, latest first, that match everything that is given; `before` is the id of a job to go on after.

    Raises `InputError` if there is no job `before`.
    """
    conditions: list[str] = []
    values: dict[str, object] = {}
    for column, value in (("name", name), ("sweep", sweep), ("project", project)):
        if value is not None:
            conditions.append(f"{column} = :{column}")
            values[column] = escape(value)
    if before:
        conditions.append("(submitted < :last OR (submitted = :last AND id < :last_id))")
        values.update(last=get(tx, before).submitted, last_id=before)
    if limit is not None:
        values["most"] = limit
    cut = "" if limit is None else "LIMIT :most"
    rows: list[Mapping[str, Any]] = []
    for state in sorted(states) or (None,):  # one after the other, so that an index gives each its order
        wanted = conditions if state is None else [*conditions, "state = :state"]
        where = f"WHERE {' AND '.join(wanted)}" if wanted else ""
        one = values if state is None else {**values, "state": state.value}
        rows.extend(tx.rows(f"{_SELECT} {where} {_LATEST} {cut}", **one))
    if len(states) > 1:
        rows.sort(key=lambda row: (row["submitted"], row["id"]), reverse=True)
    return _jobs(tx, rows[:limit])


def unfinished(tx: Transaction, sweep: str | None = None) -> list[Job]:
    """The jobs that have not ended, oldest first: all of them, or those of a sweep."""
    rows = tx.rows(f"{_SELECT} WHERE state IN {_UNENDED} ORDER BY submitted, id")
    # Chosen here: few jobs have not ended, and a database might rather look through all jobs of the sweep.
    return _jobs(tx, [row for row in rows if sweep is None or row["sweep"] == escape(sweep)])


def started(tx: Transaction, job: str, fence: int, pid: int | None, at: float) -> bool:
    """Record that a job runs, since `at`; False if it has ended, or was handed out anew since `fence`."""
    changed = tx.execute(
        "UPDATE job SET state = 'running', pid = :pid, started = COALESCE(started, :at) "
        f"WHERE id = :job AND fence = :fence AND state IN {_UNENDED}",
        job=job, fence=fence, pid=pid, at=at,
    )  # fmt: skip
    return changed > 0


def finish(tx: Transaction, outcome: Outcome, price: float | None) -> bool:
    """Record how a job ended, unless it has ended or was handed out anew since the outcome's fence.

    `price`, in US dollars, is added to that of earlier times. True if this outcome is now on record, by
    this call or by an earlier one; False for one that comes late.
    """
    values: dict[str, object] = {
        "state": outcome.state.value,
        "reason": outcome.reason.value,
        "exit_code": outcome.exit_code,
        "killed_by": outcome.signal,
        "started": finite(outcome.started),
        "ended": finite(outcome.ended),
        "wall_seconds": finite(outcome.wall_seconds),
        "cpu_seconds": finite(outcome.cpu_seconds),
        "peak_memory": outcome.peak_memory,
        "attempts": outcome.attempts,
        "message": escape(outcome.message),
    }
    changed = tx.execute(
        _FINISH,
        job=outcome.job, fence=outcome.fence, price=finite(price), **values,
    )  # fmt: skip
    if changed:
        outbox.add(tx, outbox.JOB, outcome.job, outcome.fence)
    return changed > 0 or _is(tx, outcome.job, outcome.fence, **values)


def refence(tx: Transaction, job: str) -> int:
    """Hand a job out anew: queued again, as if it had not run, under the fence that this gives.

    What it has cost so far stays in its price. Raises `InputError` if there is no such job.
    """
    found = tx.rows(f"SELECT fence FROM job WHERE id = :job{tx.for_update}", job=job)
    if not found:
        raise InputError(f"there is no job {job!r}", hint="stratolab jobs ls")
    fence = int(found[0]["fence"]) + 1
    tx.execute(
        "UPDATE job SET fence = :fence, state = 'queued', started = NULL, ended = NULL, pid = NULL, reason = NULL, "
        "exit_code = NULL, killed_by = NULL, attempts = 0, wall_seconds = NULL, cpu_seconds = NULL, "
        "peak_memory = NULL, message = '' WHERE id = :job",
        job=job, fence=fence,
    )  # fmt: skip
    return fence


def attributes(tx: Transaction, job: str) -> dict[str, str]:
    """A job's attributes, by name."""
    rows = tx.rows("SELECT name, value FROM job_attribute WHERE job = :job ORDER BY name", job=job)
    return {unescape(row["name"]): unescape(row["value"]) for row in rows}


def set_attributes(tx: Transaction, job: str, values: Mapping[str, str]) -> None:
    """Give a job these attributes; others that it has stay."""
    for name, value in values.items():
        row = _attribute(job, name, value)
        tx.execute("DELETE FROM job_attribute WHERE job = :job AND name = :name", job=job, name=row["name"])
        tx.execute("INSERT INTO job_attribute (job, name, value) VALUES (:job, :name, :value)", **row)


def record(tx: Transaction, job: str, kind: str, detail: str, at: float) -> None:
    """Write a line into a job's history; the same line (kind, detail and time) only once."""
    tx.rows(f"SELECT id FROM job WHERE id = :job{tx.for_update}", job=job)
    written = history(tx, job)
    if any((entry.kind, entry.detail, entry.at) == (kind, detail, at) for entry in written):
        return
    tx.execute(
        "INSERT INTO job_event (job, number, kind, detail, happened) VALUES (:job, :number, :kind, :detail, :at)",
        job=job, number=len(written) + 1, kind=escape(kind), detail=escape(detail), at=at,
    )  # fmt: skip


def history(tx: Transaction, job: str) -> list[Entry]:
    """What was recorded of a job, in that order."""
    rows = tx.rows(
        "SELECT number, kind, detail, happened FROM job_event WHERE job = :job ORDER BY number", job=job
    )
    return [
        Entry(job, row["number"], unescape(row["kind"]), unescape(row["detail"]), row["happened"])
        for row in rows
    ]


def _known(tx: Transaction, ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for begin in range(0, len(ids), _BATCH):
        condition, values = among("id", ids[begin : begin + _BATCH])
        found.update(row["id"] for row in tx.rows(f"SELECT id FROM job WHERE {condition}", **values))
    return found


def _beginning_with(tx: Transaction, text: str) -> list[Mapping[str, Any]]:
    return tx.rows(
        f"{_SELECT} WHERE id >= :low AND id < :high ORDER BY id DESC LIMIT {_CANDIDATES + 1}",
        low=text,
        high=text + _AFTER_IDS,
    )


def _unknown(tx: Transaction, text: str) -> InputError:
    if not text:
        return InputError("there is no job yet", hint="stratolab run SCRIPT")
    names = [unescape(row["name"]) for row in tx.rows("SELECT DISTINCT name FROM job")]
    return InputError(f"there is no job {text!r}", hint=did_you_mean(text, names))


def _ambiguous(text: str, found: Sequence[Mapping[str, Any]]) -> InputError:
    named = ", ".join(f"{row['id']} ({unescape(row['name'])})" for row in found[:_CANDIDATES])
    more = " and others" if len(found) > _CANDIDATES else ""
    return InputError(f"{text!r} begins several jobs: {named}{more}", hint="give more of its id")


def _is(tx: Transaction, job: str, fence: int, **values: object) -> bool:
    """Whether the job's row holds exactly these values under this fence."""
    rows = tx.rows(
        f"SELECT {', '.join(values)} FROM job WHERE id = :job AND fence = :fence", job=job, fence=fence
    )
    return bool(rows) and dict(rows[0]) == values


def _row(job: Job) -> dict[str, object]:
    return {
        "id": job.id,
        "name": escape(job.name),
        "project": escape(job.project),
        "state": job.state.value,
        "command": pack(job.command),
        "folder": escape(job.folder),
        "cpus": job.resources.cpus,
        "memory": job.resources.memory,
        "timeout": finite(job.resources.timeout),
        "retries": job.retries,
        "env": pack(dict(job.env)),
        "secrets": pack(dict(job.secrets)),
        "params": pack(dict(job.params)),
        "data": pack(job.data),
        "seed": None if job.seed is None else str(job.seed),
        "owner": escape(job.owner),
        "engine": escape(job.engine),
        "fence": job.fence,
        "submitted": job.submitted,
        "started": finite(job.started),
        "ended": finite(job.ended),
        "pid": job.pid,
        "reason": None if job.reason is None else job.reason.value,
        "exit_code": job.exit_code,
        "killed_by": job.signal,
        "attempts": job.attempts,
        "wall_seconds": finite(job.wall_seconds),
        "cpu_seconds": finite(job.cpu_seconds),
        "peak_memory": job.peak_memory,
        "price": finite(job.price),
        "message": escape(job.message),
        "capsule": escape(job.capsule),
        "sweep": escape(job.sweep),
        "trial": job.trial,
    }


def _attribute(job: str, name: str, value: str) -> dict[str, str]:
    return {"job": job, "name": escape(name), "value": escape(value)}


def _jobs(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> list[Job]:
    by_job = _attributes(tx, [row["id"] for row in rows])
    return [_job(row, by_job.get(row["id"], {})) for row in rows]


def _attributes(tx: Transaction, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for begin in range(0, len(ids), _BATCH):
        condition, values = among("job", ids[begin : begin + _BATCH])
        query = f"SELECT job, name, value FROM job_attribute WHERE {condition}"
        for row in tx.rows(query, **values):
            found.setdefault(row["job"], {})[unescape(row["name"])] = unescape(row["value"])
    return found


def _job(row: Mapping[str, Any], attributes: Mapping[str, str]) -> Job:
    return Job(
        id=row["id"],
        name=unescape(row["name"]),
        project=unescape(row["project"]),
        state=JobState(row["state"]),
        command=tuple(unpack(row["command"])),
        folder=unescape(row["folder"]),
        resources=Resources(cpus=row["cpus"], memory=row["memory"], timeout=row["timeout"]),
        retries=row["retries"],
        env=unpack(row["env"]),
        secrets=unpack(row["secrets"]),
        params=unpack(row["params"]),
        data=tuple(unpack(row["data"])),
        seed=None if row["seed"] is None else int(row["seed"]),
        owner=unescape(row["owner"]),
        engine=unescape(row["engine"]),
        fence=row["fence"],
        submitted=row["submitted"],
        started=row["started"],
        ended=row["ended"],
        pid=row["pid"],
        reason=None if row["reason"] is None else Reason(row["reason"]),
        exit_code=row["exit_code"],
        signal=row["killed_by"],
        attempts=row["attempts"],
        wall_seconds=row["wall_seconds"],
        cpu_seconds=row["cpu_seconds"],
        peak_memory=row["peak_memory"],
        price=row["price"],
        message=unescape(row["message"]),
        capsule=unescape(row["capsule"]),
        sweep=unescape(row["sweep"]),
        trial=row["trial"],
        attributes=attributes,
    )


__all__ = [
    "Entry", "Job", "Transaction", "add", "attributes", "find", "finish", "get", "history", "listing",
    "record", "refence", "set_attributes", "started", "unfinished",
]  # fmt: skip
