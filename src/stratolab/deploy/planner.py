"""What `up` would do, found out without changing anything.

A stack that is not there would be created, all of it. One whose template, parameters and tags are what is wanted would
be left alone. For any other CloudFormation itself is asked, by a change set that is dropped again. A stack of the lab
that the configuration does not want any more would be deleted; those of projects are not the configuration's to want.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stratolab.aws.stacks import Action, Replacement, StackStatus
from stratolab.core.names import new_id
from stratolab.deploy import kept, templates
from stratolab.deploy.holdings import deletion_policy, fate
from stratolab.deploy.models import Change, Data, Effect, Plan, StackPlan
from stratolab.deploy.states import Step, case
from stratolab.infra import tags

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.aws.cloudformation import CloudFormation
    from stratolab.aws.s3 import Objects
    from stratolab.aws.stacks import Cause, ChangeSet, ResourceChange
    from stratolab.aws.stacks import Stack as Deployed
    from stratolab.deploy.models import Outputs
    from stratolab.deploy.tools import Tools
    from stratolab.infra.catalogue import Stack

BUCKET = "AWS::S3::Bucket"
REMOVED = "the configuration does not want it any more"


def offline(lab: str, region: str, stacks: Sequence[Stack]) -> Plan:
    """The plan for an empty account."""
    planned = [replace(_created(stack, "it would be new"), region=stack.region) for stack in stacks]
    return Plan(lab=lab, region=region, account="", stacks=tuple(planned))


def plan(
    lab: str,
    region: str,
    account: str,
    stacks: Sequence[Stack],
    tools: Tools,
    *,
    whole: bool = True,
    outputs: Outputs | None = None,
) -> Plan:
    """The plan for an account as it stands.

    Without `whole`, `stacks` are a part of the lab, `outputs` those of the others, and none would be deleted.
    Raises `RemoteError` with CloudFormation's reason if a template is refused.
    """
    outputs = dict(outputs or {})
    planned = []
    for stack in stacks:
        cloud = tools.at(stack.region)
        there = cloud.find(stack.name)
        planned.append(replace(_planned(stack, there, outputs, cloud, tools), region=stack.region))
        if there and there.outputs:
            outputs[stack.key] = there.outputs
    if whole:
        planned += _removed(lab, {stack.name for stack in stacks}, tools)
    return Plan(lab=lab, region=region, account=account, stacks=tuple(planned))


def unchanged(stack: Stack, there: Deployed, parameters: Mapping[str, str], cloud: CloudFormation) -> bool:
    """Whether a stack is already what is wanted: the same template, parameters and tags, and none of it half done."""
    return (
        there.status is not StackStatus.UPDATE_FAILED
        and there.parameters == parameters
        and there.tags == dict(stack.tags)
        and json.loads(cloud.template(stack.name)) == stack.template
    )


def change_set(
    stack: Stack,
    parameters: Mapping[str, str],
    *,
    create: bool,
    outputs: Outputs,
    cloud: CloudFormation,
    objects: Objects,
) -> ChangeSet:
    """Ask CloudFormation what would change."""
    templates.send_code(stack, outputs, objects)
    return cloud.change_set(
        stack.name,
        f"stratolab-{new_id()}",
        parameters=parameters,
        tags=stack.tags,
        create=create,
        **templates.source(stack, outputs, objects),
    )


def import_set(
    stack: Stack,
    again: Sequence[kept.Kept],
    *,
    standing: Mapping[str, Any],
    there: Deployed | None,
    outputs: Outputs,
    cloud: CloudFormation,
    objects: Objects,
) -> ChangeSet:
    """Ask CloudFormation to take these things into the stack; `standing` is the template of the one that is `there`.

    An import changes neither parameters nor tags, and a stack that begins with one begins without.
    """
    return cloud.change_set(
        stack.name,
        f"stratolab-{new_id()}",
        parameters=there.parameters if there else {},
        tags=there.tags if there else {},
        create=there is None,
        imports=[
            {
                "ResourceType": one.type,
                "LogicalResourceId": one.logical,
                "ResourceIdentifier": one.identifier,
            }
            for one in again
        ],
        **templates.source(kept.importing(stack, standing, again), outputs, objects),
    )


def changes_of(found: ChangeSet) -> tuple[Change, ...]:
    """A change set in our words."""
    return tuple(_change(one) for one in found.changes)


def _planned(
    stack: Stack, there: Deployed | None, outputs: Outputs, cloud: CloudFormation, tools: Tools
) -> StackPlan:
    found = case(there.status if there else None)
    if found.up in {Step.CREATE, Step.CLEAR} or there is None:
        again = kept.find(stack.template, {}, tools.existing)
        return _created(stack, found.means, found.up, again)
    missing = _to_come(stack, outputs)
    if found.up is not Step.UPDATE or missing:
        means = f"what would change is known after {', '.join(missing)}" if missing else found.means
        return StackPlan(stack.key, stack.name, found.up, means=means, needs=stack.needs)
    parameters = stack.parameters(outputs, there.parameters)
    if unchanged(stack, there, parameters, cloud):
        return StackPlan(stack.key, stack.name, Step.NOTHING, means=found.means, needs=stack.needs)
    again = kept.find(stack.template, json.loads(cloud.template(stack.name)), tools.existing)
    if again:
        means = "what else would change is known once these are in it again"
        return StackPlan(stack.key, stack.name, Step.UPDATE, _imported(again), means, stack.needs)
    asked = change_set(stack, parameters, create=False, outputs=outputs, cloud=cloud, objects=tools.objects)
    if asked.empty:
        half = there.status is StackStatus.UPDATE_FAILED
        step = Step.UPDATE if half else Step.NOTHING
        return StackPlan(stack.key, stack.name, step, means=found.means, needs=stack.needs)
    cloud.drop(asked)
    return StackPlan(stack.key, stack.name, Step.UPDATE, changes_of(asked), found.means, stack.needs)


def _to_come(stack: Stack, outputs: Outputs) -> list[str]:
    """The stacks that have not given yet what this one takes: they are not there, or will give more than they do."""
    lacking = (
        taken.stack
        for taken in stack.inputs
        if taken.stack and taken.output not in outputs.get(taken.stack, {})
    )
    return list(dict.fromkeys(lacking))


def _created(
    stack: Stack, means: str, step: Step = Step.CREATE, again: Sequence[kept.Kept] = ()
) -> StackPlan:
    there = {one.logical: one for one in _imported(again)}
    made = [
        there.get(logical) or Change(logical, resource["Type"], Effect.CREATE)
        for logical, resource in stack.template["Resources"].items()
    ]
    return StackPlan(stack.key, stack.name, step, tuple(made), means, stack.needs)


def _imported(again: Sequence[kept.Kept]) -> tuple[Change, ...]:
    why = ("it outlived an earlier stack",)
    return tuple(Change(one.logical, one.type, Effect.IMPORT, why, one.physical) for one in again)


def _removed(lab: str, wanted: set[str], tools: Tools) -> list[StackPlan]:
    """The lab's stacks that nobody wants any more, the latest made first: it may stand on those before it."""
    found = [
        (one, cloud)
        for cloud in tools.clouds
        for one in cloud.stacks({tags.LAB: lab})
        if one.name not in wanted and one.tags.get(tags.PROJECT, tags.SHARED) == tags.SHARED
    ]
    found.sort(key=lambda pair: (pair[0].created is None, pair[0].created), reverse=True)
    return [
        StackPlan(
            key=one.name,
            name=one.name,
            step=case(one.status).down,
            changes=removal(one.name, cloud, tools.objects),
            means=REMOVED,
            unwanted=True,
            region=cloud.region,
        )
        for one, cloud in found
        if case(one.status).down is not Step.NOTHING
    ]


