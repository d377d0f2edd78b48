"""`stratolab secrets set`: keep a secret, or a new value of one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stratolab.cli import completers, ui
from stratolab.cli import options as opt
from stratolab.core.errors import InputError
from stratolab.core.units import format_size

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab secrets set world-series/database            asks for the value, which is not shown
  stratolab secrets set world-series/database < url.txt  takes it from a file; a last line feed is dropped
  pass show db | stratolab secrets set world-series/database
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    given = parser.add_argument(
        "name", help="the secret's name, such as world-series/database; never its value"
    )
    opt.completed(given, completers.secrets)
    opt.lab_option(parser)
    parser.add_argument(
        "--json", action="store_true", help="print the new version as JSON, without its value"
    )


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab.secret_stores import open_secrets
    from stratolab.secrets.models import checked_name, checked_value

    name = checked_name(options.name)
    value = checked_value(ui.hidden(f"value of {name}: ") if sys.stdin.isatty() else _piped())
    version = open_secrets(options.lab, create=True).put(name, value)
    if options.json:
        ui.document({"name": name, "version": version.id, "created": version.created, "size": version.size})
        return 0
    ui.note(f"{name} is set ({format_size(version.size)}); a job takes it by reference:")
    ui.note(f'  secrets = {{ NAME = "{name}" }}   in its table of stratolab.toml')
    return 0


def _piped() -> str:
    """Standard input without one line feed at its end, which editors and `echo` put there."""
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise InputError(
            "standard input is no text in UTF-8",
            doing="secrets set",
            hint="encode what is binary: base64 key.der | stratolab secrets set NAME",
        ) from None
    return text.removesuffix("\n").removesuffix("\r")
