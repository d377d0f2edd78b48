"""What is looked at in an account before a plan is carried out.

Quotas, adopted networks, service-linked roles, databases that may not be deleted. Nothing is changed. What cannot be
read is told as a warning: a deployer need not be allowed to look at everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.core.errors import RemoteError
from stratolab.deploy import adopted, allowances, guarded, linked
from stratolab.deploy.obstacles import warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stratolab.aws.linked import LinkedRoles
    from stratolab.config.labs.models import LabConfig
    from stratolab.deploy.allowances import Source
    from stratolab.deploy.models import Plan
    from stratolab.deploy.obstacles import Obstacle
    from stratolab.infra.catalogue import Stack


@dataclass(frozen=True, slots=True)
class Outlook:
    """What was found: what stands in the way, and the services whose roles are to be made first."""

    obstacles: tuple[Obstacle, ...] = ()
    roles: tuple[str, ...] = ()


UNSEEN = Outlook()
"""Nothing was looked at."""


def examine(
    plan: Plan, stacks: Sequence[Stack], lab: LabConfig, source: Source, roles: LinkedRoles
) -> Outlook:
    """Look at what this plan will need. Asks AWS only about what the plan makes."""
    home = [stack for stack in stacks if stack.region == plan.region]
    found = [
        *allowances.obstacles(plan, home, source),
        *_networks(plan, stacks, lab, source),
        *guarded.obstacles(plan, source.databases),
    ]
    missing: tuple[str, ...] = ()
    needed = linked.needed(plan, stacks)
    if needed:
        try:
            missing = tuple(sorted(set(needed) - roles.services()))
        except RemoteError as error:
            found.append(
                warning(f"service-linked roles: which there are could not be read: {error.what}", error.hint)
            )
    return Outlook(tuple(found), missing)


def _networks(plan: Plan, stacks: Sequence[Stack], lab: LabConfig, source: Source) -> Iterator[Obstacle]:
    """The adopted networks of environments in which anything is made or changed."""
    environments = {stack.key: stack.environment for stack in stacks}
    busy = {environments.get(stack.key) for stack in plan.stacks if not stack.quiet and not stack.unwanted}
    for name, environment in lab.environments.items():
        if environment.vpc and name in busy:
            try:
                ground = adopted.read(environment.vpc, source.networks)
            except RemoteError as error:
                yield warning(f"environments.{name}.vpc: it could not be looked at: {error.what}", error.hint)
            else:
                yield from adopted.obstacles(name, environment.vpc, ground, plan.region)
