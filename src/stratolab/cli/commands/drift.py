"""`stratolab drift`: what was changed behind CloudFormation's back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui
from stratolab.cli.commands.plan import stacks_argument

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from stratolab.aws.stacks import Drift
    from stratolab.lab.aws import AwsLab

EXAMPLES = """\
  stratolab drift                 exit code 1 if anything was changed by hand
  stratolab drift network.prod --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    stacks_argument(parser)
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab.aws import AwsLab

    lab = AwsLab.around()
    found, skipped = look(lab, options.stacks)
    if options.json:
        ui.document(
            {
                "lab": lab.name,
                "drift": {key: [asdict(one) for one in many] for key, many in found.items()},
                "not_looked_at": skipped,
            }
        )
    else:
        for key, many in found.items():
            for one in many:
                ui.say(f"{key}: {one.logical} ({one.type}, {one.physical}) was {one.status.lower()}")
                for difference in one.differences:
                    ui.say(f"  {difference}")
        if any(found.values()):
            ui.note("up leaves it as it is: change it back by hand, or write it into lab.toml")
        else:
            ui.say(f"no drift in {ui.plural(len(found), 'stack')}")
    return 1 if any(found.values()) else 0


def look(lab: AwsLab, stacks: Sequence[str]) -> tuple[dict[str, list[Drift]], dict[str, str]]:
    """What was changed by hand, by stack; and why others were not looked at. Tells what it looks at."""
    from stratolab.deploy.drifting import drift
    from stratolab.deploy.states import DRIFTABLE, case

    found, skipped = {}, {}
    for stack in lab.chosen(stacks):
        there = lab.tools().at(stack.region).find(stack.name)
        if there is None or there.status not in DRIFTABLE:
            skipped[stack.key] = case(there.status if there else None).means
            ui.note(f"{stack.key}: not looked at: {skipped[stack.key]}")
        else:
            ui.note(f"{stack.key}: looking")
            found[stack.key] = drift(stack.name, lab.tools().at(stack.region), lab.networks(stack.region))
    return found, skipped
