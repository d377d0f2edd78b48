"""Overhead of a sweep, ours beside bare spawning and its peers: `python -m benchmarks.peers [--short] [--fresh]`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.measuring import command
from benchmarks.peers.contest import FEW, MANY, hold
from benchmarks.peers.telling import section

if TYPE_CHECKING:
    from benchmarks.measuring.command import Run
    from benchmarks.measuring.page import Section

_SHORT = 10


def run(run: Run) -> Section:
    """Both contests; in the short form a tiny one."""
    if run.short:
        return section(hold(run, _SHORT), None)
    return section(hold(run, FEW), hold(run, MANY))


if __name__ == "__main__":
    sys.exit(command.main("peers", __doc__ or "", run))
