"""`stratolab config schema`: the JSON schema of stratolab.toml or lab.toml, for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab config schema > stratolab.schema.json
  stratolab config schema --lab > lab.schema.json
  (then, as the first line of the file, for editors with taplo:  #:schema ./stratolab.schema.json)
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--lab", action="store_true", help="that of lab.toml")
    parser.add_argument("--json", action="store_true", help="the same (it is JSON in any case)")


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.config.labs import schema as of_lab
    from stratolab.config.schema import schema

    ui.document(of_lab.schema() if options.lab else schema())
    return 0
