"""`stratolab project revoke`: take people out of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab project revoke world-series ana
  stratolab project revoke world-series ana bo --yes

They keep what else they may do. Secrets that they have read stay known to them: set or rotate those.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", help="a project of the lab")
    parser.add_argument(
        "people", nargs="+", metavar="person", help="who goes out, by the names in [people] of lab.toml"
    )
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.cli.projecting import carry_out
    from stratolab.lab import projects
    from stratolab.lab.aws import AwsLab

    lab = AwsLab.around()
    projects.project(lab.config, options.name)
    text = projects.revoked(lab.file.read_text(encoding="utf-8"), lab.config, options.name, options.people)
    changed = carry_out(
        lab, text, [projects.ACCOUNT], doing="project revoke", yes=options.yes, quiet=options.json
    )
    members = projects.members(changed.config, options.name)
    if options.json:
        ui.document({"project": options.name, "members": list(members)})
    else:
        ui.note(f"in {options.name}: {', '.join(members) or 'nobody'}")
    return 0
