"""Databases that RDS does not delete until their protection is switched off: told before anything is deleted.

Found on the way, such a one would stop a deletion in the middle, after hours of others that went well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.core.errors import RefusedError
from stratolab.deploy.obstacles import error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stratolab.aws.databases import Databases
    from stratolab.deploy.models import Plan, StackPlan
    from stratolab.deploy.obstacles import Obstacle

KIND = "AWS::RDS::DBInstance"
_SWITCH = "deletion_protection = false in its [environments.NAME.database], and stratolab up"


def databases(stacks: Sequence[StackPlan], there: Databases) -> list[str]:
    """Those of stacks that are to go, by name and stack."""
    return [
        f"{change.logical} ({change.type}) in {stack.name}"
        for stack in stacks
        for change in stack.changes
        if change.type == KIND and change.physical and there.protected(change.physical)
    ]


def refuse(stacks: Sequence[StackPlan], there: Databases) -> None:
    """Raise `RefusedError` that names each of them, if there is one."""
    found = databases(stacks, there)
    if found:
        told = "\n".join(f"    {one}" for one in found)
        raise RefusedError(
            f"protected from deletion:\n{told}",
            doing="deleting stacks",
            hint=f"{_SWITCH}; then the same again. Without its lab.toml: aws rds modify-db-instance "
            "--no-deletion-protection --db-instance-identifier NAME",
        )


def obstacles(plan: Plan, there: Databases) -> Iterator[Obstacle]:
    """Those that `up` would delete because nobody wants their stack any more."""
    for one in databases([stack for stack in plan.stacks if stack.unwanted], there):
        yield error(
            f"{one} is protected from deletion",
            f"put it back with {_SWITCH}; then take it out again",
        )
