"""`stratolab sweep`: search for the best parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import completers, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab sweep tune                        begin [sweeps.tune], or go on where it stopped
  stratolab sweep tune --trials 200 -p 4
  stratolab sweep tune --new                  begin again from nothing
  stratolab sweep tune --detach               in the background; stratolab sweeps show
  stratolab sweep tune --json > result.json   (run it in a second terminal too: they share the work)
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    name = parser.add_argument(
        "name", nargs="?", default="", help="a sweep of stratolab.toml (default: the only one)"
    )
    opt.completed(name, completers.configured_sweeps)
    parser.add_argument(
        "--new", action="store_true", help="begin a new sweep even if there is one to go on with"
    )
    driving_options(parser)


def driving_options(parser: ArgumentParser) -> None:
    """What `sweep` and `sweeps resume` have in common."""
    parser.add_argument("--trials", type=opt.count, help="how many trials in all")
    parser.add_argument("-p", "--parallel", type=opt.count, help="how many at a time")
    parser.add_argument(
        "-d", "--detach", action="store_true", help="drive in the background and return at once"
    )
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.cli import driving
    from stratolab.lab import open_lab, sweeping

    lab = open_lab()
    wanted = driving.wanted(lab, options.name, options)
    sweep, found = sweeping.start(lab, wanted, new=options.new)
    if found:
        ui.note(f"going on with {sweep.id} (--new begins another)")
    return driving.drive(lab, sweep, wanted, options)
