"""The tags of everything that a lab makes: what the bill is split by, and what policies and clean-ups recognise.

They are put on all resources at once, after a stack was written, so that none can be forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stratolab.config.labs.models import LabConfig

LAB = "stratolab:lab"
ENVIRONMENT = "stratolab:environment"
PROJECT = "stratolab:project"
OWNER = "stratolab:owner"
RUN = "stratolab:run"
TUNNEL = "stratolab:tunnel"
"""On the machine by which people reach a database, with the lab's name: it is known by it."""
SHARED = "shared"
"""The environment or the project of what belongs to none of them."""

_MORE = {"AWS::AutoScaling::AutoScalingGroup": {"PropagateAtLaunch": True}}
"""What an entry needs besides, where machines get the tags of their group."""
_OTHER_NAME = {"AWS::Route53::HostedZone": "HostedZoneTags", "AWS::Budgets::Budget": "ResourceTags"}


def of_resources(
    lab: LabConfig, *, environment: str | None = None, project: str | None = None
) -> dict[str, str]:
    """The tags that stand in a template at every resource, in a fixed order."""
    ours = {
        LAB: lab.lab.name,
        ENVIRONMENT: environment or SHARED,
        PROJECT: project or SHARED,
        OWNER: lab.lab.owner or lab.lab.name,
    }
    return dict(sorted(ours.items()))


def of_stack(lab: LabConfig, *, environment: str | None = None, project: str | None = None) -> dict[str, str]:
    """The tags of a stack, which CloudFormation puts on its resources too: ours, and those of the lab's owner.

    The owner's stand here only: thirty of them at every resource would make a template too long to be sent.
    """
    ours = of_resources(lab, environment=environment, project=project)
    return dict(sorted({**lab.lab.tags, **ours}.items()))


def put_on(
    properties: dict[str, Any], kind: str, known: Mapping[str, Any], tags: Mapping[str, str]
) -> dict[str, Any]:
    """A resource's properties with the tags added, if its kind has any. `known` are the properties that it may have."""
    name = _OTHER_NAME.get(kind, "Tags")
    if name not in known:
        return properties
    own = properties.get(name, {} if known[name][0] is dict else [])
    if isinstance(own, dict):
        return {**properties, name: {**tags, **own}}
    given = {entry["Key"]: entry["Value"] for entry in own}
    merged = {**tags, **given}
    more = _MORE.get(kind, {})
    return {**properties, name: [{"Key": key, "Value": merged[key], **more} for key in sorted(merged)]}
