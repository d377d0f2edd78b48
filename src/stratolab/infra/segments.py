"""Segments of work: which group of people looks after which stacks, and what those stacks are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from troposphere import AWSObject


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment: the group of those who look after it, and the concerns of its stacks."""

    group: str
    about: str
    concerns: tuple[str, ...]


OWNER = Segment(
    "admins", "the lab itself, its foundation, people and money", ("foundation", "account", "spending")
)
NETWORK = Segment("operators-network", "networks and databases", ("network", "database"))
BATCH = Segment("operators-batch", "queues, images and jobs", ("compute", "registry", "schedules"))
SERVICES = Segment("operators-services", "tracking and services", ("tracking", "service", "secrets"))
DELIVERY = Segment(
    "operators-delivery", "builds, pipelines and projects", ("pipeline", "project", "packages")
)
OPERATORS = (NETWORK, BATCH, SERVICES, DELIVERY)


def everything() -> Segment:
    """What admins look after: the lab itself, and every segment."""
    concerns = [concern for one in (OWNER, *OPERATORS) for concern in one.concerns]
    return Segment(OWNER.group, OWNER.about, tuple(concerns))


@dataclass(frozen=True, slots=True)
class Made:
    """What stacks are made of, as far as who deploys them has to know."""

    types: frozenset[str] = frozenset()
    """Types of resources."""
    trusted: frozenset[str] = frozenset()
    """Services that roles in them trust, and so are handed to."""

    def __or__(self, other: Made) -> Made:
        return Made(self.types | other.types, self.trusted | other.trusted)


def made_of(resources: Iterable[AWSObject]) -> Made:
    """What these resources are made of."""
    given = list(resources)
    roles = [one for one in given if one.resource_type == "AWS::IAM::Role"]
    trusted = {name for role in roles for name in _services(role.AssumeRolePolicyDocument)}
    return Made(frozenset(one.resource_type for one in given), frozenset(trusted))


def of_segment(segment: Segment, made: Mapping[str, Made]) -> Made:
    """What the stacks of a segment are made of; nothing while there are none. `made` is by concern."""
    whole = Made()
    for concern in segment.concerns:
        whole |= made.get(concern, Made())
    return whole


def _services(trust: Mapping[str, Any]) -> list[str]:
    found = [statement["Principal"].get("Service", []) for statement in trust["Statement"]]
    return [name for one in found for name in ([one] if isinstance(one, str) else one)]
