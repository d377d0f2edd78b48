"""Who runs next: jobs whose dependencies are over, by the priority of their queue, within the CPUs of its environments.

One thread looks whenever something changed. What a queue says about jobs that cannot start is done here too.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from tests.emulator.extension import pace
from tests.emulator.extension.batch import attempts, jobs, records

SLOTS = int(
    os.environ.get("EMULATOR_BATCH_SLOTS", "8")
)  # processes at a time, whatever the environments allow
_LOOK_AGAIN = 0.5  # seconds; for limits of time, which nobody announces
_TOO_LARGE = (
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - the job needs more vCPUs than any environment has"
)
_started = threading.Lock()
_running = False


def wake() -> None:
    """See that the thread runs."""
    global _running
    with _started:
        if not _running:
            _running = True
            threading.Thread(target=_loop, daemon=True, name="batch-scheduler").start()


def _loop() -> None:
    while True:
        for job in _ready():
            threading.Thread(
                target=job["_context"].copy().run,
                args=(attempts.run_all, job),
                daemon=True,
                name=f"job-{job['jobId']}",
            ).start()
        with jobs.changed:
            jobs.changed.wait(_LOOK_AGAIN)


def _all() -> list[dict[str, Any]]:
    """The jobs of all accounts and regions: this thread belongs to none."""
    return list(jobs.table._data.values())


def _ready() -> list[dict[str, Any]]:
    for job in _all():
        if job["status"] in {"SUBMITTED", "PENDING", "RUNNABLE"} and not jobs.is_array(job):
            job["_context"].copy().run(_advance, job)
    with jobs.changed:
        waiting = [job for job in _all() if job["status"] == "RUNNABLE" and not job.get("_taken")]
        waiting.sort(key=lambda job: (-job["_priority"], job["createdAt"]))
        chosen = []
        for job in waiting:
            if sum(1 for one in _all() if one.get("_taken") and one["status"] not in jobs.ENDED) >= SLOTS:
                break
            if job["_context"].copy().run(_fits, job):
                job["_taken"] = True
                chosen.append(job)
    return chosen


def _advance(job: dict[str, Any]) -> None:
    """Cancelled, waiting for others, ready, or too long unable to start."""
    if job.get("_cancelled"):
        jobs.become(job, "FAILED", job["_cancelled"])
        return
    state = _dependencies(job)
    if state == "FAILED":
        jobs.become(job, "FAILED", "Dependent Job failed")
    elif state == "WAITING" and job["status"] == "SUBMITTED":
        jobs.become(job, "PENDING")
    elif state == "OVER" and job["status"] != "RUNNABLE":
        job["_runnable"] = time.monotonic()
        jobs.become(job, "RUNNABLE")
    elif job["status"] == "RUNNABLE" and not job.get("_taken") and not _could_ever(job):
        _give_up(job)


def _dependencies(job: dict[str, Any]) -> str:
    states = [_state_of(job, one) for one in job["dependsOn"]]
    if "FAILED" in states:
        return "FAILED"
    return "OVER" if all(state in {"SUCCEEDED", ""} for state in states) else "WAITING"


def _state_of(job: dict[str, Any], dependency: dict[str, Any]) -> str:
    """The state of what a job waits for; empty if there is nothing to wait for."""
    kind, index = dependency.get("type"), job.get("arrayProperties", {}).get("index")
    wanted = dependency.get("jobId", "")
    if kind == "SEQUENTIAL":
        if not index:
            return ""
        wanted = f"{job['_parent']}:{index - 1}"
    elif kind == "N_TO_N" and index is not None:
        wanted = f"{wanted}:{index}"
    found = jobs.table.get(wanted)
    return str(found["status"]) if found else ""


# -- room ---------------------------------------------------------------------------------------------


def _environments(job: dict[str, Any]) -> list[dict[str, Any]]:
    queue = records.queues.get(records.short(job["jobQueue"])) or {
        "computeEnvironmentOrder": [],
        "state": "DISABLED",
    }
    ordered = sorted(queue["computeEnvironmentOrder"], key=lambda one: one["order"])
    found = [records.environments.get(records.short(one["computeEnvironment"])) for one in ordered]
    return [one for one in found if one and one["state"] == "ENABLED" and one["status"] == "VALID"]


def _room(environment: dict[str, Any]) -> float:
    return float((environment.get("computeResources") or {}).get("maxvCpus", 256))


def _could_ever(job: dict[str, Any]) -> bool:
    return any(jobs.needs(job, "VCPU") <= _room(one) for one in _environments(job))


def _fits(job: dict[str, Any]) -> bool:
    """Take the first environment that has room now."""
    for environment in _environments(job):
        name = environment["computeEnvironmentName"]
        used = sum(
            jobs.needs(one, "VCPU")
            for one in jobs.table.values()
            if one.get("_environment") == name and one.get("_taken") and one["status"] not in jobs.ENDED
        )
        if used + jobs.needs(job, "VCPU") <= _room(environment):
            job["_environment"] = name
            return True
    return False


def _give_up(job: dict[str, Any]) -> None:
    """What the queue says about jobs that cannot start; first of all, that it is blocked."""
    if not job.get("_blocked"):
        job["_blocked"] = True
        jobs.block(job, _TOO_LARGE)
    queue = records.queues.get(records.short(job["jobQueue"])) or {}
    waited = (time.monotonic() - job["_runnable"]) * pace.factor()
    for rule in queue.get("jobStateTimeLimitActions") or []:
        if rule["state"] == "RUNNABLE" and waited >= rule["maxTimeSeconds"]:
            jobs.become(job, "FAILED", rule["reason"])
            return
