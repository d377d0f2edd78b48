"""`stratolab project ls`: list the projects of the lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab project ls
  stratolab project ls --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import projects
    from stratolab.lab.aws import AwsLab

    lab = AwsLab.around()
    found = projects.projects(lab.config)
    stands = {one.name: lab.stands(*lab.chosen([one.stack])) for one in found}
    if options.json:
        ui.document(
            {
                "projects": [
                    {
                        "name": one.name,
                        "deployed": stands[one.name],
                        "members": list(one.members),
                        "secrets": [f"{one.name}/{secret}" for secret in one.secrets],
                        "source": one.source,
                    }
                    for one in found
                ]
            }
        )
        return 0
    if not found:
        ui.note("no projects yet: stratolab project init NAME")
        return 0
    ui.table(
        ("project", "deployed", "secrets", "members"),
        [
            (one.name, "yes" if stands[one.name] else "no", str(len(one.secrets)), ", ".join(one.members))
            for one in found
        ],
        right=("secrets",),
    )
    return 0
