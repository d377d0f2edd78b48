"""What TAB offers where a job, a sweep or a name of the configuration is wanted.

argcomplete calls these with what was typed so far. They never fail and change nothing: where there is no lab,
or it cannot be read, nothing is offered.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable

    from stratolab.lab.local import LocalLab

LATEST = 50  # jobs and sweeps that are offered


def jobs(prefix: str, parsed_args: Namespace, **_: object) -> list[str]:
    """Ids of the latest jobs, and their names."""
    from stratolab.jobs import store

    def find(lab: LocalLab) -> Iterable[str]:
        if not lab.exists:
            return ()
        found = lab.database.read(lambda tx: store.listing(tx, limit=LATEST))
        return dict.fromkeys([job.name for job in found] + [job.id for job in found])

    return _offer(prefix, parsed_args, find)


def sweeps(prefix: str, parsed_args: Namespace, **_: object) -> list[str]:
    """Ids of the latest sweeps, and their names."""
    from stratolab.sweeps import ledger

    def find(lab: LocalLab) -> Iterable[str]:
        if not lab.exists:
            return ()
        found = lab.database.read(lambda tx: ledger.listing(tx, lab.project_name, limit=LATEST))
        return dict.fromkeys([sweep.name for sweep in found] + [sweep.id for sweep in found])

    return _offer(prefix, parsed_args, find)


def models(prefix: str, parsed_args: Namespace, **_: object) -> list[str]:
    """Names of models, and each with its aliases."""

    def find(lab: LocalLab) -> Iterable[str]:
        found = lab.models.versions()
        named = [f"{version.name}@{alias}" for version in found for alias in version.aliases]
        return dict.fromkeys([version.name for version in found] + named)

    return _offer(prefix, parsed_args, find)


def secrets(prefix: str, parsed_args: Namespace, **_: object) -> list[str]:
    """Names of secrets."""
    return _offer(prefix, parsed_args, lambda lab: [secret.name for secret in lab.secrets.all()])


def targets(prefix: str, parsed_args: Namespace, **_: object) -> list[str]:
    """What `run` takes: the configuration's jobs, and scripts."""
    from argcomplete.completers import FilesCompleter

    files = FilesCompleter(("py", "sh"))(prefix)
    return [*_offer(prefix, parsed_args, lambda lab: lab.names("jobs")), *files]


def configured_sweeps(prefix: str, parsed_args: Namespace, **_: object) -> list[str]:
    """The configuration's sweeps."""
    return _offer(prefix, parsed_args, lambda lab: lab.names("sweeps"))


def _offer(prefix: str, options: Namespace, find: Callable[[LocalLab], Iterable[str]]) -> list[str]:
    from stratolab.lab.local import LocalLab

    try:
        folder = getattr(options, "folder", None) or getattr(options, "root_folder", None) or "."
        lab = LocalLab.around(Path(folder))
        return [name for name in find(lab) if name.startswith(prefix)]
    except Exception:  # noqa: BLE001 - a traceback in the middle of a line that someone types helps nobody
        return []
