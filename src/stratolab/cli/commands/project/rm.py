"""`stratolab project rm`: take a project down, with what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab project rm churn                          show what it holds; nothing goes
  stratolab project rm churn --delete-data churn      delete it; the name says that it is meant

Images and source are gone at once, secrets can be restored for some days. Its files in the buckets stay.
It may be interrupted and typed again: it goes on where it stopped.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", help="a project of the lab")
    parser.add_argument(
        "--delete-data", metavar="NAME", help="delete what it holds too; NAME is the project's name"
    )
    parser.add_argument(
        "-y", "--yes", action="store_true", help="do not ask; data needs --delete-data besides"
    )
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.cli.deploying import watching
    from stratolab.cli.projecting import carry_out
    from stratolab.core.errors import InputError, RefusedError
    from stratolab.deploy import teardown
    from stratolab.lab import projects
    from stratolab.lab.aws import AwsLab

    lab = AwsLab.around()
    name = projects.project(lab.config, options.name).name
    if options.delete_data not in {None, name}:
        raise InputError(
            f"--delete-data {options.delete_data}: this project's name is {name}",
            doing="project rm",
            hint="nothing was deleted",
        )
    held = projects.holdings(lab, name)
    if held and options.delete_data is None:
        told = "\n".join(f"    {one.what} {one.name}" for one in held)
        raise RefusedError(
            f"it holds what cannot be made again:\n{told}",
            doing="project rm",
            hint=f"if that may be lost: stratolab project rm {name} --delete-data {name}",
        )
    ui.confirm(f"delete the project {name}?", yes=options.yes, doing="project rm")
    if lab.stands(*lab.chosen([f"project.{name}"])):
        plan = lab.way_back([f"project.{name}"])
        with watching(plan, doing="project rm", resources=False) as teller, lab.alone("project rm"):
            teardown.take_down(plan, lab.tools(teller), delete_data=False)
    for one in held:
        one.delete()
        ui.note(f"{one.what} {one.name} is deleted")
    text = projects.ended(lab.file.read_text(encoding="utf-8"), lab.config, name)
    carry_out(lab, text, [projects.ACCOUNT], doing="project rm", yes=True, quiet=True)
    if options.json:
        ui.document({"project": name, "deleted": [{"what": one.what, "name": one.name} for one in held]})
    return 0
