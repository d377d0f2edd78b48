"""From the words that name a job or a sweep to the thing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from stratolab.jobs.models import Job
    from stratolab.lab.local import LocalLab
    from stratolab.sweeps.models import Sweep


def job(lab: LocalLab, text: str) -> Job:
    """The job that `text` names, its end written down if it has ended; the latest for an empty text.

    Raises `InputError` if there is none, or more than one.
    """
    from stratolab.jobs import store

    if not lab.exists:
        raise InputError("there are no jobs here yet", hint="stratolab run SCRIPT")
    found = lab.database.read(lambda tx: store.find(tx, text))
    if not found.state.ended:
        lab.jobs().reconcile()
        found = lab.database.read(lambda tx: store.get(tx, found.id))
    return found


def sweep(lab: LocalLab, text: str) -> Sweep:
    """The sweep that `text` names, by id or name; the latest for an empty text.

    Raises `InputError` if there is none.
    """
    from stratolab.sweeps import ledger

    if not lab.exists:
        raise InputError("there are no sweeps here yet", hint="stratolab sweep NAME")
    return lab.database.read(lambda tx: ledger.find(tx, text, lab.project_name))
