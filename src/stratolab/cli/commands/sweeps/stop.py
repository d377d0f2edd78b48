"""`stratolab sweeps stop`: stop a sweep that runs elsewhere."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from stratolab.cli import find, ui
from stratolab.cli import options as opt
from stratolab.core.processes import alive

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab sweeps stop              ask the driver of the latest sweep to stop cleanly
  stratolab sweeps stop tune-3
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.sweep_argument(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab
    from stratolab.sweeps import standing

    lab = open_lab()
    sweep = find.sweep(lab, options.sweep)
    owners = {
        owner.rsplit("/", 1)[0] for owner in lab.database.read(lambda tx: standing.owners(tx, sweep.id))
    }
    drivers = [owner for owner in owners if alive(owner)]
    for owner in drivers:
        os.kill(int(owner.rsplit("/", 2)[1]), signal.SIGINT)
    if drivers:
        ui.say(f"{sweep.id}: {ui.plural(len(drivers), 'driver')} asked to stop")
    elif any(alive(owner) is None for owner in owners):
        ui.note(f"{sweep.id} may be driven on another machine; stop it there")
    else:
        ui.note(f"no driver of {sweep.id} runs here; it is {sweep.state}")
    return 0
