"""`stratolab status`: every stack of a lab, as it stands in the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab status
  stratolab status --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.deploy.states import case
    from stratolab.lab.aws import AwsLab

    lab = AwsLab.around()
    found = lab.status()
    if options.json:
        rows = [
            {
                "stack": key,
                "name": name,
                "wanted": wanted,
                "status": str(there.status) if there else None,
                "means": case(there.status if there else None).means,
                "updated": (there.updated or there.created).isoformat() if there and there.created else None,
            }
            for key, name, wanted, there in found
        ]
        ui.document({"lab": lab.name, "account": lab.caller.account, "region": lab.region, "stacks": rows})
        return 0
    ui.say(f"lab {lab.name} in {lab.region}, account {lab.caller.account}")
    ui.table(
        ("stack", "state", "changed", "what that means"),
        [
            (
                key,
                str(there.status) if there else "-",
                ui.ago((there.updated or there.created).timestamp()) if there and there.created else "",
                case(there.status if there else None).means + ("" if wanted else "; not wanted any more"),
            )
            for key, _, wanted, there in found
        ],
        right=("changed",),
    )
    holder = lab.applying()
    if holder:
        ui.note(f"{holder} is applying to it just now")
    return 0
