"""`stratolab plan`: what `up` would change, and what that means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stratolab.lab.appraising import Appraisal
    from stratolab.lab.aws import AwsLab

EXAMPLES = """\
  stratolab plan                        the whole lab of lab.toml
  stratolab plan network --all          one concern; every resource and every right
  stratolab plan --offline              without an account: as if it were empty
  stratolab plan --drift                with what was changed by hand
  stratolab plan --markdown >> $GITHUB_STEP_SUMMARY
  stratolab plan --check                exit code 1 if there is anything to do, or was done by hand (--drift)
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    stacks_argument(parser)
    parser.add_argument("--offline", action="store_true", help="ask no account; take it to be empty")
    parser.add_argument("--drift", action="store_true", help="look for what was changed by hand too (slow)")
    parser.add_argument("--all", action="store_true", help="name every resource and every right")
    parser.add_argument("--markdown", action="store_true", help="print it for a pull request")
    parser.add_argument("--check", action="store_true", help="exit code 1 if the lab is not as it is wanted")
    opt.json_option(parser)


def stacks_argument(parser: ArgumentParser) -> None:
    """Which stacks."""
    parser.add_argument(
        "stacks", nargs="*", metavar="STACK", help="such as network or network.prod (default: all)"
    )


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.cli import planshow
    from stratolab.lab.aws import AwsLab

    appraisal = appraised(AwsLab.around(), options.stacks, offline=options.offline, drift=options.drift)
    if options.json:
        ui.document(planshow.document(appraisal))
    elif options.markdown:
        ui.say(planshow.markdown(appraisal))
    else:
        planshow.show(appraisal, whole=options.all)
    return 1 if options.check and (appraisal.drifted or not appraisal.plan.quiet) else 0


def appraised(lab: AwsLab, stacks: list[str], *, offline: bool, drift: bool = False) -> Appraisal:
    """The plan and what it means; for an empty account where there are no credentials."""
    from stratolab.lab.appraising import appraise

    chosen = lab.chosen(stacks)
    if offline:
        return appraise(lab.plan(stacks, offline=True), chosen, lambda stack: "{}", lab.rates)  # noqa: ARG005
    from stratolab.aws.errors import CredentialsError

    try:
        lab.caller  # noqa: B018 - the first question
    except CredentialsError as error:
        ui.note(f"{error.what}: this is the plan for an empty account ({error.hint})")
        return appraised(lab, stacks, offline=True)
    plan = lab.plan(stacks)
    drifted = _drifted(lab, stacks) if drift else ()
    return appraise(plan, chosen, lab.template, lab.rates, lab.outlook(plan, stacks), drifted=drifted)


def _drifted(lab: AwsLab, stacks: list[str]) -> list[str]:
    from stratolab.cli.commands.drift import look

    found, _ = look(lab, stacks)
    return [f"{key}: {one}" for key, many in found.items() for one in many]
