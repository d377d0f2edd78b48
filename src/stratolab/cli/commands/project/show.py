"""`stratolab project show`: what a project has, and who is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab project show world-series
  stratolab project show world-series --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", help="a project of the lab")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import projects
    from stratolab.lab.aws import AwsLab

    lab = AwsLab.around()
    found = projects.project(lab.config, options.name)
    outputs = dict(lab.outputs(lab.chosen([found.stack])).get(found.stack, {}))
    held = [(one.what, one.name) for one in projects.holdings(lab, found.name)]
    if options.json:
        ui.document(
            {
                "project": found.name,
                "deployed": bool(outputs),
                "members": list(found.members),
                "outputs": outputs,
                "holds": [{"what": what, "name": name} for what, name in held],
            }
        )
        return 0
    ui.fields(
        [
            ("project", found.name),
            ("deployed", "yes" if outputs else f"no: stratolab project init {found.name}"),
            ("members", ", ".join(found.members)),
            *sorted((name.lower(), value) for name, value in outputs.items()),
            *held,
        ]
    )
    return 0
