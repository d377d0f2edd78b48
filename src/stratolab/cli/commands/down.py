"""`stratolab down`: take a lab down, and show what is left."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui
from stratolab.core.units import format_money

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stratolab.deploy.models import Left, Plan
    from stratolab.deploy.teardown import Contents
    from stratolab.lab.aws import AwsLab

EXAMPLES = """\
  stratolab down                        show what would go, ask, delete it, show what is left
  stratolab down acme-network-dev       one stack
  stratolab down --delete-data acme     with everything in its buckets; the name says that it is meant
  stratolab down --dry-run              only show

It may be interrupted and typed again: it goes on where it stopped.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("stacks", nargs="*", metavar="STACK", help="stacks by key or name (default: all)")
    parser.add_argument(
        "-y", "--yes", action="store_true", help="do not ask; data needs --delete-data besides"
    )
    parser.add_argument("--delete-data", metavar="LAB", help="delete data too; LAB is the lab's name")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be deleted")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell of every resource")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.core.errors import InputError
    from stratolab.deploy import teardown
    from stratolab.lab.aws import AwsLab

    lab = AwsLab.around()
    if options.delete_data not in {None, lab.name}:
        raise InputError(
            f"--delete-data {options.delete_data}: this lab's name is {lab.name}",
            doing="down",
            hint="nothing was deleted",
        )
    plan = lab.way_back(options.stacks)
    holding = teardown.contents(plan, lab.tools())
    if not options.json:
        _show(plan, holding, ", ".join(options.stacks) or f"of the lab {plan.lab}")
    if options.dry_run:
        if options.json:
            ui.document({"lab": lab.name, "stacks": [stack.name for stack in plan.stacks], "left": []})
        return 0
    left = _taken_down(lab, plan, holding, options) if plan.stacks else []
    whose = "what was deleted" if options.stacks else f"the lab {lab.name}"
    _left(left if options.stacks else _all_left(lab, left), whose, lab, as_json=options.json)
    return 0


def _taken_down(lab: AwsLab, plan: Plan, holding: list[Contents], options: Namespace) -> list[Left]:
    """Ask, and delete. What outlives its stack."""
    from stratolab.cli.deploying import watching
    from stratolab.deploy import guarded, teardown

    guarded.refuse(plan.stacks, lab.tools().databases)
    teardown.refuse_losses(plan, holding, delete_data=options.delete_data is not None)
    words = f"delete {ui.plural(len(plan.stacks), 'stack')} of the lab {lab.name} in account {plan.account}?"
    ui.confirm(words, yes=options.yes, doing="down")
    with watching(plan, doing="down", resources=options.verbose) as teller, lab.alone("down"):
        return teardown.take_down(plan, lab.tools(teller), delete_data=options.delete_data is not None)


def _all_left(lab: AwsLab, left: list[Left]) -> list[Left]:
    """With whatever else bears the lab's tag, if one may look for that."""
    from stratolab.aws.errors import DeniedError

    try:
        return lab.left(left)
    except DeniedError as error:
        ui.warn(f"not looked for by the lab's tag: {error.what}")
        return left


def _show(plan: Plan, holding: list[Contents], which: str) -> None:
    if not plan.stacks:
        ui.say(f"no stack {which} is in account {plan.account}")
        return
    ui.say(f"lab {plan.lab} in {plan.region}, account {plan.account}: to be deleted, in this order")
    ui.table(
        ("stack", "resources", "state"),
        [(stack.name, str(len(stack.changes)), stack.means) for stack in plan.stacks],
        right=("resources",),
    )
    for one in holding:
        fate = "outlives its stack" if one.kept else "would be deleted"
        ui.say(f"bucket {one.bucket}: {ui.plural(one.content.objects, 'object')}, {fate}")


def _left(left: list[Left], whose: str, lab: AwsLab, *, as_json: bool) -> None:
    """The inventory at the end, with its price."""
    from stratolab.cli.deploying import show_left
    from stratolab.lab.appraising import price_of_left

    price = price_of_left(left, lab.rates)
    if as_json:
        monthly = {"monthly": round(price.dollars, 2), "notes": price.notes}
        ui.document({"lab": lab.name, "left": [asdict(one) for one in left], "price": monthly})
    elif not left:
        ui.say(f"nothing of {whose} is left")
    else:
        ui.say(f"left of {whose}:")
        show_left(left)
        ui.say(f"what is left costs {format_money(price.dollars)} a month ({lab.rates.about})")
        for note in price.notes:
            ui.say(f"  {note}")
