"""What the engine leaves on disk, so that any later command can tell how a job went.

    <lab>/jobs/<job>/   params.json  log  report.jsonl  outcome.json     the job's own folder, its home
    <lab>/live/<job>    the facts of a job that runs: written before it starts, removed when its outcome is written

`live` holds one file for each running job, so a new host finds what a killed one left in one look. A file
gets its process' identity in a second line once there is a process; without it, the host died in between. The file
of a job that ended is kept for the next one: ext4 looks for a free inode among all that were deleted in the last 35
seconds, which at a hundred jobs a second took 0.3 ms of each file that was made.
Nothing here is synced to the platter: the spool outlives every process, not a power cut. Values of
environment variables are never written. All folders are 0700 and all files 0600, whatever the umask.
"""
# ruff: noqa: PTH102, PTH104, PTH108, PTH118, PTH120, PTH123, PTH208 - pathlib would be a fifth of the host's start

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

JOBS = "jobs"
LIVE = "live"
OUTCOME = "outcome.json"
PARAMS = "params.json"
REPORT = "report.jsonl"
LOG = "log"
_SPARE = "live.spare"


def home_of(lab: str, job: str) -> str:
    """The folder of a job."""
    return f"{lab}/{JOBS}/{job}"


def make_folder(path: str) -> None:
    """Make a folder that only we may enter, with its parents, if it is not there."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        return
    except FileNotFoundError:
        make_folder(os.path.dirname(path))
        os.mkdir(path, 0o700)


def write(path: str, data: bytes) -> None:
    """Write a small file that only we may read."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        while data:
            data = data[os.write(file, data) :]
    finally:
        os.close(file)


def append(path: str) -> int:
    """A descriptor that appends to a file that only we may read."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def save_outcome(home: str, data: bytes) -> None:
    """Leave the outcome of a job: whole or not at all, also when we are killed meanwhile."""
    final = f"{home}/{OUTCOME}"
    draft = f"{final}.new"
    try:
        write(draft, data)
        os.rename(draft, final)
    except OSError:
        forget(draft)
        raise


def load_outcome(home: str) -> dict[str, Any] | None:
    """The outcome that the job's latest claim left, or None."""
    try:
        file = os.open(f"{home}/{OUTCOME}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # of most: it is asked of each job before it starts
        return None
    try:
        with open(file, "rb") as stream:
            found = json.loads(stream.read())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "fence" in found else None


def begin(lab: str, job: str, facts: Mapping[str, object]) -> int:
    """Note that a job is about to run. Gives the descriptor for `add_process`."""
    spare = f"{lab}/{_SPARE}"
    file = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.write(file, json.dumps(facts).encode() + b"\n")
        os.truncate(
            file, size
        )  # not before: ext4 hurries a file to the disk that was emptied and written anew
        _move(spare, f"{lab}/{LIVE}/{job}")
    except OSError:
        os.close(file)
        raise
    return file


def add_process(file: int, identity: str) -> None:
    """Note the process of a job whose `begin` gave `file`, which is closed."""
    try:
        os.write(file, json.dumps({"process": identity}).encode() + b"\n")
    finally:
        os.close(file)


def live(lab: str, job: str) -> dict[str, Any] | None:
    """The facts of a job that ran when its host was last heard of, or None."""
    try:
        with open(os.path.join(lab, LIVE, job), "rb") as file:
            lines = file.read().splitlines()
        facts = json.loads(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    try:
        facts.update(json.loads(lines[1]))
    except (ValueError, IndexError):
        facts["process"] = ""
    return dict(facts)


def all_live(lab: str) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Every job of which `live` holds a file; None for a file that was torn."""
    try:
        names = sorted(os.listdir(os.path.join(lab, LIVE)))
    except FileNotFoundError:
        return
    for job in names:
        yield job, live(lab, job)


def end(lab: str, job: str) -> None:
    """The job runs no more."""
    try:
        os.rename(f"{lab}/{LIVE}/{job}", f"{lab}/{_SPARE}")
    except OSError:
        return


def forget(path: str) -> None:
    """Remove a file if it is there."""
    try:
        os.unlink(path)
    except OSError:
        return


def _move(file: str, path: str) -> None:
    try:
        os.rename(file, path)
    except FileNotFoundError:
        make_folder(os.path.dirname(path))
        os.rename(file, path)
