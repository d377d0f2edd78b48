"""One build: its source unpacked, the buildspec's commands in a shell, their output in the log group.

Commands see the project's variables and those of the call, CODEBUILD's own, and the credentials of the project's role.
In front of their PATH stand the tests' own `programs`: a `docker` that records, and pushes to the emulated registry,
and an `aws` that knows the one word that builds use.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.session
import yaml
from botocore.config import Config
from botocore.exceptions import ClientError
from ministack.core.responses import get_region
from tests.emulator.extension import pace
from tests.emulator.extension.building import records
from tests.emulator.extension.client import call, endpoint
from tests.emulator.extension.identity import service_sessions

PROGRAMS = Path(__file__).resolve().parents[2] / "programs"
LINES = 50  # of a log that are sent in one call
_session = botocore.session.Session()


class StoppedError(Exception):
    """Somebody stopped the build, or its time is over; the text is the state that it ends in."""


@dataclass
class Run:
    """A build under way."""

    build: dict[str, Any]
    project: dict[str, Any]
    ended_by: str = ""
    process: subprocess.Popen[str] | None = None
    waiting: list[dict[str, Any]] = field(default_factory=list)
    clients: dict[str, Any] = field(default_factory=dict)

    # -- from outside ---------------------------------------------------------------------------------

    def stop(self, status: str) -> None:
        """End it at once."""
        self.ended_by = self.ended_by or status
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def carry_out(self) -> None:
        """All of its phases, up to its end. Raises nothing."""
        timer = threading.Timer(pace.real(60.0 * self.project["timeoutInMinutes"]), self.stop, ("TIMED_OUT",))
        timer.daemon = True
        timer.start()
        folder = Path(tempfile.mkdtemp(prefix="build-"))
        try:
            records.finish(self.build, self._status(folder))
        except Exception as error:  # noqa: BLE001 - a build that never ends would hang its test
            records.end(self.build, "FAULT", code="INTERNAL_ERROR", message=repr(error))
            records.finish(self.build, "FAULT")
        finally:
            timer.cancel()
            shutil.rmtree(folder, ignore_errors=True)

    # -- phases ---------------------------------------------------------------------------------------

    def _status(self, folder: Path) -> str:
        try:
            records.end(self.build, "SUCCEEDED")  # of being queued
            self._provision()
            source = self._download(folder)
            good = source is not None and self._commands(source, folder)
        except StoppedError as stopped:
            records.end(self.build, str(stopped), code="", message="")
            return str(stopped)
        for phase in ("UPLOAD_ARTIFACTS", "FINALIZING") if source is not None else ("FINALIZING",):
            records.begin(self.build, phase)
            records.end(self.build, "SUCCEEDED")
        return "SUCCEEDED" if good else "FAILED"

    def _provision(self) -> None:
        records.begin(self.build, "PROVISIONING")
        wanted = self.project.get("logsConfig", {}).get("cloudWatchLogs", {})
        own = self.build["id"].partition(":")[2]
        group = wanted.get("groupName") or f"/aws/codebuild/{self.project['name']}"
        stream = "/".join(filter(None, (wanted.get("streamName"), own)))
        if not wanted.get("groupName"):
            with contextlib.suppress(ClientError):
                call("logs", "CreateLogGroup", logGroupName=group)
        call("logs", "CreateLogStream", logGroupName=group, logStreamName=stream)
        self.build["logs"] = {"groupName": group, "streamName": stream, "cloudWatchLogs": wanted}
        records.end(self.build, "SUCCEEDED")

    def _download(self, folder: Path) -> Path | None:
        """The source in a folder of its own; None if it could not be got."""
        records.begin(self.build, "DOWNLOAD_SOURCE")
        bucket, _, key = self.build["source"]["location"].partition("/")
        place = folder / "src"
        place.mkdir()
        try:
            found = self._as_role("s3", "GetObject", Bucket=bucket, Key=key)
            zipfile.ZipFile(io.BytesIO(found["Body"].read())).extractall(place)
        except (ClientError, zipfile.BadZipFile) as error:
            records.end(self.build, "FAILED", code="CLIENT_ERROR", message=str(error))
            return None
        records.end(self.build, "SUCCEEDED")
        return place

    def _commands(self, source: Path, folder: Path) -> bool:
        """Whether every phase's commands ended well. After a failure what cleans up still runs, as its own phase."""
        given = self.build["source"]["buildspec"]
        text = given if "\n" in given or given.lstrip().startswith("{") else (source / given).read_text()
        spec = yaml.safe_load(text)
        state = folder / "state"
        state.write_text(_exports(self._environment(source, folder, spec.get("env", {}))))
        good = True
        for phase in records.SHELL:
            given = (spec.get("phases") or {}).get(phase.lower())
            if not good and phase != "POST_BUILD":
                return False  # BUILD is not begun after a failed PRE_BUILD, and nothing after that either
            records.begin(self.build, phase)
            failed = self._phase(given or {}, source, state, folder / "where", succeeding=good)
            if failed:
                reason = f"Error while executing command: {failed[0]}. Reason: exit status {failed[1]}"
                records.end(self.build, "FAILED", code="COMMAND_EXECUTION_ERROR", message=reason)
                self._say(f"Phase complete: {phase} State: FAILED")
                self._say(f"Phase context status code: COMMAND_EXECUTION_ERROR Message: {reason}")
                good = False
                if phase != "BUILD" or (given or {}).get("on-failure") == "ABORT":
                    self._flush()
                    return False
            else:
                records.end(self.build, "SUCCEEDED")
                self._say(f"Phase complete: {phase} State: SUCCEEDED")
            self._flush()
        return good

    def _phase(
        self, given: dict[str, Any], source: Path, state: Path, where: Path, *, succeeding: bool
    ) -> tuple[str, int] | None:
        """Run the commands of a phase, each in the shell that the one before left; what failed, with its code."""
        for command in given.get("commands") or ():
            self._say(f"Running command {command}")
            here = where.read_text().strip() if where.exists() else str(source)
            script = (
                f"{state.read_text()}\nexport CODEBUILD_BUILD_SUCCEEDING={int(succeeding)}\n{command}\n"
                f"_code=$?\nexport -p > {shlex.quote(str(state))}\npwd > {shlex.quote(str(where))}\nexit $_code\n"
            )
            code = self._shell(script, here)
            if code:
                self._say(f"Command did not exit successfully {command} exit status {code}")
                return command, code
        return None

    def _shell(self, script: str, here: str) -> int:
        self.process = subprocess.Popen(
            ["sh", "-c", script],
            cwd=here,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        if self.ended_by:  # before there was anything to end
            self.stop(self.ended_by)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._write(line.rstrip("\n"))
        code = self.process.wait()
        self.process = None
        if self.ended_by:
            self._flush()
            raise StoppedError(self.ended_by)
        return code if code >= 0 else 128 - code

    # -- what it is and has ---------------------------------------------------------------------------

    def _environment(self, source: Path, folder: Path, spec: dict[str, Any]) -> dict[str, str]:
        declared = [
            *self.project["environment"].get("environmentVariables", ()),
            *self.build["_variables"],
        ]
        plain = {one["name"]: one["value"] for one in declared if one.get("type", "PLAINTEXT") == "PLAINTEXT"}
        if len(plain) < len({one["name"] for one in declared}):
            raise NotImplementedError("variables from secrets and parameters are not emulated")
        return {
            "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "AWS_REGION": get_region(),
            "AWS_DEFAULT_REGION": get_region(),
            "AWS_ENDPOINT_URL": endpoint(),
            "EMULATED_DOCKER": str(Path(os.environ["EMULATOR_FOLDER"]) / "docker.jsonl"),
            "CODEBUILD_BUILD_ID": self.build["id"],
            "CODEBUILD_BUILD_ARN": self.build["arn"],
            "CODEBUILD_SRC_DIR": str(source),
            "CODEBUILD_BUILD_NUMBER": str(self.build["buildNumber"]),
            **{key: str(value) for key, value in (spec.get("variables") or {}).items()},
            **plain,
            **self._credentials,
        }

    @functools.cached_property
    def _credentials(self) -> dict[str, str]:
        session = self.build["id"].replace(":", "-")[-64:]
        return service_sessions.credentials(self.project["serviceRole"], session, "codebuild")

    def _as_role(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """A call as the project's role, so that a right that it lacks is missed here as there."""
        if service not in self.clients:
            self.clients[service] = _session.create_client(
                service,
                region_name=get_region(),
                endpoint_url=endpoint(),
                config=Config(s3={"addressing_style": "path"}),
                **{name.lower(): value for name, value in self._credentials.items()},
            )
        return getattr(self.clients[service], botocore.xform_name(operation))(**parameters)

    # -- its log --------------------------------------------------------------------------------------

    def _say(self, text: str) -> None:
        """A line of CodeBuild's own."""
        now = time.time()
        stamp = time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06}"
        self._write(f"[Container] {stamp} {text}")

    def _write(self, line: str) -> None:
        self.waiting.append({"timestamp": int(time.time() * 1000), "message": f"{line}\n"})
        if len(self.waiting) >= LINES:
            self._flush()

    def _flush(self) -> None:
        if self.waiting:
            logs = self.build["logs"]
            where = {"logGroupName": logs["groupName"], "logStreamName": logs["streamName"]}
            self._as_role("logs", "PutLogEvents", **where, logEvents=self.waiting)
            self.waiting = []


def _exports(variables: dict[str, str]) -> str:
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
