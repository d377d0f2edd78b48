"""`stratolab secrets ls`: list the names of secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stratolab.secrets.models import Secret

EXAMPLES = """\
  stratolab secrets ls
  stratolab secrets ls world-series/     those whose names begin so
  stratolab secrets ls --lab acme        of a lab in AWS, from anywhere
  stratolab secrets ls --json
"""
_COLUMNS = ("name", "set", "versions", "rotated", "next")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("prefix", nargs="?", default="", help="only names that begin with this")
    opt.lab_option(parser)
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab.secret_stores import open_secrets

    found = [secret for secret in open_secrets(options.lab).all() if secret.name.startswith(options.prefix)]
    if options.json:
        ui.document(
            {
                "secrets": [
                    {
                        "name": secret.name,
                        "rotated": secret.rotated,
                        "due": secret.due,
                        "rotates": secret.rotates,
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
    columns = len(_COLUMNS) if any(secret.rotates or secret.rotated for secret in found) else 3
    ui.table(_COLUMNS[:columns], [_row(secret)[:columns] for secret in found], right=("versions",))
    return 0


def _row(secret: Secret) -> tuple[str, ...]:
    version = secret.version()
    return (
        secret.name,
        f"{ui.ago(version.created)} ago" if version else "",
        str(len(secret.versions)),
        f"{ui.ago(secret.rotated)} ago" if secret.rotated else "",
        ui.until(secret.due) if secret.rotates else "",
    )
