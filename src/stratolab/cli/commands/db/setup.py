"""`stratolab db setup`: run SQL scripts in a database, each once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stratolab.runtime.databases.setup import Ran

EXAMPLES = """\
  stratolab db setup               the scripts of the folder sql, in [databases.default]
  stratolab db setup tables --database archive
  stratolab db setup --lab acme --environment dev      those that were deployed, by the function beside the database
  stratolab db setup --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "scripts", nargs="?", default="", metavar="FOLDER", help="where *.sql are (default: sql); not for AWS"
    )
    parser.add_argument(
        "--database", default="", help="a name of [databases] (default: default); in AWS an application"
    )
    opt.lab_option(parser)
    opt.environment_option(parser)
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    ran = _ran(options)
    if options.json:
        ui.document(
            {
                "database": options.database or "default",
                "scripts": [
                    {"script": one.script, "statements": one.statements, "before": one.before} for one in ran
                ],
            }
        )
        return 0
    ui.table(
        ("script", "statements", "what"),
        [
            (
                one.script,
                str(one.statements + one.before),
                "run now"
                if one.new and not one.before
                else f"{one.statements} run now"
                if one.new
                else "has run before",
            )
            for one in ran
        ],
        right=("statements",),
    )
    return 0


def _ran(options: Namespace) -> list[Ran]:
    """Run the scripts of a folder here, or have those run that a lab in AWS was deployed with."""
    from stratolab.core.errors import InputError
    from stratolab.lab import databases
    from stratolab.lab.aws_databases import chosen

    found = chosen(options.database, options.lab, options.environment)
    if isinstance(found, tuple):
        return databases.set_up(*found, Path(options.scripts or "sql"))
    if options.scripts:
        raise InputError(
            "a lab in AWS runs the scripts that were deployed, and no others",
            doing="setting up the database",
            hint="stratolab up database sends and runs those of the folder that setup names in lab.toml",
        )
    return found.set_up()
