"""`stratolab db tunnel`: a port of this machine that leads to a private database of a lab in AWS."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab db tunnel --lab acme --environment dev      until Ctrl-C
  stratolab db tunnel --port 15432

It needs AWS's session-manager-plugin on this machine, and `tunnel = true` in the database's table of lab.toml. The
database's certificate is of its own name: a client that checks it is told both (host and hostaddr of psql).
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.database_argument(parser)
    parser.add_argument(
        "--port", type=opt.whole, default=0, help="the port on this machine (default: any that is free)"
    )


def run(options: Namespace) -> int:
    """Do it, until Ctrl-C or the session's end."""
    from stratolab.core.errors import InputError, RemoteError
    from stratolab.lab import tunnels
    from stratolab.lab.aws_databases import chosen

    found = chosen(options.database, options.lab, options.environment)
    if isinstance(found, tuple):
        raise InputError(
            "a project's own database needs no tunnel", doing="db tunnel", hint="stratolab db connect"
        )
    with tunnels.opened(found, options.port, ui.note) as tunnel:
        ui.say(f"127.0.0.1:{tunnel.port} leads to {found.address}; Ctrl-C ends it")
        sys.stdout.flush()  # a program may wait for this line
        try:
            tunnel.process.wait()
        except KeyboardInterrupt:
            return 0
    raise RemoteError("the session has ended", doing="db tunnel", hint="the same command begins another one")
