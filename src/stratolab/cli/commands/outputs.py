"""`stratolab outputs`: what the stacks of a lab give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui
from stratolab.cli.commands.plan import stacks_argument

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab outputs
  stratolab outputs foundation --json
  stratolab outputs --get foundation.DataBucket      one value, for a script
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    stacks_argument(parser)
    parser.add_argument("--get", metavar="STACK.OUTPUT", help="print this value and nothing else")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.core.errors import InputError
    from stratolab.core.names import did_you_mean
    from stratolab.lab.aws import AwsLab

    lab = AwsLab.around()
    about = {
        f"{stack.key}.{output.name}": output.about
        for stack in lab.chosen(options.stacks)
        for output in stack.outputs
    }
    found = lab.outputs(lab.chosen(options.stacks))
    values = {f"{key}.{name}": value for key, given in found.items() for name, value in sorted(given.items())}
    if options.get:
        if options.get not in values:
            raise InputError(
                f"no stack of this lab gives {options.get!r}",
                doing="outputs",
                hint=did_you_mean(options.get, values),
            )
        ui.say(values[options.get])
    elif options.json:
        ui.document({"lab": lab.name, "outputs": found})
    else:
        ui.table(
            ("output", "value", "what it is"),
            [(key, value, about.get(key, "")) for key, value in values.items()],
        )
    return 0
