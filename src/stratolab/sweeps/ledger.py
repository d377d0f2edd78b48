"""The ledger: every trial of every sweep exactly once, in the lab's database.

Plain functions of a transaction, each fit to run twice. A trial belongs to the driver that claimed it, for
as long as it renews its lease; each claim raises the trial's fence, and only the holder of the newest fence
can write its result. Every write begins by locking the sweep's row, raises the sweep's revision by one and
stamps that on the trials it changes: what changed since a revision is therefore all that a reader lacks,
and numbers are dense.
"""

# ruff: noqa: S608 - statements are made of the names of columns only; values are always parameters

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean, new_id
from stratolab.jobs import outbox
from stratolab.jobs.stores.values import among, escape, finite, pack
from stratolab.sweeps.head import locked, no_sweep, raised
from stratolab.sweeps.models import Result, Sweep, SweepState, Trial, TrialState
from stratolab.sweeps.rows import (
    INSERT_TRIAL,
    SELECT_SWEEP,
    SELECT_TRIAL,
    columns_of,
    row_of,
    sweep_of,
    trial_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stratolab.jobs.database import Transaction
    from stratolab.sweeps.head import Head
    from stratolab.sweeps.space import Params

_HELD = (
    "WHERE sweep = :sweep AND number = :number AND owner = :owner AND fence = :fence AND state = 'running'"
)
_OWNED = "WHERE sweep = :sweep AND state = 'running' AND owner = :owner AND lease > 0"
_LATEST = "ORDER BY created DESC, number DESC"
_BATCH = 500  # points in one IN list
_FIRST_FENCE = 1


@dataclass(frozen=True, slots=True)
class Claim:
    """A point that a driver wants to try: its digest in the space, and the id its job would get."""

    params: Params
    digest: str
    job: str


# -- sweeps --------------------------------------------------------------------------------------


def create(
    tx: Transaction,
    name: str,
    project: str,
    config: Mapping[str, object],
    now: float,
    *,
    forked_from: str = "",
    token: str = "",
) -> Sweep:
    """A new sweep, running, without trials. Its id is `<name>-<n>`, where n counts the sweeps of that name.

    Ids are unique in the database, so n may skip numbers where projects share one. `config` must be JSON.
    Whoever may have to run this twice gives a `token` of its own: the same one gives the same sweep.
    """
    token = token or new_id()
    found = tx.rows(f"{SELECT_SWEEP} WHERE token = :token", token=token)
    if found:
        return sweep_of(found[0])
    highest = tx.rows("SELECT MAX(number) AS highest FROM sweep WHERE name = :name", name=name)[0]["highest"]
    number = (highest or 0) + 1
    tx.execute(
        "INSERT INTO sweep (id, token, name, number, project, state, config, created, reason, forked_from, revision, "
        "trials) VALUES (:id, :token, :name, :number, :project, 'running', :config, :created, '', :forked_from, 0, 0)",
        id=f"{name}-{number}", token=token, name=name, number=number, project=escape(project),
        config=pack(dict(config)), created=now, forked_from=forked_from,
    )  # fmt: skip
    return get(tx, f"{name}-{number}")


def get(tx: Transaction, sweep: str) -> Sweep:
    """The sweep of this id.

    Raises `InputError` if there is none.
    """
    found = tx.rows(f"{SELECT_SWEEP} WHERE id = :sweep", sweep=sweep)
    if not found:
        raise no_sweep(sweep)
    return sweep_of(found[0])


def find(tx: Transaction, text: str, project: str) -> Sweep:
    """The sweep that `text` means: an id, a name (the project's latest of it), or "" (the project's latest).

    Raises `InputError` naming the nearest one if there is none.
    """
    if text:
        found = tx.rows(f"{SELECT_SWEEP} WHERE id = :text", text=escape(text)) or tx.rows(
            f"{SELECT_SWEEP} WHERE project = :project AND name = :text {_LATEST} LIMIT 1",
            project=escape(project),
            text=escape(text),
        )
    else:
        found = tx.rows(f"{SELECT_SWEEP} WHERE project = :project {_LATEST} LIMIT 1", project=escape(project))
    if found:
        return sweep_of(found[0])
    if not text:
        raise InputError("there is no sweep yet", hint="stratolab sweep NAME")
    known = [word for sweep in listing(tx, project) for word in (sweep.name, sweep.id)]
    raise InputError(f"there is no sweep {text!r}", hint=did_you_mean(text, set(known)))


def listing(
    tx: Transaction, project: str | None = None, *, name: str | None = None, limit: int | None = None
) -> list[Sweep]:
    """The sweeps of a project (of all, without one), latest first; only those of a `name` if one is given."""
    given = {"project": project, "name": name}
    values = {column: escape(value) for column, value in given.items() if value is not None}
    where = f"WHERE {' AND '.join(f'{column} = :{column}' for column in values)}" if values else ""
    cut, most = ("", {}) if limit is None else ("LIMIT :most", {"most": limit})
    return [sweep_of(row) for row in tx.rows(f"{SELECT_SWEEP} {where} {_LATEST} {cut}", **values, **most)]


def set_state(
    tx: Transaction, sweep: str, state: SweepState, *, reason: str = "", now: float | None = None
) -> None:
    """Put a sweep into `state`, for `reason`. `now` is when it ended; a running one has not.

    Raises `InputError` if there is no such sweep.
    """
    revision = locked(tx, sweep).revision + 1
    tx.execute(
        "UPDATE sweep SET state = :state, reason = :reason, ended = :ended, revision = :revision WHERE id = :sweep",
        sweep=sweep, state=state.value, reason=escape(reason), revision=revision,
        ended=None if state is SweepState.RUNNING else now,
    )  # fmt: skip
    outbox.add(tx, outbox.SWEEP, sweep, revision)


def update_config(tx: Transaction, sweep: str, config: Mapping[str, object]) -> None:
    """Give a sweep another configuration. What its trials depend on must be the same: the caller sees to it.

    Raises `InputError` if there is no such sweep.
    """
    revision = locked(tx, sweep).revision + 1
    tx.execute(
        "UPDATE sweep SET config = :config, revision = :revision WHERE id = :sweep",
        sweep=sweep, config=pack(dict(config)), revision=revision,
    )  # fmt: skip


def spent(tx: Transaction, sweep: str) -> float:
    """What the jobs of a sweep have cost so far, in US dollars."""
    rows = tx.rows("SELECT SUM(price) AS total FROM job WHERE sweep = :sweep", sweep=sweep)
    return float(rows[0]["total"] or 0.0)


# -- claims and leases ---------------------------------------------------------------------------


def claim(
    tx: Transaction,
    sweep: str,
    *,
    owner: str,
    now: float,
    lease: float,
    points: Sequence[Claim],
    limit: int | None = None,
) -> list[Trial]:
    """Make points into running trials of `owner` for `lease` seconds; gives those trials, in that order.

    Numbers are dense from 0. A point that the sweep has already is left out, and so is whatever would make
    more than `limit` trials in all. A claim whose job is in the ledger gives that trial as it stands, so
    that claiming twice is claiming once. Raises `InputError` if there is no such sweep.
    """
    head = locked(tx, sweep)
    claimed, new = put_claims(tx, sweep, head, owner=owner, now=now, lease=lease, points=points, limit=limit)
    if new:
        raised(tx, sweep, head, trials=new)
    return claimed


def put_claims(
    tx: Transaction,
    sweep: str,
    head: Head,
    *,
    owner: str,
    now: float,
    lease: float,
    points: Sequence[Claim],
    limit: int | None,
) -> tuple[list[Trial], int]:
    """A part of a write: `claim` under a lock that is held. Gives the trials, and how many of them are new."""
    jobs, digests = _present(tx, sweep, points)
    room = math.inf if limit is None else limit - head.trials
    claimed: list[Trial] = []
    rows: list[dict[str, object]] = []
    for point in points:
        if point.job in jobs:
            claimed.append(jobs[point.job])
        elif point.digest not in digests and len(rows) < room:
            trial = Trial(
                sweep=sweep,
                number=head.trials + len(rows),
                state=TrialState.RUNNING,
                params=point.params,
                job=point.job,
                owner=owner,
                fence=_FIRST_FENCE,
                lease=now + lease,
                created=now,
                revision=head.revision + 1,
            )
            digests.add(point.digest)
            claimed.append(trial)
            rows.append(row_of(trial, point.digest))
    if rows:
        tx.execute_many(INSERT_TRIAL, rows)
    return claimed, len(rows)


def reclaim(
    tx: Transaction,
    sweep: str,
    *,
    owner: str,
    now: float,
    lease: float,
    dead: Collection[str] = (),
    limit: int | None = None,
) -> list[Trial]:
    """Take over running trials whose lease is over by `now`, or whose owner is one of `dead`.

    They are then `owner`'s for `lease` seconds, under a higher fence: whoever had them cannot write any
    more. At most `limit`, lowest numbers first. Raises `InputError` if there is no such sweep.
    """
    head = locked(tx, sweep)
    gone, values = among("owner", dead) if dead else ("1 = 0", {})
    cut, most = ("", {}) if limit is None else ("LIMIT :most", {"most": max(0, limit)})
    found = tx.rows(
        f"{SELECT_TRIAL} WHERE sweep = :sweep AND state = 'running' AND (lease <= :now OR {gone}) "
        f"ORDER BY number {cut}",
        sweep=sweep, now=now, **values, **most,
    )  # fmt: skip
    if not found:
        return []
    condition, numbers = among("number", [row["number"] for row in found])
    tx.execute(
        "UPDATE trial SET owner = :owner, fence = fence + 1, lease = :until, revision = :revision "
        f"WHERE sweep = :sweep AND {condition}",
        sweep=sweep, owner=owner, until=now + lease, revision=head.revision + 1, **numbers,
    )  # fmt: skip
    raised(tx, sweep, head)
    ours = {"owner": owner, "lease": now + lease, "revision": head.revision + 1}
    return [trial_of({**row, **ours, "fence": row["fence"] + 1}) for row in found]


def renew(tx: Transaction, sweep: str, owner: str, until: float) -> set[int]:
    """Keep the trials that `owner` runs until `until`; gives their numbers. Released ones stay released."""
    _lease(tx, sweep, owner, until)
    return held(tx, sweep, owner)


def held(tx: Transaction, sweep: str, owner: str) -> set[int]:
    """The numbers of the trials that `owner` runs; a lock keeps others from taking them over until the commit."""
    locked(tx, sweep)
    found = tx.rows(f"SELECT number FROM trial {_OWNED}", sweep=sweep, owner=owner)
    return {int(row["number"]) for row in found}


def release(tx: Transaction, sweep: str, owner: str) -> int:
    """Give up the trials that `owner` runs, so that anybody may take them over at once."""
    return _lease(tx, sweep, owner, 0.0)


def started(tx: Transaction, sweep: str, number: int, *, owner: str, fence: int, at: float) -> bool:
    """Record since when a trial's job runs; False if the trial is no longer held under this fence."""
    head = locked(tx, sweep)
    changed = tx.execute(
        f"UPDATE trial SET started = :at, revision = :revision {_HELD}",
        sweep=sweep, number=number, owner=owner, fence=fence, at=at, revision=head.revision + 1,
    )  # fmt: skip
    if changed:
        raised(tx, sweep, head)
    return changed > 0


def finish(tx: Transaction, sweep: str, number: int, *, owner: str, fence: int, result: Result) -> bool:
    """Record how a trial ended, once and for all.

    True if this result is now in the ledger, by this call or by an earlier one; False for a writer that
    was fenced off. A value that is not a finite number is not stored: the trial then failed, and says so.
    """
    head = locked(tx, sweep)
    if put_result(tx, sweep, head, number, owner=owner, fence=fence, result=result):
        raised(tx, sweep, head)
        return True
    return has_result(tx, sweep, number, owner=owner, fence=fence, result=result)


def put_result(
    tx: Transaction, sweep: str, head: Head, number: int, *, owner: str, fence: int, result: Result
) -> bool:
    """A part of a write: record a result under a lock that is held. False if it changed nothing."""
    changed = tx.execute(
        "UPDATE trial SET state = :new, value = :value, reason = :reason, steps = :steps, "
        f"started = COALESCE(:started, started), ended = :ended, revision = :revision {_HELD}",
        sweep=sweep, number=number, owner=owner, fence=fence, revision=head.revision + 1,
        started=finite(result.started), **columns_of(result),
    )  # fmt: skip
    return changed > 0


def has_result(tx: Transaction, sweep: str, number: int, *, owner: str, fence: int, result: Result) -> bool:
    """Whether exactly this result was recorded, under this fence."""
    rows = tx.rows(
        "SELECT state AS new, value, reason, steps, ended FROM trial "
        "WHERE sweep = :sweep AND number = :number AND owner = :owner AND fence = :fence",
        sweep=sweep, number=number, owner=owner, fence=fence,
    )  # fmt: skip
    return bool(rows) and dict(rows[0]) == columns_of(result)


# -- reading -------------------------------------------------------------------------------------


def changes(tx: Transaction, sweep: str, since: int) -> tuple[list[Trial], int]:
    """The trials that changed after revision `since`, in the order of their changes, and the revision now.

    Raises `InputError` if there is no such sweep.
    """
    now = tx.rows("SELECT revision FROM sweep WHERE id = :sweep", sweep=sweep)
    if not now:
        raise no_sweep(sweep)
    rows = tx.rows(
        f"{SELECT_TRIAL} WHERE sweep = :sweep AND revision > :since ORDER BY revision, number",
        sweep=sweep,
        since=since,
    )
    return [trial_of(row) for row in rows], int(now[0]["revision"])


def trials(tx: Transaction, sweep: str) -> list[Trial]:
    """All trials of a sweep, by number."""
    return [
        trial_of(row) for row in tx.rows(f"{SELECT_TRIAL} WHERE sweep = :sweep ORDER BY number", sweep=sweep)
    ]


def counts(tx: Transaction, sweep: str) -> dict[TrialState, int]:
    """How many trials are in each state; every state is there."""
    rows = tx.rows(
        "SELECT state, COUNT(*) AS many FROM trial WHERE sweep = :sweep GROUP BY state", sweep=sweep
    )
    found = {row["state"]: int(row["many"]) for row in rows}
    return {state: found.get(state.value, 0) for state in TrialState}


def _lease(tx: Transaction, sweep: str, owner: str, until: float) -> int:
    head = locked(tx, sweep)
    changed = tx.execute(
        f"UPDATE trial SET lease = :until, revision = :revision {_OWNED}",
        sweep=sweep, owner=owner, until=until, revision=head.revision + 1,
    )  # fmt: skip
    if changed:
        raised(tx, sweep, head)
    return changed


def _present(tx: Transaction, sweep: str, points: Sequence[Claim]) -> tuple[dict[str, Trial], set[str]]:
    """What of `points` the ledger has: trials by their jobs, and digests."""
    jobs: dict[str, Trial] = {}
    digests: set[str] = set()
    for begin in range(0, len(points), _BATCH):
        some = points[begin : begin + _BATCH]
        by_digest, digests_wanted = among("digest", [point.digest for point in some])
        by_job, jobs_wanted = among("job", [point.job for point in some])
        rows = tx.rows(
            f"{SELECT_TRIAL} WHERE sweep = :sweep AND {by_digest} "
            f"UNION ALL {SELECT_TRIAL} WHERE sweep = :sweep AND {by_job}",
            sweep=sweep, **digests_wanted, **jobs_wanted,
        )  # fmt: skip
        for row in rows:
            jobs[row["job"]] = trial_of(row)
            digests.add(row["digest"])
    return jobs, digests
