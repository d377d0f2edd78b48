"""`stratolab db setup`: run SQL scripts in a database, each once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab db setup               the scripts of the folder sql, in [databases.default]
  stratolab db setup tables --database archive
  stratolab db setup --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "scripts", nargs="?", default="sql", metavar="FOLDER", help="where *.sql are (default: sql)"
    )
    parser.add_argument("--database", default="default", help="a name of [databases] (default: default)")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import databases, open_lab

    lab = open_lab()
    ran = databases.set_up(lab, options.database, Path(options.scripts))
    if options.json:
        ui.document(
            {
                "database": options.database,
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
