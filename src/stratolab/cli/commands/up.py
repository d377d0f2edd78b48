"""`stratolab up`: make the account what lab.toml wants."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui
from stratolab.cli.commands.plan import stacks_argument

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stratolab.deploy.models import Consent, Left, Outputs, Plan
    from stratolab.lab.appraising import Appraisal
    from stratolab.lab.aws import AwsLab

EXAMPLES = """\
  stratolab up                          show the plan, ask once, and do it
  stratolab up network.prod             one stack
  stratolab up --yes                    ask nothing; never agrees to a loss of data
  stratolab up --yes --lose data.Data   in CI: agrees to lose what this one holds, and no other

It may be interrupted and typed again: it goes on where it stopped.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    stacks_argument(parser)
    parser.add_argument(
        "-y", "--yes", action="store_true", help="do not ask; losses of data need --lose besides"
    )
    parser.add_argument(
        "--lose",
        action="append",
        default=[],
        metavar="STACK.RESOURCE",
        help="agree to the loss of this resource's data, as the plan names it",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="tell of every resource")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.cli import planshow
    from stratolab.cli.deploying import bring, show_left
    from stratolab.deploy.obstacles import refuse
    from stratolab.lab.appraising import appraise
    from stratolab.lab.aws import AwsLab

    lab = AwsLab.around()
    plan = lab.plan(options.stacks)
    outlook = lab.outlook(plan, options.stacks)
    appraisal = appraise(plan, lab.chosen(options.stacks), lab.template, lab.rates, outlook)
    if not options.json:
        planshow.show(appraisal, whole=False)
    if plan.quiet:
        seeded = _seed(lab, options)
        return _told(seeded, seeded.outputs(lab.chosen(options.stacks)), [], as_json=options.json)
    refuse(outlook.obstacles)
    consent = _consent(plan, options.lose, yes=options.yes)
    ui.confirm(f"make it so in account {plan.account}? {_price(appraisal)}", yes=options.yes, doing="up")
    done = bring(lab, plan, options.stacks, outlook, consent=consent, resources=options.verbose)
    if not options.json and done.left:
        ui.say("left of what was deleted:")
        show_left(done.left)
    _seed(lab, options)
    ui.note(f"{lab.name} is as it is wanted; what it gives: stratolab outputs")
    return _told(lab, done.outputs, done.left, as_json=options.json)


def _price(appraisal: Appraisal) -> str:
    """The warning before anything is made: that it costs, and how much."""
    from stratolab.core.units import format_money

    monthly = format_money(appraisal.price.dollars)
    return f"AWS charges about {monthly} a month for it while nothing runs, and more for what does"


def _seed(lab: AwsLab, options: Namespace) -> AwsLab:
    """Build the tracking server's first image if the server waits for one, and start it; agreed to with the plan."""
    from stratolab.cli import imaging
    from stratolab.lab import images

    key = images.tracking_key(lab)
    if not key or key not in {stack.key for stack in lab.chosen(options.stacks)}:
        return lab
    if not images.without_image(lab, key):
        return lab
    if not options.json:
        ui.note(f"{key}: building its first image, {imaging.ABOUT}; broken off, stratolab up {key} goes on")
    made = imaging.built(
        lambda tell: images.build_tracking(lab, tell), verbose=options.verbose, quiet=options.json
    )
    imaging.use(lab, key, made.address, doing="up", yes=True, quiet=True, verbose=options.verbose)
    return lab


def _consent(plan: Plan, given: list[str], *, yes: bool) -> Consent:
    """The losses that somebody agreed to. Raises `RefusedError` for any other in the plan."""
    from stratolab.core.errors import RefusedError

    losses = {
        f"{stack.key}.{change.logical}": (stack.key, change.logical) for stack, change in plan.at_risk()
    }
    agreed = set(given) & set(losses)
    for name in sorted(set(losses) - agreed):
        if yes or not sys.stdin.isatty():
            raise RefusedError(
                f"the data of {name} would be lost, and --yes does not cover that",
                doing="up",
                hint=f"if it may be lost: stratolab up --lose {name}",
            )
        if ui.ask(f"the data of {name} would be lost; type its name to agree: ") != name:
            raise RefusedError("not agreed to, so nothing was changed", doing="up", hint="stratolab plan")
        agreed.add(name)
    return frozenset(losses[name] for name in agreed)


def _told(lab: AwsLab, outputs: Outputs, left: list[Left], *, as_json: bool) -> int:
    if as_json:
        ui.document({"lab": lab.name, "outputs": outputs, "left": [asdict(one) for one in left]})
    return 0
