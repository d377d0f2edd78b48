"""Drift, without what only looks like it.

CloudFormation compares a security group's inline rules with all rules of the group, and so reports the rules that the
same stack makes as resources of their own (AWS::EC2::SecurityGroupIngress) as if somebody had added them by hand.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stratolab.deploy.reading import resources, text

if TYPE_CHECKING:
    from stratolab.aws.cloudformation import CloudFormation
    from stratolab.aws.stacks import Difference, Drift

GROUP = "AWS::EC2::SecurityGroup"
_RULES = {f"{GROUP}Ingress": "/SecurityGroupIngress/", f"{GROUP}Egress": "/SecurityGroupEgress/"}
_Rule = tuple[str, str, str]


def drift(stack: str, cloud: CloudFormation) -> list[Drift]:
    """What was changed or deleted by hand in a stack. Takes AWS from seconds to minutes."""
    found = cloud.drift(stack)
    if not any(one.type == GROUP for one in found):
        return found
    own = _own_rules(json.loads(cloud.template(stack) or "{}"))
    kept = (
        replace(one, differences=tuple(each for each in one.differences if not _ours(each, own)))
        if one.type == GROUP
        else one
        for one in found
    )
    return [one for one in kept if one.differences or one.type != GROUP or one.status == "DELETED"]


def _own_rules(template: dict[str, Any]) -> set[_Rule]:
    return {_rule(_RULES[kind], properties) for _, kind, properties in resources(template, *_RULES)}


def _ours(difference: Difference, own: set[_Rule]) -> bool:
    where = next((path for path in _RULES.values() if difference.path.startswith(path)), "")
    if not where or difference.kind != "ADD":
        return False
    try:
        return _rule(where, json.loads(difference.actual)) in own
    except (ValueError, TypeError, AttributeError):
        return False


def _rule(where: str, properties: Any) -> _Rule:
    """What tells a rule from others, as far as both sides know it: direction, words, first port."""
    return where, text(properties.get("Description", "")), str(properties.get("FromPort", ""))
