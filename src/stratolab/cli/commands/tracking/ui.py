"""`stratolab tracking ui`: start MLflow's server on this lab's store."""

from __future__ import annotations

import signal
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from types import FrameType

EXAMPLES = """\
  stratolab tracking ui                      MLflow in the browser; Ctrl-C ends it
  stratolab tracking ui --port 5050 --no-open
"""
_HERE = "127.0.0.1"
_RUNS = "/#/experiments?workflowType=machine_learning"  # MLflow 3 else begins with pages for language models


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--port", type=_port, help="where to listen (default: the first free one from 5000)")
    parser.add_argument(
        "--host", default=_HERE, help=f"address to listen on (default {_HERE}; MLflow has no login)"
    )
    parser.add_argument("--no-open", action="store_true", help="do not open a browser")


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab

    lab = open_lab()
    if options.host not in {_HERE, "localhost", "::1"}:
        ui.note(
            f"everybody who reaches {options.host} can read and change what is there: MLflow has no login"
        )
    _as_interrupt()
    try:
        with lab.tracking.feed(ui.note), lab.tracking.server(options.host, options.port, ui.note) as server:
            ui.say(server.url)
            ui.note("Ctrl-C ends it")
            if not options.no_open:
                _show(server.url + _RUNS)
            return int(server.wait() != 0)
    except KeyboardInterrupt:
        ui.note("ended")
        return 0


def _show(url: str) -> None:
    import sys
    import webbrowser

    sys.stdout.flush()
    webbrowser.open(url)


def _as_interrupt() -> None:
    """Take a request to end, and a closed terminal (not under `nohup`), as Ctrl-C: no server is left behind."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupt)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**16:
        raise ArgumentTypeError(f"{text!r} is not a port; write a number from 1 to 65535")
    return int(text)
