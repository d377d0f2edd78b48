"""Checks of this machine and this project: what is wrong, why it matters, the one step that mends it."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError, StratolabError
from stratolab.core.units import format_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from stratolab.lab.local import LocalLab

_FREE_WANTED = 1024**3  # bytes; logs and databases stop at a full disk


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `level` is ok, warning or error."""

    name: str
    level: str
    found: str
    matters: str = ""
    fix: str = ""

    def document(self) -> dict[str, str]:
        """The check as JSON."""
        return asdict(self)


def examine(lab: LocalLab) -> list[Check]:
    """All checks, in the order in which to mend things."""
    checks: tuple[Callable[[LocalLab], Check], ...] = (
        _python,
        _cpus,
        _folder,
        _disk,
        _git,
        _config,
        _store,
        _sockets,
    )
    return [check(lab) for check in checks]


def _python(_lab: LocalLab) -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", "ok", f"{version} in {sys.prefix}")


def _cpus(_lab: LocalLab) -> Check:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Check("CPUs", "ok", f"{count}: so many jobs of one CPU run at a time")


def _folder(lab: LocalLab) -> Check:
    place = lab.folder if lab.folder.is_dir() else lab.project
    if not os.access(place, os.W_OK):
        return Check(
            "lab", "error", f"{place} cannot be written", "jobs, logs and the job store live there",
            f"chmod u+w {place}, or work elsewhere with -C DIR",
        )  # fmt: skip
    if lab.folder.is_dir() and lab.folder.stat().st_mode & 0o077:
        return Check(
            "lab", "warning", f"{lab.folder} is open to other users", "logs may hold what is not theirs to read",
            f"chmod 700 {lab.folder}",
        )  # fmt: skip
    return Check(
        "lab", "ok", str(lab.folder) if lab.folder.is_dir() else f"{lab.folder} (made by the first job)"
    )


def _disk(lab: LocalLab) -> Check:
    free = shutil.disk_usage(lab.project).free
    if free < _FREE_WANTED:
        return Check(
            "disk", "warning", f"{format_size(free)} free", "a full disk stops jobs and their logs",
            f"make room, or delete old jobs below {lab.folder / 'jobs'}",
        )  # fmt: skip
    return Check("disk", "ok", f"{format_size(free)} free")


def _git(lab: LocalLab) -> Check:
    if shutil.which("git") is None:
        return Check(
            "git", "warning", "not installed", "the code of a job is recorded more precisely with it",
            "apt-get install git",
        )  # fmt: skip
    inside = any((folder / ".git").exists() for folder in (lab.project, *lab.project.parents))
    return Check(
        "git", "ok", "the project is in a repository" if inside else "no repository here; files are recorded"
    )


def _config(lab: LocalLab) -> Check:
    if not lab.configured and (lab.project / "lab.toml").is_file():
        return Check("project", "ok", "none here: this is the folder of a lab in AWS")
    if not lab.configured:
        return Check(
            "project", "warning", f"no stratolab.toml in {lab.project}", "jobs and sweeps are described there",
            "stratolab init",
        )  # fmt: skip
    try:
        config = lab.config
    except InputError as error:
        return Check("project", "error", error.what, "nothing of it can run", "stratolab config check")
    told = [
        f"{what}: {', '.join(table) or 'none'}"
        for what, table in (("jobs", config.jobs), ("sweeps", config.sweeps))
    ]
    return Check("project", "ok", "; ".join([config.project.name, *told]))


def _store(lab: LocalLab) -> Check:
    if not lab.exists:
        return Check("job store", "ok", "none yet")
    try:
        troubles = lab.database.check()
    except StratolabError as error:
        return Check("job store", "error", error.what, "it holds all jobs and sweeps", error.hint)
    if troubles:
        return Check(
            "job store",
            "error",
            troubles[0],
            "it holds all jobs and sweeps",
            "restore the newest store.db.*.bak",
        )
    return Check("job store", "ok", f"{lab.database.dialect}, sound")


def _sockets(_lab: LocalLab) -> Check:
    try:
        socket.socket(socket.AF_UNIX).close()
    except (AttributeError, OSError):
        return Check(
            "sockets", "error", "no Unix sockets here", "commands talk to running jobs by one",
            "use Linux, macOS or the Windows Subsystem for Linux",
        )  # fmt: skip
    return Check("sockets", "ok", "available")
