"""What begins in each container of a project: it brings the job's code and secrets, then becomes the job's command.

    STRATOLAB_CODE      s3://BUCKET/KEY of a zip: unpacked to /tmp/code, where the command then runs
    STRATOLAB_SECRETS   {"DB_URL": "acme/world-series/database"}: secrets that become variables of the command
    STRATOLAB_CODE_HOME another folder for the code

A script `start` beside this file runs before the command. Values of secrets go into variables of the command and
nowhere else: no argument, no file, no line of the log. The command takes this process's place, so signals reach it, and
its exit code is the job's. This file is in the image as it is, beside a Python of its own that has boto3 alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CODE, SECRETS, HOME = "STRATOLAB_CODE", "STRATOLAB_SECRETS", "STRATOLAB_CODE_HOME"
NOTHING_TO_DO, CANNOT_BEGIN = 2, 4
_SHELL = 126, 127  # what shells say of a command that cannot be run, and of one that is not there


class CannotBeginError(Exception):
    """Why the command is not begun, in words for the log."""


def main(command: Sequence[str]) -> int:
    """Become the command; an exit code if that cannot be."""
    if not command:
        sys.stderr.write("stratolab: no command was given, and the image has none: [image] command\n")
        return NOTHING_TO_DO
    try:
        folder = code(os.environ)
        variables = {**os.environ, **secrets(os.environ)}
        start(folder, variables)
    except CannotBeginError as error:
        sys.stderr.write(f"stratolab: {error}\n")
        return CANNOT_BEGIN
    return become(command, folder, variables)


def code(variables: Mapping[str, str]) -> Path:
    """The folder that the command runs in, with the job's code if it has any."""
    folder = Path(variables.get(HOME, str(Path(tempfile.gettempdir()) / "code")))
    folder.mkdir(parents=True, exist_ok=True)
    address = variables.get(CODE, "")
    if not address:
        return folder
    where = urlsplit(address)
    if where.scheme != "s3" or not where.netloc or not where.path.strip("/"):
        raise CannotBeginError(f"{CODE} is no s3://BUCKET/KEY: {address}")
    with tempfile.TemporaryFile() as packed:
        _ask("s3", "fetching the code", "download_fileobj", where.netloc, where.path.lstrip("/"), packed)
        try:
            with zipfile.ZipFile(packed) as archive:
                archive.extractall(folder)  # which lets no name lead out of the folder
        except zipfile.BadZipFile:
            raise CannotBeginError(f"{address} is no zip") from None
    return folder


def secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that are secrets. Raises `CannotBeginError`, which repeats no value."""
    try:
        wanted = json.loads(variables.get(SECRETS) or "{}")
        names = {str(name): str(reference) for name, reference in wanted.items()}
    except (ValueError, AttributeError):
        raise CannotBeginError(f"{SECRETS} is no JSON object of names and references") from None
    return {name: _secret(reference) for name, reference in names.items()}


def _secret(reference: str) -> str:
    """The value of a secret, or of one key of it: `NAME` or `NAME:KEY`."""
    name, _, key = reference.partition(":")
    text = str(_ask("secretsmanager", f"reading {name}", "get_secret_value", SecretId=name)["SecretString"])
    if not key:
        return text
    try:
        return str(json.loads(text)[key])
    except (ValueError, KeyError, TypeError):
        raise CannotBeginError(f"the secret {name} has no key {key}") from None


def start(folder: Path, variables: Mapping[str, str]) -> None:
    """Run the image's own script first, if it has one. Raises `CannotBeginError` if that fails."""
    script = Path(__file__).with_name("start")
    if not script.exists():
        return
    first, *_ = script.read_text(encoding="utf-8").splitlines() or [""]
    words = [*(first[2:].split() if first.startswith("#!") else ("sh", "-eu")), str(script)]
    done = subprocess.run(words, cwd=folder, env=dict(variables), check=False)
    if done.returncode:
        raise CannotBeginError(f"[image] start failed with exit code {done.returncode}")


def become(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> int:
    """Put the command in this process's place; what a shell says if it cannot be run."""
    os.chdir(folder)
    sys.stdout.flush()
    try:
        os.execvpe(command[0], list(command), dict(variables))  # noqa: S606 - no shell, the job's own words
    except FileNotFoundError:
        sys.stderr.write(f"stratolab: there is no {command[0]} in the image or in the code\n")
        return _SHELL[1]
    except OSError as error:
        sys.stderr.write(f"stratolab: {command[0]} cannot be run: {error.strerror}\n")
        return _SHELL[0]


def _ask(service: str, doing: str, call: str, /, *words: Any, **parameters: Any) -> Any:
    """A call of AWS with the credentials that the container has."""
    import boto3  # noqa: PLC0415 - a job without code and secrets needs none of it
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        return getattr(boto3.client(service), call)(*words, **parameters)
    except ClientError as error:
        raise CannotBeginError(f"{doing}: {error.response['Error'].get('Code')}") from None
    except BotoCoreError as error:
        raise CannotBeginError(f"{doing}: {type(error).__name__}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
