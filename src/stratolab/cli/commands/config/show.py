"""`stratolab config show`: the configuration with all defaults filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab config show             JSON: every key, given or not
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="the same (it is JSON in any case)")


def run(_options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab

    ui.document(open_lab().config.model_dump(mode="json"))
    return 0
