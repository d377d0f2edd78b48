"""`stratolab tracking sync`: write to MLflow what is not there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab tracking sync            what was left behind, such as by a command that was killed
  stratolab tracking sync --all      all jobs and sweeps of the project, such as after mlflow.db was deleted
  stratolab tracking sync --json     {"written": 12, "left": 0, "store": "sqlite:///..."}
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--all", action="store_true", help="everything that has ended, whether it is there or not"
    )
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab

    lab = open_lab()
    written = left = 0
    if lab.exists:
        lab.jobs().reconcile()
        if options.all:
            lab.tracking.add_everything()
        written = lab.tracking.sync(ui.note)
        left = lab.tracking.standing().backlog
    if options.json:
        ui.document({"written": written, "left": left, "store": lab.tracking.shown_uri})
    elif written or left:
        ui.say(f"{ui.plural(written, 'run')} written to {lab.tracking.shown_uri}")
        if left:
            ui.note(f"{ui.plural(left, 'change')} came meanwhile, or ran on another machine")
    else:
        ui.say("MLflow knows everything already")
    return 0
