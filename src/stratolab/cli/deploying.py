"""Carrying out a plan from the command line: told of while it goes, and explained where it is broken off."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from stratolab.cli import deploylive, ui
from stratolab.core.errors import InputError, Interrupted
from stratolab.deploy import linked
from stratolab.deploy.executor import apply

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stratolab.cli.deploylive import Teller
    from stratolab.deploy.executor import Applied
    from stratolab.deploy.models import Consent, Left, Plan
    from stratolab.deploy.preflight import Outlook
    from stratolab.infra.catalogue import Stack
    from stratolab.lab.aws import AwsLab


def show_left(left: list[Left]) -> None:
    """What outlives its stack."""
    ui.table(("type", "name", "of", "why"), [(one.type, one.physical, one.stack, one.why) for one in left])


def bring(
    lab: AwsLab,
    plan: Plan,
    keys: Sequence[str],
    outlook: Outlook,
    *,
    doing: str = "up",
    consent: Consent = frozenset(),
    resources: bool = False,
) -> Applied:
    """Carry out a plan for the stacks of these keys (all for none), telling of it. Raises the first error."""
    busy = {stack.key for stack in plan.stacks if not stack.quiet}
    wanted = [stack for stack in lab.chosen(keys) if stack.key in busy]
    others = [stack for stack in lab.stacks if stack.key not in busy]
    with watching(plan, doing=doing, resources=resources) as teller, lab.alone(doing):
        linked.make(outlook.roles, lab.linked_roles(), teller)
        done = apply(
            wanted,
            lab.tools(teller),
            consent=consent,
            outputs=lab.outputs(others) if others else {},
            unwanted=[stack for stack in plan.stacks if stack.unwanted],
        )
    if done.errors:
        raise next(iter(done.errors.values()))
    if done.not_begun:
        raise _lacking(wanted, done, doing)
    return done


def _lacking(wanted: Sequence[Stack], done: Applied, doing: str) -> InputError:
    """Why stacks were not begun although nothing failed: they take what others give that are not there."""
    left = [stack for stack in wanted if stack.key in done.not_begun]
    there = {*done.outputs, *done.not_begun}
    needs = list(dict.fromkeys(need for stack in left for need in stack.needs if need not in there))
    return InputError(
        f"{', '.join(done.not_begun)} cannot be made without {', '.join(needs)}, which is not there",
        doing=doing,
        hint=f"stratolab up {' '.join([*needs, *done.not_begun])}",
    )


@contextmanager
def watching(plan: Plan, *, doing: str, resources: bool) -> Iterator[Teller]:
    """A teller of what is done. Ctrl-C raises `Interrupted`, which says what AWS goes on with."""
    with deploylive.view(plan, resources=resources) as teller:
        try:
            yield teller
        except KeyboardInterrupt:
            raise Interrupted(
                f"stopped watching; {deploylive.still(teller.moving)}",
                doing=doing,
                hint="stratolab status shows it; the same command again goes on",
            ) from None
