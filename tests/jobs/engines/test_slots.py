from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.jobs.engines.slots import WHOLE, Slots
from stratolab.jobs.engines.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Sequence


def task(job: str, cpus: float = 1.0, *, lane: str = "", width: int = 0) -> Task:
    request = {
        "job": job, "fence": 1, "command": ["true"], "folder": "/", "home": "/", "env": {}, "cpus": cpus,
        "memory": None, "timeout": None, "retries": 0, "lane": lane, "width": width,
    }  # fmt: skip
    return Task(request, {}, 0)


@given(cpus=st.lists(st.floats(0.001, 4), max_size=30), ends=st.randoms(use_true_random=False))
def test_started_in_order_and_never_too_many(cpus: Sequence[float], ends: object) -> None:
    slots = Slots(4)
    tasks = [task(str(number), wanted) for number, wanted in enumerate(cpus)]
    for one in tasks:
        slots.join(one)
    running: list[Task] = []
    started: list[Task] = []
    while slots.line or running:
        while ready := slots.next({one.job for one in running}):
            running.append(ready)
            started.append(ready)
            assert sum(one.cpus for one in running) <= 4 * WHOLE
        assert running, "the first in line must start when all is free"
        done = running.pop(ends.randrange(len(running)))  # type: ignore[attr-defined]
        slots.give_back(done)
    assert started == tasks
    assert slots.used == 0


def test_tenths_add_up() -> None:
    slots = Slots(1)
    for number in range(11):
        slots.join(task(str(number), 0.1))
    assert sum(slots.next(()) is not None for _ in range(11)) == 10
    assert slots.free == 0


def test_the_first_holds_back_those_behind_it() -> None:
    slots = Slots(2)
    for one in (task("a"), task("large", 2), task("small")):
        slots.join(one)
    assert slots.next(()) is not None
    assert slots.next({"a"}) is None
    slots.leave(slots.line["large"])
    small = slots.next({"a"})
    assert small is not None
    assert small.job == "small"


def test_of_a_lane_only_so_many_run_and_the_others_hold_nobody_up() -> None:
    slots = Slots(8)
    for one in (*(task(f"trial-{number}", lane="driver", width=2) for number in range(4)), task("other")):
        slots.join(one)
    started = [one.job for one in iter(lambda: slots.next(()), None)]
    assert started == ["trial-0", "trial-1", "other"]
    assert slots.waits_for(0, slots.line["trial-2"], ()) == "2 of its sweep run already"
    slots.give_back(task("trial-1", lane="driver", width=2))
    after = [one.job for one in iter(lambda: slots.next(()), None)]
    assert after == ["trial-2"]


def test_lanes_are_apart_and_leave_nothing_behind() -> None:
    slots = Slots(8)
    for one in (task("a", lane="one", width=1), task("b", lane="two", width=1)):
        slots.join(one)
    running = list(iter(lambda: slots.next(()), None))
    assert [one.job for one in running] == ["a", "b"]
    for one in running:
        slots.give_back(one)
    assert slots.free == 8
    assert not slots._lanes


def test_a_job_of_a_killed_host_counts_in_its_lane() -> None:
    slots = Slots(8)
    slots.take(task("adopted", lane="driver", width=1))
    slots.join(task("next", lane="driver", width=1))
    assert slots.next(()) is None


def test_a_claim_waits_for_the_earlier_one() -> None:
    slots = Slots(2)
    slots.join(task("job"))
    assert slots.next({"job"}) is None
    assert slots.waits_for(0, slots.line["job"], {"job"}) == "an earlier claim of this job is ending"
    assert slots.next(()) is not None


@pytest.mark.parametrize(("cpus", "fits"), [(2, True), (2.001, False), (0.5, True)])
def test_fits(cpus: float, *, fits: bool) -> None:
    assert Slots(2).fits(task("job", cpus)) is fits
