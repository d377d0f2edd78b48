"""The jobs in the host's hands: started in order, kept within their limits, ended whole, and told of.

    submitted -> waits in line -> runs -> its first process ends -> the rest of it is ended -> concluded
                                   ^____________ another attempt ____________________________|

A job is concluded when none of its processes is left. Then its outcome goes to disk, its CPUs to the next in
line, and the news to whoever listens. Nothing here blocks or sleeps: `server` calls `reap` when a child has
ended and `tick` when `next_time` has come.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from stratolab.jobs.engines import family, news, spool, tasks, wire
from stratolab.jobs.engines.memory import PERIOD, MemoryWatch
from stratolab.jobs.engines.orphans import AGAIN, Orphans
from stratolab.jobs.engines.orphans import GRACE as LEFTOVER_GRACE
from stratolab.jobs.engines.slots import WHOLE, Slots
from stratolab.jobs.engines.starts import Starts
from stratolab.jobs.engines.unsaved import Unsaved
from stratolab.jobs.engines.verdict import RETRIED, KernelKills, judge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from resource import struct_rusage

    from stratolab.jobs.engines.news import Listener
    from stratolab.jobs.engines.tasks import Task


GRACE = 1.5  # seconds between SIGTERM and SIGKILL for a job that ran into its time limit
UNKILLABLE = 5.0  # seconds after SIGKILL at which we stop waiting for what our signals do not reach
LIMITS = frozenset({"timeout", "out_of_memory"})  # reasons that are ours, not a client's
SUPERSEDED = "a later claim of this job took its place"
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # of getrusage's peak memory


class Keeper:
    """All jobs of a lab that wait or run."""

    def __init__(
        self,
        lab: str,
        *,
        machine: str,
        cpus: float,
        attach: Callable[[int, Callable[[int], None]], None],
        detach: Callable[[int], None],
    ) -> None:
        self.slots = Slots(cpus)
        self._lab = lab
        self._machine = machine
        self._attach, self._detach = attach, detach
        self._clock = time.monotonic
        self._closed = ""  # why nothing is taken any more
        self._running: dict[str, Task] = {}
        self._leaders: dict[int, Task] = {}  # those that are our children, by their process
        self._orphans = Orphans(self._clock)
        self._memory = MemoryWatch(self._clock)
        self._kills = KernelKills(self._clock)
        self._unsaved = Unsaved(self._clock)
        self._starts = Starts(lab, machine, self, attach=self._attach_server, detach=detach)

    @property
    def idle(self) -> bool:
        """Whether nothing waits or runs, and nothing of what ran is left."""
        return not (self._running or self.slots.line or self._orphans or self._unsaved)

    # --- what clients ask ------------------------------------------------------------------------

    def submit(self, request: wire.Message, client: Listener) -> None:
        """Take a job. One that is here or has ended already is only reported."""
        task = tasks.Task(request, client.env, client.umask)
        task.listeners.add(client)
        claims = self._claims(task.job)
        ended = spool.load_outcome(task.home)
        latest = max([claim.fence for claim in claims] + ([ended["fence"]] if ended else []), default=-1)
        if latest > task.fence:
            task.ended = time.time()
            news.tell(task, news.ended(task.outcome("cancelled", None, None, SUPERSEDED)))
        elif latest == task.fence:
            self.watch({task.job: task.fence}, client)
        elif self._closed:
            self._finish(task, "cancelled", message=self._closed)
        elif not self.slots.fits(task):
            message = f"it needs {task.cpus / WHOLE:g} CPUs and the lab has {self.slots.cpus:g}"
            self._finish(task, "not_started", message=message)
        else:
            for claim in claims:
                self._end(claim, "cancelled", GRACE, SUPERSEDED)
            self.slots.join(task)
            self._start_ready()

    def cancel(self, jobs: Iterable[str], *, reason: str, grace: float, message: str = "") -> None:
        """End jobs, whether they wait or run."""
        for job in jobs:
            for task in self._claims(job):
                self._end(task, reason, grace, message)
        self._start_ready()

    def cancel_all(self, why: str) -> None:
        """End everything, and what is submitted from now on at once."""
        self._closed = why
        waiting_first = [*self.slots.line, *self._running]
        self.cancel(waiting_first, reason="cancelled", grace=GRACE, message=why)

    def watch(self, jobs: Mapping[str, int], client: Listener) -> None:
        """Have a client hear of jobs from now on, and at once what is known of them."""
        for job, fence in jobs.items():
            task = next((claim for claim in self._claims(job) if claim.fence == fence), None)
            ended = None if task else spool.load_outcome(spool.home_of(self._lab, job))
            if task:
                task.listeners.add(client)
                if task.first is not None:
                    client.send(wire.encode(news.started(task)))
            elif ended and ended["fence"] == fence:
                client.send(wire.encode(news.ended(ended)))
            else:
                client.send(wire.encode(news.unknown(job, fence)))

    def forget(self, client: Listener) -> None:
        """A client listens no more."""
        for task in (*self._running.values(), *self.slots.line.values()):
            task.listeners.discard(client)

    def status(self) -> wire.Message:
        """What runs, and what each job in the line waits for."""
        return news.status(self.slots, self._running)

    # --- what happens ----------------------------------------------------------------------------

    def reap(self) -> None:
        """Take note of all children that have ended."""
        alone = strays = False
        try:
            while dead := family.next_dead(self._leaders):
                strays |= self._bury(*dead)
        except ChildProcessError:
            alone = True
        ended = [
            one for one in self._running.values() if one.pid and not one.leader_lives and not one.adopted
        ]
        if (ended or strays) and not alone:
            known = _homes(self._leaders.values()) | _homes(ended)
            self._orphans.look(known, ours=self._starts.servers())
        self._orphans.pursue(self._leading())
        for task in ended:
            self._settle(task)
        self._start_ready()

    def next_time(self) -> float:
        """When `tick` is wanted next."""
        own = (task.next_time() for task in self._running.values())
        return min(self._orphans.next_time(), self._unsaved.next_time(), self._starts.next_time(), *own)

    def tick(self) -> None:
        """Do what is due: time limits, SIGKILL after SIGTERM, a look at memory."""
        now = self._clock()
        for task in list(self._running.values()):
            if task.deadline is not None and now >= task.deadline and task.may_time_out:
                self._end(task, "timeout", GRACE)
            if task.kill_at is not None and now >= task.kill_at:
                self._kill(task)
        sampled = [
            one for one in self._running.values() if one.sample_at is not None and now >= one.sample_at
        ]
        for task in self._memory.over(sampled, self._orphans.of) if sampled else ():
            self._end(task, "out_of_memory", 0)
        self.look_for_orphans(only_if_wanted=True)
        self._unsaved.try_again()
        self._starts.tick()
        self._start_ready()

    def look_for_orphans(self, *, only_if_wanted: bool = False) -> None:
        """Find processes that ran away from jobs that have ended since, and end them."""
        if self._orphans.wants_look() or not only_if_wanted:
            known = _homes(self._leaders.values())
            self._orphans.look(known, ours=self._starts.servers(), now_or_never=not only_if_wanted)
        self._orphans.pursue(self._leading())

    def adopt(self) -> None:
        """Take over the jobs of a host that was killed, if they live."""
        for job, facts in spool.all_live(self._lab):
            machine, pid, start = (facts["process"] if facts and facts["process"] else "/0/").rsplit("/", 2)
            if machine and machine != self._machine:
                continue
            ended = spool.load_outcome(spool.home_of(self._lab, job))
            if (
                facts is None
                or (ended and ended["fence"] == facts["fence"])
                or not self._adopt(tasks.adopted(facts), int(pid), start)
            ):
                spool.end(self._lab, job)

    # --- a job's life ----------------------------------------------------------------------------

    def _start_ready(self) -> None:
        while task := self.slots.next(self._running):
            self._running[task.job] = task
            task.oom_before = self._kills.lately()
            self._starts.start(task)

    def begun(self, task: Task) -> None:
        """An attempt has its process."""
        self._leaders[task.pid] = task
        self._begin(task, spent=0.0)

    def runs(self, task: Task) -> None:
        """That process runs what it shall."""
        if task.first is None:
            task.first = task.started
            news.tell_soon(task, news.started(task))
        else:
            news.tell(task, news.retried(task))

    def undone(self, task: Task) -> None:
        """That process will not; it is no part of the job."""
        self._leaders.pop(task.pid, None)
        task.leader_lives = False

    def failed(self, task: Task, why: str) -> None:
        """An attempt cannot be started: the job has ended."""
        self._finish(task, "not_started", message=why)

    def _begin(self, task: Task, *, spent: float) -> None:
        task.leader_lives = True
        task.exit_status = None
        task.kill_at = task.give_up = None
        task.began = self._clock() - spent
        task.deadline = None if task.timeout is None else task.began + task.timeout
        task.sample_at = None if task.memory is None else self._clock() + PERIOD

    def _bury(self, pid: int, status: int, usage: struct_rusage) -> bool:
        """Note the end of a child; whether it was none of the leaders."""
        self._starts.buried(pid, self._leaders.get(pid))
        orphan = self._orphans.reaped(pid)
        task = self._leaders.pop(pid, None)
        if task:
            self._leader_ended(task, status)
            task.peak_memory = max(task.peak_memory, usage.ru_maxrss * RSS_UNIT)
            task.cpu_seconds += usage.ru_utime + usage.ru_stime
        elif orphan and len(orphan.owners) == 1:
            for other in self._running.values():
                if other.home in orphan.owners:
                    other.cpu_seconds += usage.ru_utime + usage.ru_stime
        return task is None

    def _leader_ended(self, task: Task, status: int | None) -> None:
        task.leader_lives = False
        task.exit_status = status
        task.ended = time.time()
        task.wall_seconds += self._clock() - task.began
        task.sample_at = None

    def _settle(self, task: Task) -> None:
        """Conclude an attempt whose leader has ended, if nothing else of it is left; else see to that."""
        if task.adopted:
            left = bool(self._members(task))
        else:
            left = family.signal_group(task.pid, 0) or bool(self._orphans.of(task.home))
        gave_up = task.give_up is not None and self._clock() > task.give_up
        if left and not gave_up:
            task.kill_at = self._clock() + LEFTOVER_GRACE if task.kill_at is None else task.kill_at
            return
        if left:
            task.message = "some of its processes cannot be killed and are left"
        self._conclude(task)

    def _conclude(self, task: Task) -> None:
        reason, exit_code, number, message = judge(task, self._kills)
        if reason in RETRIED and task.attempt <= task.retries:
            task.asked_end = task.message = ""
            task.oom_before = self._kills.lately()
            self._starts.start(task)
        else:
            self._finish(task, reason, exit_code, number, message)

    def _finish(
        self,
        task: Task,
        reason: str,
        exit_code: int | None = None,
        number: int | None = None,
        message: str = "",
    ) -> None:
        """Leave the outcome on disk, then let go of the job and tell of its end."""
        task.ended = task.ended or time.time()
        outcome = task.outcome(reason, exit_code, number, message)
        ran = self._running.get(task.job) is task
        self._unsaved.save(self._lab, task.home, outcome, was_live=ran)
        if ran:
            del self._running[task.job]
            self.slots.give_back(task)
        news.tell(task, news.ended(outcome))

    # --- ending ----------------------------------------------------------------------------------

    def _end(self, task: Task, reason: str, grace: float, message: str = "") -> None:
        """SIGTERM now, SIGKILL after `grace`. What already ends is at most hurried."""
        now = self._clock()
        if not task.pid:  # it waits in the line, or for a fork server
            if task.attempt:
                self._starts.withdraw(task)
            else:
                self.slots.leave(task)
            self._finish(task, reason, message=message)
        elif task.asked_end or not task.leader_lives:
            task.kill_at = min(now + grace, now + grace if task.kill_at is None else task.kill_at)
            if reason not in LIMITS and task.asked_end in {"", "out_of_memory"} and task.exit_status != 0:
                task.asked_end, task.message = (
                    reason,
                    message,
                )  # it might be run again, which nobody wants now
        else:
            task.asked_end, task.message = reason, message
            task.kill_at = now + grace
            if grace > 0:
                self._ask(task)
            else:
                self._kill(task)

    def _ask(self, task: Task) -> None:
        """SIGTERM to all of it; and SIGCONT, for what is stopped cannot hear."""
        away = [one for one in self._members(task) if one.group != task.pid]
        for number in (signal.SIGTERM, signal.SIGCONT):
            if task.leader_lives:
                family.signal_group(task.pid, number)
            family.signal_each(away, number)

    def _kill(self, task: Task) -> None:
        now = self._clock()
        if task.leader_lives:
            family.signal_group(task.pid, signal.SIGKILL)
        family.signal_each(self._members(task), signal.SIGKILL)
        task.give_up = now + UNKILLABLE if task.give_up is None else task.give_up
        task.kill_at = now + AGAIN
        if not task.leader_lives:
            self._settle(task)

    # --- who is who ------------------------------------------------------------------------------

    def _claims(self, job: str) -> list[Task]:
        """The claims of a job that are here: one that runs, one that waits."""
        return [task for task in (self._running.get(job), self.slots.line.get(job)) if task]

    def _attach_server(self, file: int, heard: Callable[[], None]) -> None:
        def hear(_: int) -> None:
            heard()
            self._start_ready()

        self._attach(file, hear)

    def _leading(self) -> set[str]:
        return {task.home for task in self._leaders.values()}

    def _members(self, task: Task) -> list[family.Process]:
        table = family.processes()
        roots = {task.pid, *self._orphans.of(task.home)}
        if task.pid not in self._leaders:
            roots.update(pid for pid in table if family.mark(pid) == task.home)
        return family.family(roots, table)

    def _adopt(self, task: Task, pid: int, start: str) -> bool:
        """Take over one job; False if nothing of it lives. Its leader is watched through a descriptor."""
        leader = family.process(pid)
        survives = leader is not None and leader.start == start
        if not survives:
            left = self._members(task)
            leader = min(left, key=lambda one: int(one.start), default=None)
        if not leader or not hasattr(os, "pidfd_open"):
            return False
        try:
            handle = os.pidfd_open(leader.pid)
        except OSError:
            return False
        task.pid, task.start = leader.pid, leader.start
        self._running[task.job] = task
        self.slots.take(task)
        self._begin(task, spent=max(time.time() - task.started, 0.0))
        self._attach(handle, lambda _: self._adopted_ended(task, handle))
        if start and not survives:  # what is left of a job whose first process has ended
            self._end(task, "lost", LEFTOVER_GRACE)
        return True

    def _adopted_ended(self, task: Task, handle: int) -> None:
        self._detach(handle)
        os.close(handle)
        self._leader_ended(task, None)
        self._ask(task)
        self._settle(task)
        self._start_ready()


def _homes(found: Iterable[Task]) -> dict[int, str]:
    return {task.pid: task.home for task in found}
