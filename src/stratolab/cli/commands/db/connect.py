"""`stratolab db connect`: type statements in a database's own client."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab db connect             psql, mysql or sqlite3 with [databases.default]
  stratolab db connect archive < report.sql
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "database", nargs="?", default="default", help="a name of [databases] (default: default)"
    )


def run(options: Namespace) -> int:
    """Do it: this process becomes the client, whose exit code is then ours."""
    from stratolab.lab import databases, open_lab

    wanted = databases.client(open_lab(), options.database)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(wanted.arguments[0], wanted.arguments, {**os.environ, **wanted.variables})  # noqa: S606 - no shell
