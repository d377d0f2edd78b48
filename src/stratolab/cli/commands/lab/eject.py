"""`stratolab lab eject`: the lab as plain CloudFormation, to be used without stratolab."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab lab eject cloudformation
  stratolab lab eject cloudformation --force      over what is there
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("target", metavar="DIR", type=Path, help="the folder to write to")
    parser.add_argument("--force", action="store_true", help="write over what is in it")


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab.aws import AwsLab
    from stratolab.lab.ejecting import eject

    lab = AwsLab.around()
    stacks = lab.stacks
    written = eject(stacks, options.target, lab=lab.name, region=lab.region, force=options.force)
    for path in written:
        ui.say(str(path))
    return 0
