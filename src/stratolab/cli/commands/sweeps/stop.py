"""`stratolab sweeps stop`: stop a sweep that runs elsewhere."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from stratolab.cli import find, sweepshow, ui
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

    lab = open_lab()
    sweep = find.sweep(lab, options.sweep)
    known = sweepshow.drivers(lab, sweep)
    here = [driver for driver in known if alive(driver)]
    for driver in here:
        os.kill(int(driver.rsplit("/", 2)[1]), signal.SIGINT)
    if here:
        ui.say(f"{sweep.id}: {ui.plural(len(here), 'driver')} asked to stop")
    elif any(alive(driver) is None for driver in known):
        ui.note(f"{sweep.id} may be driven on another machine; stop it there")
    else:
        ui.note(f"no driver of {sweep.id} runs here; it is {sweep.state}")
    return 0
