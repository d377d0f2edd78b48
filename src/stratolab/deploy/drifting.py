"""Drift, without what only looks like it, and with what CloudFormation does not look at.

CloudFormation compares the rules that a security group's own resource names. Those that the same stack makes as
resources of their own (AWS::EC2::SecurityGroupIngress) it reports as if somebody had added them by hand, and where a
group names none it does not see any that somebody did. So rules are asked of EC2 and compared here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stratolab.aws.stacks import Difference, Drift
from stratolab.deploy.reading import listed, resources, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stratolab.aws.cloudformation import CloudFormation
    from stratolab.aws.networks import GroupRule, Networks

GROUP = "AWS::EC2::SecurityGroup"
INWARD, OUTWARD = "/SecurityGroupIngress", "/SecurityGroupEgress"
_Rule = tuple[bool, str, int, str]
"""What tells a rule from others, as far as a template and EC2 both know it: outward, words, first port, peer."""

ANYBODY = "*"  # the peer of a rule whose template names a group, which has its id only when it is made


def drift(stack: str, cloud: CloudFormation, networks: Networks) -> list[Drift]:
    """What was changed or deleted by hand in a stack. Takes AWS from seconds to minutes."""
    added = _added_rules(stack, cloud, networks)
    found = []
    for one in cloud.drift(stack):
        kept = tuple(each for each in one.differences if one.type != GROUP or not _adds_a_rule(each))
        more = added.pop(one.physical, ())
        if kept or more or one.type != GROUP or one.status == "DELETED":
            found.append(replace(one, differences=(*kept, *more)))
    titles = {one.physical: one.logical for one in cloud.resources(stack)} if added else {}
    return found + [
        Drift(titles[group], group, GROUP, "MODIFIED", tuple(more)) for group, more in sorted(added.items())
    ]


def _added_rules(stack: str, cloud: CloudFormation, networks: Networks) -> dict[str, list[Difference]]:
    """Rules that no template has, by their group's id."""
    template = json.loads(cloud.template(stack) or "{}")
    if not any(resources(template, GROUP)):
        return {}
    own = set(_own_rules(template))
    groups = [one.physical for one in cloud.resources(stack) if one.type == GROUP and one.physical]
    found: dict[str, list[Difference]] = defaultdict(list)
    for rule in networks.group_rules(groups):
        if not own & _keys(rule):
            path = OUTWARD if rule.outward else INWARD
            found[rule.group].append(Difference(path, "ADD", "", str(rule)))
    return found


def _own_rules(template: dict[str, Any]) -> Iterator[_Rule]:
    for _, _, group in resources(template, GROUP):
        for key, outward in (("SecurityGroupIngress", False), ("SecurityGroupEgress", True)):
            for rule in listed(group.get(key)):
                yield _rule(rule, outward=outward)
    for _, kind, rule in resources(template, f"{GROUP}Ingress", f"{GROUP}Egress"):
        yield _rule(rule, outward=kind.endswith("Egress"))


def _rule(rule: Mapping[str, Any], *, outward: bool) -> _Rule:
    peer = rule.get("CidrIp") or rule.get("CidrIpv6")
    about = text(rule.get("Description", ""))
    return outward, about, int(rule.get("FromPort", -1)), peer if isinstance(peer, str) else ANYBODY


def _keys(rule: GroupRule) -> set[_Rule]:
    """Under which a template may have this rule."""
    known = rule.outward, rule.about, rule.first
    return {(*known, rule.peer), (*known, ANYBODY)}


def _adds_a_rule(difference: Difference) -> bool:
    return difference.kind == "ADD" and difference.path.startswith((INWARD, OUTWARD))
