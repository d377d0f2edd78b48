"""`stratolab sweeps resume`: go on with a stopped sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui
from stratolab.cli.commands.sweep import driving_options

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab sweeps resume                     the latest sweep
  stratolab sweeps resume tune-3 --trials 200
  stratolab sweeps resume tune-3 --fork       a new sweep with the configuration as it is now
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.sweep_argument(parser)
    parser.add_argument(
        "--fork", action="store_true", help="begin a new sweep that names this one as its origin"
    )
    driving_options(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.cli import driving, find
    from stratolab.lab import open_lab, sweeping

    lab = open_lab()
    sweep = find.sweep(lab, options.sweep)
    wanted = driving.wanted(lab, sweep.name, options)
    if options.fork:
        differences = sweeping.compare(lab, sweep.config, wanted.config)
        sweep, _ = sweeping.begin(lab, wanted, forked_from=sweep.id)
        ui.note(
            f"{sweep.id} begins from {sweep.forked_from}" + "".join(f"\n    {line}" for line in differences)
        )
    else:
        sweep = sweeping.resume(lab, sweep, wanted)
    return driving.drive(lab, sweep, wanted, options)
