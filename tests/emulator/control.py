"""The AWS emulator from outside: start it, talk to it, reset it, end it.

`Emulator.start()` needs the environment that `tools/emulator-env` makes, and nothing else of this package.
By hand: `python -m tests.emulator.control` serves until Ctrl-C and prints what to set.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".emulator" / "bin" / "python"
ACCOUNT = "111122223333"
REGION = "eu-central-1"
HOW_TO_GET_IT = "tools/emulator-env"

# What ministack must not do on a developer's machine: listen elsewhere, offer MQTT or SFTP.
_SAFE = {"BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "LOG_LEVEL": "WARNING"}


class NotStartedError(RuntimeError):
    """The emulator could not be started; its own words are in the message."""


@dataclass
class Emulator:
    """A running emulator. Not thread-safe; one for each test process."""

    url: str
    process: subprocess.Popen[bytes]
    folder: Path
    auth: bool = False
    _clients: dict[tuple[str, ...], Any] = field(default_factory=dict)

    @classmethod
    def start(cls, *, auth: bool = False, region: str = REGION) -> Emulator:
        """Start one on a free port of 127.0.0.1 and wait until it serves.

        Args:
            auth: whether requests are checked against IAM policies, as AWS does.
            region: the region of requests that name none.

        Raises:
            NotStartedError: it ended before it served.
        """
        if not PYTHON.exists():
            raise NotStartedError(f"the emulator's environment is missing: {HOW_TO_GET_IT}")
        folder = Path(tempfile.mkdtemp(prefix="stratolab-emulator-"))
        with (
            socket.create_server(("127.0.0.1", 0), backlog=256) as listening,
            (folder / "log").open("wb") as log,
        ):
            port = listening.getsockname()[1]
            process = subprocess.Popen(
                [str(PYTHON), "-m", "tests.emulator.extension", str(listening.fileno())],
                cwd=ROOT,
                env=_environment(folder, port, region, auth=auth),
                pass_fds=[listening.fileno()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        emulator = cls(f"http://127.0.0.1:{port}", process, folder, auth)
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            told = emulator.log()[-2000:]
            emulator.stop()
            raise NotStartedError(f"the emulator did not start:\n{told}")
        return emulator

    def stop(self) -> None:
        """End it and all that it started."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """What it wrote so far: warnings, errors, what Lambda functions could not say otherwise."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    # -- talking to it ------------------------------------------------------------------------------

    def settings(self) -> dict[str, str]:
        """The variables that send unmodified boto3, or the `aws` program, to it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCOUNT,  # ministack takes an account's number as the key of its root
            "AWS_SECRET_ACCESS_KEY": "emulated",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_MAX_ATTEMPTS": "1",
            # boto3 puts the account in front of the host of S3's account-wide calls. No name server knows such a
            # host; asked as a proxy, the emulator need not be found by name.
            "AWS_ENDPOINT_URL_S3_CONTROL": self.url.replace("127.0.0.1", "emulator.example"),
            "HTTP_PROXY": self.url,
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def client(self, service: str, region: str = REGION, key: tuple[str, ...] = (ACCOUNT, "emulated")) -> Any:
        """A boto3 client of one service. `key`: access key, secret, and perhaps session token."""
        import boto3  # noqa: PLC0415 - half a second that most of the tests need not pay
        from botocore.config import Config  # noqa: PLC0415

        wanted = (service, region, *key)
        if wanted not in self._clients:
            self._clients[wanted] = boto3.Session(*key, region_name=region).client(
                service,
                endpoint_url=self.url,
                config=Config(
                    retries={"total_max_attempts": 1},
                    s3={"addressing_style": "path"},
                    proxies={"http": self.url} if service == "s3control" else None,
                ),
            )
        return self._clients[wanted]

    # -- steering it --------------------------------------------------------------------------------

    def reset(self) -> None:
        """Forget everything: resources, stacks, users, faults, running jobs."""
        self._ask("POST", "reset")

    def ignored(self) -> dict[str, list[str]]:
        """By resource type, the top-level properties that were given and that nothing has read."""
        return dict(self._ask("GET", "ignored"))

    def fault(
        self,
        *,
        type: str = "",  # noqa: A002 - the word that tests write
        step: str = "",
        call: str = "",
        reason: str = "injected",
        code: str = "",
        status: int = 400,
        times: int = 1,
        seconds: float = 0.0,
    ) -> None:
        """Let the next `times` matching operations fail, or last longer.

        Args:
            type: a resource type, as `AWS::EC2::NatGateway`; with `step`: create, update or delete.
            step: see `type`; empty means any.
            call: an API call, as `cloudformation:DescribeStacks` or `s3:*`; `code` and `status` are its error.
            reason: the words of the failure.
            code: the error code of a failing `call`, as `Throttling`; empty: it is only delayed.
            status: the HTTP status of a failing `call`.
            times: how often; then the fault is gone. 0 means until `reset`.
            seconds: how long to wait first. With `reason=""` (a resource) it only waits, and then goes on.
        """
        fault = {
            "type": type,
            "step": step,
            "call": call,
            "reason": reason,
            "code": code,
            "status": status,
            "times": times,
            "seconds": seconds,
        }
        self._ask("POST", "fault", fault)

    def hurry(self, factor: float) -> None:
        """Let the clocks of Batch's time limits run faster: at 60, a minute passes in a second."""
        self._ask("POST", "pace", {"factor": factor})

    def image(
        self,
        name: str,
        *,
        folder: str = "",
        entrypoint: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Say what stands for a container image of Batch jobs on this machine.

        Args:
            name: the image, or a pattern (`*` for all).
            folder: where commands start; empty: a new folder for each attempt.
            entrypoint: words put before each command.
            env: variables, which the job's own may override.
        """
        image = {
            "name": name,
            "folder": folder,
            "entrypoint": list(entrypoint),
            "environment": dict(env or {}),
        }
        self._ask("POST", "image", image)

    def database(self, address: str, port: int) -> None:
        """Let RDS instances made from now on say that they answer there: at a real server of the test's."""
        self._ask("POST", "database", {"address": address, "port": port})

    def variables(self, *, once: bool = False, **variables: str) -> None:
        """Put these into the environment of Lambda functions that begin from now on; `once`: of the next call alone."""
        self._ask("POST", "variables", {"variables": variables, "once": once})

    def answers(self, kind: str, **attributes: str) -> None:
        """Answer for custom resources of this type, as `Custom::JobStore`: their functions are not called."""
        self._ask("POST", "answers", {"kind": kind, "attributes": attributes})

    def quota(self, service: str, code: str, value: float) -> None:
        """Let Service Quotas tell this value, as `quota("vpc", "L-F678F1CE", 10)`."""
        self._ask("POST", "quota", {"service": service, "code": code, "value": value})

    def state(self, stack: str, status: str, *, then: str = "", seconds: float = 0.0) -> None:
        """Put a stack into a state of CloudFormation's, and `then` into another after so many seconds."""
        self._ask("POST", "state", {"stack": stack, "status": status, "then": then, "seconds": seconds})

    def interrupt(self, job: str) -> bool:
        """Take the machine away from under a running Batch job, as Spot does; False if it does not run."""
        return bool(self._ask("POST", "interrupt", {"job": job}))

    def docker(self) -> list[dict[str, Any]]:
        """What builds have asked of `docker` since this emulator was started, a call each."""
        file = self.folder / "docker.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def hooks(self) -> list[str]:
        """The commands that hooks of images gave to `apt-get`, `pip` and `git`."""
        file = self.folder / "docker.jsonl.hook"
        return file.read_text().splitlines() if file.exists() else []

    def _ask(self, method: str, what: str, body: object = None) -> Any:
        data = json.dumps(body).encode() if body is not None else b""
        url = f"{self.url}/_emulator/{what}"
        request = urllib.request.Request(url, data=data or None, method=method)  # noqa: S310 - our own
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")


def _environment(folder: Path, port: int, region: str, *, auth: bool) -> dict[str, str]:
    """A clean environment: nothing of the user's settings, and no AWS account, can be reached from it."""
    for name in ("tmp", "state"):
        (folder / name).mkdir()
    return {
        **_SAFE,
        "PATH": f"{PYTHON.parent}{os.pathsep}{os.defpath}",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "HOME": str(folder),
        "EMULATOR_FOLDER": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "state" / "s3"),
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": region,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AUTH": str(auth).lower(),
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def main() -> None:
    """Serve until Ctrl-C."""
    emulator = Emulator.start(auth="--auth" in sys.argv)
    print("\n".join(f"export {name}={value}" for name, value in emulator.settings().items()), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        emulator.process.wait()
    emulator.stop()


if __name__ == "__main__":
    main()
