"""`stratolab lab template`: a stack's CloudFormation template, as it would be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab lab template foundation
  stratolab lab template network.prod --pretty | less
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("stack", help="such as foundation or network.prod")
    parser.add_argument("--pretty", action="store_true", help="indented, for reading")


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab.aws import AwsLab

    lab = AwsLab.around()
    for stack in lab.chosen([options.stack]):
        if options.pretty:
            ui.document(stack.template)
        else:
            ui.say(stack.body)
    return 0
