"""What a plan means beyond its resources: its price, the rights that it gives and takes, what it opens and closes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratolab.cost.busy import Busy, busy
from stratolab.cost.standing import Standing, standing
from stratolab.deploy.exposure import exposures
from stratolab.deploy.grants import grants, in_short, told
from stratolab.deploy.preflight import UNSEEN
from stratolab.deploy.states import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from stratolab.cost.rates import Rates
    from stratolab.deploy.grants import Grant
    from stratolab.deploy.models import Left, Plan, StackPlan
    from stratolab.deploy.preflight import Outlook
    from stratolab.infra.catalogue import Stack

NEW = {Step.CREATE, Step.CLEAR}


@dataclass(frozen=True, slots=True)
class Appraisal:
    """A plan, and what follows from it. Lists of lines are sorted, so that the same plan reads the same.

    `price` is what the stacks of the plan cost a month while idle once it is carried out, `dearer` by how much more
    than now, in all and by the stack's key where it differs; `busy` is an hour in which everything is at work.
    """

    plan: Plan
    rates: Rates
    price: Standing
    busy: Busy
    dearer: float
    by_stack: Mapping[str, float]
    granted: tuple[str, ...] = ()
    granted_in_short: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()
    revoked_in_short: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    drifted: tuple[str, ...] = ()
    outlook: Outlook = UNSEEN


def appraise(
    plan: Plan,
    stacks: Iterable[Stack],
    deployed: Callable[[StackPlan], str],
    rates: Rates,
    outlook: Outlook = UNSEEN,
    *,
    drifted: Iterable[str] = (),
) -> Appraisal:
    """Look at what the stacks of a plan are made of.

    `deployed` gives the template that a stack has now, `outlook` is what was seen of the account, `drifted` what was
    changed there by hand.
    """
    wanted = {stack.key: stack.template for stack in stacks}
    before, after = _Seen(), _Seen()
    for stack in plan.stacks:
        template = wanted.get(stack.key, {})
        after.add(stack.key, template)
        if stack.quiet:
            before.add(stack.key, template)
        elif stack.step not in NEW:
            before.add(stack.key, json.loads(deployed(stack) or "{}"))
    price = standing(after.templates.values(), rates)
    changes = {
        key: standing([after.templates[key]], rates).dollars
        - standing([before.templates.get(key, {})], rates).dollars
        for key in after.templates
    }
    return Appraisal(
        plan=plan,
        rates=rates,
        price=price,
        busy=busy(after.templates.values(), rates),
        dearer=price.dollars - standing(before.templates.values(), rates).dollars,
        by_stack={key: dollars for key, dollars in changes.items() if round(dollars, 2)},
        granted=tuple(told(after.grants - before.grants)),
        granted_in_short=tuple(in_short(after.grants - before.grants)),
        revoked=tuple(told(before.grants - after.grants)),
        revoked_in_short=tuple(in_short(before.grants - after.grants)),
        opened=tuple(sorted(after.open - before.open)),
        closed=tuple(sorted(before.open - after.open)),
        drifted=tuple(drifted),
        outlook=outlook,
    )


def price_of_left(left: Iterable[Left], rates: Rates) -> Standing:
    """What resources that outlive their stacks cost a month. Of their options nothing is known but the type."""
    resources = {f"{one.stack} {one.physical}": {"Type": one.type, "Properties": {}} for one in left}
    return standing([{"Resources": resources}], rates)


class _Seen:
    def __init__(self) -> None:
        self.grants: set[Grant] = set()
        self.open: set[str] = set()
        self.templates: dict[str, Mapping[str, Any]] = {}

    def add(self, key: str, template: Mapping[str, Any]) -> None:
        self.templates[key] = template
        self.grants |= grants(template)
        self.open |= {f"{key}: {line}" for line in exposures(template)}
