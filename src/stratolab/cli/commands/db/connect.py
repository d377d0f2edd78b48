"""`stratolab db connect`: type statements in a database's own client."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stratolab.lab.aws_databases import LabDatabase

EXAMPLES = """\
  stratolab db connect             psql, mysql or sqlite3 with [databases.default]
  stratolab db connect archive < report.sql
  stratolab db connect --lab acme --environment dev     through a tunnel, as the database's owner
  stratolab db connect --secret acme/world-series/database
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.database_argument(parser)
    parser.add_argument(
        "--secret",
        default="",
        metavar="NAME",
        help="in AWS: the secret to get in with (default: the owner's)",
    )


def run(options: Namespace) -> int:
    """Do it. At home this process becomes the client; its exit code is ours either way."""
    from stratolab.lab import databases
    from stratolab.lab.aws_databases import chosen

    found = chosen(options.database, options.lab, options.environment)
    if not isinstance(found, tuple):
        return _through_tunnel(found, options.secret)
    wanted = databases.client(*found)
    sys.stdout.flush()
    sys.stderr.flush()
    return os.execve(wanted.arguments[0], wanted.arguments, {**os.environ, **wanted.variables})  # noqa: S606 - no shell


def _through_tunnel(found: LabDatabase, secret: str) -> int:
    """Run the client beside a tunnel, which goes with it. Ctrl-C is the client's: it stops a statement, not the way."""
    from stratolab.lab import tunnels

    address = found.entrance(secret)
    with tunnels.opened(found, 0, ui.note) as tunnel:
        wanted = found.client(address, tunnel.port)
        process = subprocess.Popen(wanted.arguments, env={**os.environ, **wanted.variables})
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
