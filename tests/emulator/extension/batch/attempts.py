"""One job's attempts: a process each, its output in the logs, its end judged by the retry strategy."""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_account_id, get_region, new_uuid
from tests.emulator.extension import pace, stores
from tests.emulator.extension.batch import images, jobs, records
from tests.emulator.extension.client import call, endpoint
from tests.emulator.extension.identity import service_sessions

if TYPE_CHECKING:
    from collections.abc import Iterable

_GROUP = "/aws/batch/job"
_OVER = "Essential container in task exited"
_GRACE = 30.0  # seconds between SIGTERM and SIGKILL, as ECS waits
_running: dict[str, Attempt] = {}
_lock = threading.Lock()


@dataclass
class Attempt:
    """A process of a job and what is known of its end."""

    process: subprocess.Popen[bytes]
    ended_by: str = ""
    timers: list[threading.Timer] = field(default_factory=list)

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def stop(self, why: str, *, at_once: bool = False) -> None:
        """End it, gently first."""
        self.ended_by = self.ended_by or why
        if at_once:
            self.signal(signal.SIGKILL)
        else:
            self.process.terminate()  # only a container's first process hears it
            timer = threading.Timer(pace.real(_GRACE), self.signal, (signal.SIGKILL,))
            timer.daemon = True
            self.timers.append(timer)
            timer.start()


def run_all(job: dict[str, Any]) -> None:
    """Attempt until it succeeds, must not be retried, or was ended."""
    most = int(job["retryStrategy"].get("attempts", 1))
    for number in range(1, most + 1):
        if job.get("_cancelled"):
            jobs.become(job, "FAILED", job["_cancelled"])
            return
        code, status_reason, reason = _attempt(job, number)
        if code == 0:
            jobs.become(job, "SUCCEEDED", status_reason)
            return
        last = number == most or job.get("_cancelled") or status_reason == _LATE
        if last or _action(job, code, status_reason, reason) == "EXIT":
            jobs.become(job, "FAILED", job.get("_cancelled") or status_reason)
            return
        jobs.become(job, "RUNNABLE", status_reason)


_LATE = "Job attempt duration exceeded timeout"


def _action(job: dict[str, Any], code: int | None, status_reason: str, reason: str) -> str:
    """What the retry strategy says about an end: the first rule that fits, otherwise RETRY."""
    facts = {
        "onExitCode": "" if code is None else str(code),
        "onStatusReason": status_reason,
        "onReason": reason,
    }
    for rule in job["retryStrategy"].get("evaluateOnExit") or []:
        wanted = {key: rule[key] for key in facts if rule.get(key)}
        if all(fnmatch.fnmatchcase(facts[key].lower(), pattern.lower()) for key, pattern in wanted.items()):
            return str(rule["action"]).upper()
    return "RETRY"


def _attempt(job: dict[str, Any], number: int) -> tuple[int | None, str, str]:
    """Run it once: exit code, status reason, the container's own reason."""
    container, group, stream = job["container"], *_stream(job)
    began = jobs.now()
    job["startedAt"] = began
    container["logStreamName"] = stream
    jobs.become(job, "STARTING")
    code, status_reason, reason = None, _OVER, ""
    try:
        _open_stream(group, stream)
        with tempfile.TemporaryDirectory() as folder:
            code, status_reason = _run(job, number, folder, group, stream)
    except (OSError, ClientError, KeyError, ValueError) as error:
        status_reason = "Task failed to start"
        reason = f"CannotStartContainerError: {error}"
    if code is not None:
        container["exitCode"] = code
    if reason:
        container["reason"] = reason
    told = {
        key: value
        for key, value in (("exitCode", code), ("reason", reason), ("logStreamName", stream))
        if value not in {None, ""}
    }
    job["attempts"].append(
        {"container": told, "startedAt": began, "stoppedAt": jobs.now(), "statusReason": status_reason}
    )
    return code, status_reason, reason


