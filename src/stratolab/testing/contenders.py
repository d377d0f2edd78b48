"""Processes that contend for one database, as the drivers of one sweep do. Started by the contract tests.

    python -m stratolab.testing.contenders     # an order as a line of JSON on standard input

A contender opens the database, says `ready`, waits for a line, does its work, and answers with one line of
JSON. It imports no test tool, so that many start quickly.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.core.processes import alive, identity
from stratolab.jobs import store
from stratolab.jobs.models import Job, JobState, Outcome, Reason, Resources
from stratolab.jobs.stores import open_database
from stratolab.sweeps import ledger
from stratolab.sweeps.models import Result, Trial, TrialState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from stratolab.jobs.database import Database, Transaction

LEASE = 60.0
NOW = 1_000.0


def point(number: int, owner: str) -> ledger.Claim:
    """The point of this number, as `owner` would claim it."""
    return ledger.Claim(params={"x": number}, digest=f"{number:016x}", job=f"{owner}.{number}")


def value_of(params: Mapping[str, object]) -> float:
    """What evaluating a point gives, undisturbed: no short decimal, so that a lost bit shows."""
    return int(str(params["x"])) / 7


def new_job(trial: Trial) -> Job:
    """The job of a trial."""
    return Job(
        id=trial.job, name="evaluate", project="contract", state=JobState.QUEUED, command=("evaluate",), folder="/",
        resources=Resources(), retries=0, env={}, secrets={}, params=trial.params, data=(), seed=None, owner="test",
        engine="test", fence=1, submitted=NOW, sweep=trial.sweep, trial=trial.number,
    )  # fmt: skip


def outcome_of(job: str, fence: int) -> Outcome:
    """A good end of a job."""
    return Outcome(
        job=job, fence=fence, reason=Reason.DONE, exit_code=0, signal=None, started=NOW, ended=NOW + 1,
        wall_seconds=1.0, cpu_seconds=0.5, peak_memory=1 << 20,
    )  # fmt: skip


def drive(
    database: Database,
    sweep: str,
    points: Sequence[int],
    *,
    owner: str,
    gone: Callable[[str], bool],
    slots: int = 2,
    evaluated: Callable[[Trial], None] = lambda trial: None,  # noqa: ARG005 - a hook
) -> None:
    """Drive a sweep over `points` until this driver has nothing left to do.

    It says what a real driver says to the database: one transaction writes the results there are, takes
    over what drivers that are `gone` have left, claims what is free and adds the jobs of that.
    """
    held: list[tuple[Trial, int]] = []

    def step(tx: Transaction) -> list[tuple[Trial, int]]:
        for trial, fence in held:
            result = Result(TrialState.SUCCEEDED, value_of(trial.params), ended=NOW + 1, started=NOW)
            if ledger.finish(tx, sweep, trial.number, owner=owner, fence=trial.fence, result=result):
                store.finish(tx, outcome_of(trial.job, fence), 0.25)
        running = [trial for trial in ledger.trials(tx, sweep) if trial.state is TrialState.RUNNING]
        dead = {trial.owner for trial in running if gone(trial.owner)}
        taken = ledger.reclaim(tx, sweep, owner=owner, now=NOW, lease=LEASE, dead=dead, limit=slots)
        fences = [store.refence(tx, trial.job) for trial in taken]
        claims = [point(number, owner) for number in points]
        known = {trial.params["x"] for trial in ledger.trials(tx, sweep)}
        free = [claim for claim in claims if claim.params["x"] not in known][: slots - len(taken)]
        claimed = ledger.claim(tx, sweep, owner=owner, now=NOW, lease=LEASE, points=free)
        store.add(tx, [new_job(trial) for trial in claimed])
        return [*zip(taken, fences, strict=True), *((trial, 1) for trial in claimed)]

    while held := database.run(step):
        for trial, fence in held:
            database.run(lambda tx, t=trial, f=fence: store.started(tx, t.job, f, os.getpid(), NOW))  # type: ignore[misc]
            evaluated(trial)


# -- what a contender can be told to do ----------------------------------------------------------


def _claim(database: Database, order: Mapping[str, Any]) -> object:
    """Claim all points, some at a time, beside others who do the same; the numbers that were got."""
    owner = identity()
    got: list[int] = []
    points = [point(number, owner) for number in order["points"]]
    for begin in range(0, len(points), order["chunk"]):
        chunk = points[begin : begin + order["chunk"]]
        trials = database.run(
            lambda tx, chunk=chunk: ledger.claim(  # type: ignore[misc]
                tx, order["sweep"], owner=owner, now=NOW, lease=LEASE, points=chunk
            )
        )
        got.extend(trial.number for trial in trials)
    return got


def _drive(database: Database, order: Mapping[str, Any]) -> object:
    """Drive a sweep; every evaluation is a line of the history before its result is written.

    One that is told to `halt` stands still after its first evaluation.
    """
    with Path(order["history"]).open("ab", buffering=0) as history:

        def evaluated(trial: Trial) -> None:
            history.write(f"{trial.number}\n".encode())
            if order["halt"]:
                _say(f"evaluated {trial.number}")
                _hear()

        drive(
            database,
            order["sweep"],
            order["points"],
            owner=identity(),
            gone=lambda owner: alive(owner) is False,
            evaluated=evaluated,
        )
    return "done"


def _create(database: Database, order: Mapping[str, Any]) -> object:
    """Create sweeps of one name; their ids."""
    return [
        database.run(lambda tx: ledger.create(tx, order["name"], "contract", {}, NOW)).id
        for _ in range(order["times"])
    ]


def _finish_late(database: Database, order: Mapping[str, Any]) -> object:
    """Claim a point, then stand still until told; whether the result was still accepted."""
    owner = identity()
    (trial,) = database.run(
        lambda tx: ledger.claim(
            tx, order["sweep"], owner=owner, now=NOW, lease=LEASE, points=[point(0, owner)]
        )
    )
    _say("claimed")
    _hear()
    result = Result(TrialState.SUCCEEDED, -1.0, ended=NOW + 2 * LEASE)
    return database.run(
        lambda tx: ledger.finish(
            tx, order["sweep"], trial.number, owner=owner, fence=trial.fence, result=result
        )
    )


def _count(database: Database, order: Mapping[str, Any]) -> object:
    """Raise a counter, reading it first, as often as told."""

    def work(tx: Transaction) -> None:
        row = tx.rows(f"SELECT trials FROM sweep WHERE id = :id{tx.for_update}", id=order["sweep"])[0]  # noqa: S608
        tx.execute(
            "UPDATE sweep SET trials = :next WHERE id = :id", id=order["sweep"], next=row["trials"] + 1
        )

    for _ in range(order["times"]):
        database.run(work)
    return "done"


def _open(database: Database, _: Mapping[str, Any]) -> object:
    """Only open it."""
    return len(database.read(lambda tx: tx.rows("SELECT version_num FROM alembic_version")))


ACTIONS = {
    "claim": _claim, "count": _count, "create": _create, "drive": _drive, "finish_late": _finish_late, "open": _open,
}  # fmt: skip


def main() -> None:
    """Carry one order out."""
    order = json.loads(_hear())
    if order["action"] == "open":  # opening itself is the contended work
        _say("ready")
        _hear()
    with contextlib.closing(open_database(order["address"])) as database:
        if order["action"] != "open":
            _say("ready")
            _hear()
        answer = ACTIONS[order["action"]](database, order)
    _say(json.dumps(answer))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _hear() -> str:
    return sys.stdin.readline()


# -- the tests' end ------------------------------------------------------------------------------


class Contender:
    """A contender, from the outside."""

    def __init__(self, **order: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.tell(json.dumps(order))

    def tell(self, text: str = "go") -> None:
        """Send a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        """Wait for the next line; empty when it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def close(self) -> None:
        """End it, however far it is."""
        self.process.kill()
        self.process.communicate()


@contextlib.contextmanager
def contenders(*orders: Mapping[str, object]) -> Iterator[list[Contender]]:
    """Contenders that all stand at the start; none is left at the end."""
    started: list[Contender] = []
    try:
        started.extend(Contender(**order) for order in orders)
        for contender in started:
            assert contender.hear() == "ready"
        yield started
    finally:
        for contender in started:
            contender.close()


def compete(*orders: Mapping[str, object]) -> list[Any]:
    """Let contenders work at the same time; their answers."""
    with contenders(*orders) as started:
        for contender in started:
            contender.tell()
        return [json.loads(contender.hear()) for contender in started]


if __name__ == "__main__":
    main()
