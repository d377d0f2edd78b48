"""The way back: stacks deleted in the reverse of their order, data only by consent, and an inventory of what is left.

What a lab has is asked of AWS by the lab's tag, not of a configuration, so that a lab can be taken down whose
configuration is lost. A deletion that fails because something else still uses a resource is tried again: AWS lets go of
network interfaces minutes after what they belonged to is gone.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.aws.failures import first_cause
from stratolab.aws.stacks import StackStatus
from stratolab.core.crash import crash_point
from stratolab.core.errors import RefusedError, RemoteError
from stratolab.core.names import new_id
from stratolab.deploy import guarded, planner
from stratolab.deploy.following import Follower
from stratolab.deploy.models import Began, Data, Ended, Left, Moved, Noted, Plan, StackPlan
from stratolab.deploy.states import Step, case
from stratolab.infra import tags

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stratolab.aws.s3 import BucketContent
    from stratolab.aws.stacks import Stack as Deployed
    from stratolab.deploy.models import Change, Consent
    from stratolab.deploy.tools import Tools

TRIES = 4
PAUSE = 30.0  # seconds before the second try; each later one waits twice as long


@dataclass(frozen=True, slots=True)
class Contents:
    """What a bucket of the lab holds, and whether it outlives its stack."""

    bucket: str
    stack: str
    logical: str
    content: BucketContent
    kept: bool


def plan(lab: str, region: str, account: str, tools: Tools, *, environment: str = "") -> Plan:
    """What `down` would do: every stack of the lab (or of one environment), in the order of their deletion."""
    wanted = {tags.LAB: lab, **({tags.ENVIRONMENT: environment} if environment else {})}
    found = [(one, cloud) for cloud in tools.clouds for one in cloud.stacks(wanted)]
    found.sort(key=lambda pair: (pair[0].created is None, pair[0].created), reverse=True)
    stacks = [
        StackPlan(
            key=one.name,
            name=one.name,
            step=case(one.status).down,
            changes=planner.deletions(one.name, cloud),
            means=case(one.status).means,
            region=cloud.region,
        )
        for one, cloud in found
        if case(one.status).down is not Step.NOTHING
    ]
    return Plan(lab=lab, region=region, account=account, stacks=tuple(stacks))


def contents(plan: Plan, tools: Tools) -> list[Contents]:
    """The buckets of a plan that hold something."""
    found = []
    for stack in plan.stacks:
        for change in stack.changes:
            content = tools.objects.content(change.physical) if change.type == planner.BUCKET else None
            if content and content.versions:
                kept = change.data is Data.KEPT
                found.append(Contents(change.physical, stack.key, change.logical, content, kept))
    return found


def refuse_losses(plan: Plan, holding: Sequence[Contents], *, delete_data: bool) -> None:
    """Raise `RefusedError` with everything that would be lost, unless that is agreed to.

    A bucket that is empty loses nothing, whatever its policy.
    """
    full = {(one.stack, one.logical) for one in holding}
    losses = [
        f"{change.logical} ({change.type}) in {stack.name}"
        for stack, change in plan.at_risk()
        if change.type != planner.BUCKET or (stack.key, change.logical) in full
    ]
    if losses and not delete_data:
        told = "\n".join(f"    {line}" for line in losses)
        raise RefusedError(
            f"data would be lost:\n{told}",
            doing="taking the lab down",
            hint=f"if it may be lost: stratolab down --delete-data {plan.lab}",
        )


def take_down(plan: Plan, tools: Tools, *, delete_data: bool) -> list[Left]:
    """Delete the stacks of a plan; what outlives them. Running it again goes on where it stopped.

    With `delete_data`, buckets are emptied and those that outlive their stack deleted too. A stack that cannot be
    deleted yet is tried again after the others, and after a pause when none of them could. Raises `RemoteError` with
    the first real cause if it never can, and `RefusedError` before anything is deleted if a database is protected.
    """
    left = _remove(plan.stacks, tools, lambda stack, change: delete_data)  # noqa: ARG005
    return [one for one in left if not (delete_data and _gone(one, tools))]


def remove(stacks: Sequence[StackPlan], tools: Tools, *, consent: Consent) -> list[Left]:
    """Delete stacks that nobody wants any more; what outlives them.

    Of their data only that goes which the owner has agreed to lose. Raises `RefusedError` if that is not all that would
    go now, before anything is deleted; else as `take_down`.
    """
    losses = [
        f"{change.logical} ({change.type}) in {stack.name}"
        for stack in stacks
        for change in planner.removal(stack.name, tools.at(stack.region), tools.objects)
        if change.data is Data.LOST and (stack.key, change.logical) not in consent
    ]
    if losses:
        raise RefusedError(
            f"it would lose data that was not agreed upon: {', '.join(losses)}",
            doing="deleting what is not wanted any more",
            hint="stratolab plan shows it; stratolab up asks for each by name",
        )
    return _remove(stacks, tools, lambda stack, change: (stack.key, change.logical) in consent)


def _remove(
    stacks: Sequence[StackPlan], tools: Tools, emptied: Callable[[StackPlan, Change], bool]
) -> list[Left]:
    guarded.refuse(stacks, tools.databases)
    left: list[Left] = []
    pending, tries = list(stacks), 0
    while pending:
        before, failures = len(pending), []
        for stack in list(pending):
            try:
                left += _delete(stack, tools, emptied)
            except RemoteError as error:
                failures.append(error)
            else:
                pending.remove(stack)
        if not failures:
            break
        tries = tries + 1 if len(pending) == before else 0
        if tries == TRIES:
            raise failures[0]
        pause = PAUSE * 2**tries if tries else 0.0
        tools.tell(Noted(f"{failures[0].what}; again" + (f" in {pause:.0f} s" if pause else "")))
        (tools.sleep or time.sleep)(pause)
    return left


def _delete(stack: StackPlan, tools: Tools, emptied: Callable[[StackPlan, Change], bool]) -> list[Left]:
    """Delete one stack; the resources that it left."""
    began = time.monotonic()
    cloud = tools.at(stack.region)
    there = cloud.find(stack.name)
    if there is None:
        return []
    tools.tell(Began(stack.key, Step.DELETE))
    if there.protected:
        cloud.protect(stack.name, on=False)
    _empty([change for change in stack.changes if emptied(stack, change)], tools)
    left = _deleted(stack, there, tools)
    tools.tell(Ended(stack.key, time.monotonic() - began, changed=True))
    return left


def _empty(changes: Sequence[Change], tools: Tools) -> None:
    for change in changes:
        if change.type == planner.BUCKET and change.physical:
            gone = tools.objects.empty(change.physical)
            if gone:
                tools.tell(Noted(f"emptied {change.physical}: {gone} objects and versions"))


def _gone(left: Left, tools: Tools) -> bool:
    """Delete what a stack left behind, where that is ours to do: buckets."""
    if left.type != planner.BUCKET:
        return False
    tools.objects.empty(left.physical)  # a bucket of logs goes on being written to
    tools.objects.remove_bucket(left.physical)
    return True


def _deleted(stack: StackPlan, there: Deployed, tools: Tools) -> list[Left]:
    def sleep(seconds: float) -> None:
        (tools.sleep or time.sleep)(seconds)

    cloud = tools.at(stack.region)
    follower = Follower(there.id, cloud, lambda event: tools.tell(Moved(stack.key, event)), sleep)
    crash_point("down.before-delete")
    if not there.status.moving:
        cloud.delete(there.id, token=new_id())
    crash_point("down.deleting")
    rest = follower.rest()
    if rest is None or rest.status is StackStatus.DELETE_COMPLETE:
        return _skipped(stack, there, tools)
    cause = first_cause(follower.seen)
    raise RemoteError(
        str(cause) if cause else rest.reason or "AWS does not say why",
        doing=f"deleting {stack.name}",
        hint=(cause.hint if cause else "") or "mend the cause, then: stratolab down",
    )


def _skipped(stack: StackPlan, there: Deployed, tools: Tools) -> list[Left]:
    """What CloudFormation left behind, as the templates wanted it."""
    return [
        Left(stack.name, event.type, event.physical, "kept by its deletion policy")
        for event in tools.at(stack.region).events(there.id)
        if event.status == "DELETE_SKIPPED" and event.physical
    ]