def _run(job: dict[str, Any], number: int, folder: str, group: str, stream: str) -> tuple[int | None, str]:
    image = images.found(job["container"]["image"])
    process = subprocess.Popen(
        [*_leash(), *image.entrypoint, *job["container"]["command"]],
        cwd=image.folder or folder,
        env=_environment(job, number, folder) | image.environment | _given(job),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    attempt = Attempt(process)
    with _lock:
        _running[job["jobId"]] = attempt
    seconds = (job.get("timeout") or {}).get("attemptDurationSeconds")
    if seconds:
        timer = threading.Timer(pace.real(seconds), attempt.stop, (_LATE,), {"at_once": True})
        timer.daemon = True
        attempt.timers.append(timer)
        timer.start()
    jobs.become(job, "RUNNING")
    if job.get("_cancelled"):
        attempt.stop(job["_cancelled"])
    assert process.stdout is not None
    _log(process.stdout, group, stream)
    code = process.wait()
    with _lock:
        _running.pop(job["jobId"], None)
    for timer in attempt.timers:
        timer.cancel()
    attempt.signal(signal.SIGKILL)  # what it left behind goes with its container
    if attempt.ended_by.startswith("Host EC2"):
        return None, attempt.ended_by
    status_reason = _LATE if attempt.ended_by == _LATE else _OVER
    return (code if code >= 0 else 128 - code), status_reason


def _leash() -> list[str]:
    """Let a job die with the emulator, however that ends."""
    program = shutil.which("setpriv")
    return [program, "--pdeathsig", "KILL", "--"] if program else []


# -- environment --------------------------------------------------------------------------------------


def _environment(job: dict[str, Any], number: int, folder: str) -> dict[str, str]:
    made = {
        "PATH": os.environ["PATH"],
        "HOME": folder,
        "LC_ALL": "C.UTF-8",
        "AWS_BATCH_JOB_ID": job["jobId"],
        "AWS_BATCH_JOB_ATTEMPT": str(number),
        "AWS_BATCH_JQ_NAME": records.short(job["jobQueue"]),
        "AWS_BATCH_CE_NAME": job["_environment"],
        "AWS_REGION": get_region(),
        "AWS_DEFAULT_REGION": get_region(),
        "AWS_ENDPOINT_URL": endpoint(),
    }
    array = job.get("arrayProperties", {})
    if "index" in array:
        made["AWS_BATCH_JOB_ARRAY_INDEX"] = str(array["index"])
        made["AWS_BATCH_JOB_ARRAY_SIZE"] = str(jobs.table[job["_parent"]]["arrayProperties"]["size"])
    return made | _credentials(job)


def _given(job: dict[str, Any]) -> dict[str, str]:
    container = job["container"]
    made = {one["name"]: one["value"] for one in container.get("environment") or []}
    return made | {one["name"]: secret_value(one["valueFrom"]) for one in container.get("secrets") or []}


def _credentials(job: dict[str, Any]) -> dict[str, str]:
    role = job["container"].get("jobRoleArn")
    if not role:
        return {"AWS_ACCESS_KEY_ID": get_account_id(), "AWS_SECRET_ACCESS_KEY": "emulated"}
    return service_sessions.credentials(role, job["jobId"].replace(":", "-"), "ecs-tasks")


def secret_value(reference: str) -> str:
    """A secret or a parameter by the reference of a container: `...:secret:NAME[:JSON KEY[:STAGE[:VERSION]]]`."""
    if ":ssm:" in reference or not reference.startswith("arn:"):
        name = reference.split(":parameter", 1)[1] if ":parameter" in reference else reference
        return str(call("ssm", "GetParameter", Name=name, WithDecryption=True)["Parameter"]["Value"])
    parts = [*reference.split(":"), "", "", ""][:10]
    wanted: dict[str, Any] = {"SecretId": ":".join(parts[:7])}
    if parts[8]:
        wanted["VersionStage"] = parts[8]
    if parts[9]:
        wanted["VersionId"] = parts[9]
    value = str(call("secretsmanager", "GetSecretValue", **wanted)["SecretString"])
    return str(json.loads(value)[parts[7]]) if parts[7] else value


# -- logs ---------------------------------------------------------------------------------------------


def _stream(job: dict[str, Any]) -> tuple[str, str]:
    chosen = job["container"].get("logConfiguration") or {}
    options = (chosen.get("options") or {}) if chosen.get("logDriver", "awslogs") == "awslogs" else {}
    definition = records.short(job["jobDefinition"]).partition(":")[0]
    prefix = options.get("awslogs-stream-prefix", definition)
    return options.get("awslogs-group", _GROUP), f"{prefix}/default/{new_uuid().replace('-', '')}"


def _open_stream(group: str, stream: str) -> None:
    if group == _GROUP:  # Batch makes its own; another one must be there
        with contextlib.suppress(ClientError):
            call("logs", "CreateLogGroup", logGroupName=group)
    call("logs", "CreateLogStream", logGroupName=group, logStreamName=stream)


def _log(lines: Iterable[bytes], group: str, stream: str) -> None:
    for line in lines:
        event = {"timestamp": jobs.now(), "message": line.decode(errors="replace").rstrip("\n") or " "}
        call("logs", "PutLogEvents", logGroupName=group, logStreamName=stream, logEvents=[event])


# -- ending -------------------------------------------------------------------------------------------


def stop(identity: str, why: str) -> None:
    """End the running attempt of a job, if there is one."""
    with _lock:
        attempt = _running.get(identity)
    if attempt is not None:
        attempt.stop(why)


def interrupt(identity: str) -> bool:
    """The machine under a job is taken away, as Spot does."""
    with _lock:
        attempt = _running.get(identity)
    if attempt is None:
        return False
    attempt.stop("Host EC2 (instance i-0123456789abcdef0) terminated.", at_once=True)
    return True


def _end_all() -> None:
    for job in list(jobs.table._data.values()):
        job["_cancelled"] = "reset"
    with _lock:
        for attempt in _running.values():
            attempt.stop("reset", at_once=True)


stores.ended_by(_end_all)
