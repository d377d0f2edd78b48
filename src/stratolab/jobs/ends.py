"""How a job ended, in words."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from stratolab.core.units import format_duration, format_size
from stratolab.jobs.models import Reason

if TYPE_CHECKING:
    from stratolab.jobs.models import Resources


def ended_badly(
    reason: Reason,
    resources: Resources,
    *,
    exit_code: int | None,
    signal_number: int | None,
    peak_memory: int,
    message: str,
) -> str:
    """Why a job that did not succeed ended, with what the engine had to say besides."""
    limit = f" of {format_size(resources.memory)}" if resources.memory else ""
    words = {
        Reason.DONE: "",
        Reason.EXIT: f"exit code {exit_code}",
        Reason.SIGNAL: f"killed by {signal_name(signal_number)}",
        Reason.TIMEOUT: f"ran longer than its {format_duration(resources.timeout or 0)}",
        Reason.OUT_OF_MEMORY: f"out of memory: used {format_size(peak_memory)}{limit}",
        Reason.CANCELLED: "cancelled",
        Reason.PRUNED: "stopped early",
        Reason.NOT_STARTED: "could not be started",
        Reason.LOST: "lost: what ran it died",
    }
    told = words[reason]
    return f"{told} ({message})" if message else told


def signal_name(number: int | None) -> str:
    """A signal by number and name: `signal 9 (SIGKILL)`."""
    try:
        return f"signal {number} ({signal.Signals(number or 0).name})"
    except ValueError:
        return f"signal {number}"