def removal(name: str, cloud: CloudFormation, objects: Objects) -> tuple[Change, ...]:
    """The same as `deletions`, but that buckets which hold nothing lose nothing. Looks into each."""
    return tuple(
        replace(change, data=Data.SAFE)
        if change.type == BUCKET and change.data is Data.LOST and not objects.holds(change.physical)
        else change
        for change in deletions(name, cloud)
    )


def deletions(name: str, cloud: CloudFormation) -> tuple[Change, ...]:
    """What becomes of each resource of a stack when the stack is deleted."""
    template: dict[str, Any] = json.loads(cloud.template(name) or "{}")
    policies = {key: deletion_policy(one) for key, one in template.get("Resources", {}).items()}
    return tuple(
        Change(
            logical=one.logical,
            type=one.type,
            effect=Effect.DELETE,
            physical=one.physical,
            data=fate(one.type, Effect.DELETE, policies.get(one.logical, "Delete")),
        )
        for one in cloud.resources(name)
    )


_EFFECTS = {
    Action.ADD: Effect.CREATE,
    Action.REMOVE: Effect.DELETE,
    Action.IMPORT: Effect.IMPORT,
    Action.DYNAMIC: Effect.PERHAPS,
    Action.SYNC: Effect.CHANGE,
}
_REPLACEMENTS = {
    Replacement.NEVER: Effect.CHANGE,
    Replacement.PERHAPS: Effect.PERHAPS,
    Replacement.ALWAYS: Effect.REPLACE,
}


def _change(found: ResourceChange) -> Change:
    effect = _REPLACEMENTS[found.replacement] if found.action is Action.MODIFY else _EFFECTS[found.action]
    return Change(
        logical=found.logical,
        type=found.type,
        effect=effect,
        why=tuple(dict.fromkeys(_why(cause) for cause in found.causes)),
        physical=found.physical,
        data=fate(found.type, effect, found.keeps or "Delete"),
    )


def _why(cause: Cause) -> str:
    """One cause in words: `BucketName, which makes a new one`."""
    what = cause.name or cause.attribute.lower()
    by = f" by {cause.entity}" if cause.entity and cause.source != "DirectModification" else ""
    forced = {"Always": ", which makes a new one", "Conditionally": ", which may make a new one"}
    return f"{what}{by}{forced.get(cause.recreates, '')}"
