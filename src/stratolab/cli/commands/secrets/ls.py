"""`stratolab secrets ls`: list the names of secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab secrets ls
  stratolab secrets ls world-series/     those whose names begin so
  stratolab secrets ls --lab acme        of a lab in AWS, from anywhere
  stratolab secrets ls --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("prefix", nargs="?", default="", help="only names that begin with this")
    opt.lab_option(parser)
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab.secret_stores import open_secrets
    from stratolab.secrets.models import CURRENT

    found = [secret for secret in open_secrets(options.lab).all() if secret.name.startswith(options.prefix)]
    if options.json:
        ui.document(
            {
                "secrets": [
                    {
                        "name": secret.name,
                        "versions": [
                            {"id": one.id, "created": one.created, "stages": list(one.stages)}
                            for one in secret.versions
                        ],
                    }
                    for secret in found
                ]
            }
        )
        return 0
    if not found:
        ui.note("no such secret" if options.prefix else "no secrets yet: stratolab secrets set NAME")
        return 0
    current = [(secret, secret.version(CURRENT)) for secret in found]
    ui.table(
        ("name", "set", "versions"),
        [
            (secret.name, f"{ui.ago(version.created)} ago" if version else "", str(len(secret.versions)))
            for secret, version in current
        ],
        right=("versions",),
    )
    return 0
