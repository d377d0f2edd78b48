"""What the IAM of a template lets whom do, as values that can be compared: the rights that a plan adds and takes."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratolab.deploy.reading import listed, resources, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TAKE_ON = "may take on"
FEW = 12  # rights of one holder that are told one by one in short too
_ORDER = ("anybody", "user ", "group ", "policy ", "role ")
_READING = re.compile(r"(Batch)?(Get|List|Describe|View|Filter|Check|Lookup|Search|Select|Simulate|Validate)")
_NAMED = {
    "AWS::IAM::Role": ("role", "RoleName"),
    "AWS::IAM::Group": ("group", "GroupName"),
    "AWS::IAM::User": ("user", "UserName"),
}
_POLICIES = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")
_RESOURCE_POLICIES = {
    "AWS::S3::BucketPolicy": ("PolicyDocument", "Bucket"),
    "AWS::KMS::Key": ("KeyPolicy", ""),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", "Topics"),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", "Queues"),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy", "SecretId"),
}


_LINKED = {
    "AWS::Batch::ComputeEnvironment": ("batch", "AWSServiceRoleForBatch"),
}
"""Types for which AWS makes a role of its own in an account that has none yet, by service. Nobody else writes it."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One right: who may do what with what. `when` names the condition keys that limit it."""

    who: str
    action: str
    what: str
    when: str = ""


def grants(template: Mapping[str, Any]) -> set[Grant]:
    """Every right that the resources of a template give. A Deny gives none."""
    return {
        *_of_identities(template),
        *_of_resources(template),
        *_of_trust(template),
        *_of_services(template),
    }


def told(found: Iterable[Grant]) -> list[str]:
    """Rights in words: `role acme-batch: s3:GetObject, s3:PutObject on DataBucket/*`, what is alike in one line."""
    actions: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for grant in sorted(found):
        actions[grant.who, grant.what, grant.when].append(grant.action)
    objects: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for (who, what, when), several in actions.items():
        objects[who, ", ".join(several), when].append(what)
    return [
        f"{who}: {action} {'' if action == TAKE_ON else 'on '}{', '.join(whats)}{f' (if {when})' if when else ''}"
        for (who, action, when), whats in objects.items()
    ]


def in_short(found: Iterable[Grant]) -> list[str]:
    """The same for who reads a plan: people first, and whoever gets more than a few rights in one line of summary."""
    rights: dict[str, list[Grant]] = defaultdict(list)
    for grant in found:
        rights[grant.who].append(grant)
    lines = []
    for who in sorted(rights, key=lambda who: (_rank(who), who)):
        many = len({grant.action for grant in rights[who]}) > FEW
        lines += [f"{who}: {_summary(rights[who])}"] if many else told(rights[who])
    return lines


def _rank(who: str) -> int:
    """People before roles, roles before the rest; anybody at all before all of them."""
    return next((place for place, word in enumerate(_ORDER) if who.startswith(word)), len(_ORDER))


def _summary(found: Iterable[Grant]) -> str:
    """`changes ec2, s3; of these ec2 without a limit to its things; reads iam`: services, by what is done to them."""
    changed, everywhere, read = set(), set(), set()
    for grant in found:
        service, _, verb = grant.action.partition(":")
        if _READING.match(verb):
            read.add(service)
        else:
            changed.add(service)
            everywhere |= {service} if grant.what == "*" else set()
    parts = [f"changes {', '.join(sorted(changed))}"] if changed else []
    parts += [f"of these not only the lab's own: {', '.join(sorted(everywhere))}"] if everywhere else []
    parts += [f"reads {', '.join(sorted(read))}"] if read else []
    return "; ".join(parts)


def _of_identities(template: Mapping[str, Any]) -> Iterator[Grant]:
    holders, limits = _holders(template), _boundaries(template)
    for logical, kind, properties in resources(template, *_POLICIES, *_NAMED):
        if kind in _POLICIES and logical not in limits:
            name = text(properties.get("ManagedPolicyName") or properties.get("PolicyName") or logical)
            for who in sorted(holders.get(logical, ())) or [f"policy {name}"]:
                yield from _statements(who, properties["PolicyDocument"])
        elif kind in _NAMED:
            for policy in properties.get("Policies", ()):
                yield from _statements(_subject(logical, kind, properties), policy["PolicyDocument"])
            for arn in properties.get("ManagedPolicyArns", ()):
                if isinstance(arn, str) or "Fn::Sub" in arn:
                    yield Grant(
                        _subject(logical, kind, properties), text(arn).rpartition("/")[2], "AWS's own policy"
                    )


def _boundaries(template: Mapping[str, Any]) -> set[str]:
    """Policies that limit what others give, and give nothing themselves."""
    return {
        text(properties["PermissionsBoundary"])
        for _, _, properties in resources(template, *_NAMED)
        if "PermissionsBoundary" in properties
    }


def _holders(template: Mapping[str, Any]) -> dict[str, set[str]]:
    """Who has each policy, by the policy's logical name."""
    found: dict[str, set[str]] = defaultdict(set)
    subjects = {}
    for logical, kind, properties in resources(template, *_NAMED):
        subjects[logical] = _subject(logical, kind, properties)
        for arn in properties.get("ManagedPolicyArns", ()):
            found[text(arn)].add(subjects[logical])
    for logical, _, properties in resources(template, *_POLICIES):
        for key in ("Roles", "Groups", "Users"):
            for holder in properties.get(key, ()):
                found[logical].add(subjects.get(text(holder), f"{key[:-1].lower()} {text(holder)}"))
    return found


def _of_resources(template: Mapping[str, Any]) -> Iterator[Grant]:
    for logical, kind, properties in resources(template, *_RESOURCE_POLICIES):
        key, named = _RESOURCE_POLICIES[kind]
        where = text(properties[named]) if named else logical
        for statement in listed(properties.get(key, {}).get("Statement")):
            if statement["Effect"] == "Allow":
                for who in _principals(statement.get("Principal", {})):
                    yield from _rights(who, statement, where)


def _of_trust(template: Mapping[str, Any]) -> Iterator[Grant]:
    for logical, kind, properties in resources(template, "AWS::IAM::Role"):
        for statement in listed(properties["AssumeRolePolicyDocument"].get("Statement")):
            if statement["Effect"] == "Allow":
                for who in _principals(statement.get("Principal", {})):
                    yield Grant(who, TAKE_ON, _subject(logical, kind, properties), _when(statement))


def _of_services(template: Mapping[str, Any]) -> Iterator[Grant]:
    for _, kind, _ in resources(template, *_LINKED):
        service, role = _LINKED[kind]
        yield Grant(f"{service}.amazonaws.com", TAKE_ON, f"its own role {role}", "AWS makes it on first use")


def _statements(who: str, document: Mapping[str, Any]) -> Iterator[Grant]:
    for statement in listed(document.get("Statement")):
        if statement["Effect"] != "Allow":
            continue
        for what in listed(statement.get("Resource")) or [f"all but {text(statement.get('NotResource'))}"]:
            yield from _rights(who, statement, text(what))


def _rights(who: str, statement: Mapping[str, Any], what: str) -> Iterator[Grant]:
    actions = [text(one) for one in listed(statement.get("Action"))]
    if "NotAction" in statement:
        actions.append(f"everything but {text(statement['NotAction'])}")
    for action in actions:
        yield Grant(who, action, what, _when(statement))


def _when(statement: Mapping[str, Any]) -> str:
    keys = {key for operator in statement.get("Condition", {}).values() for key in operator}
    return ", ".join(sorted(keys))


def _principals(principal: Any) -> list[str]:
    if isinstance(principal, str):
        return ["anybody" if principal == "*" else principal]
    names = [text(one) for value in principal.values() for one in listed(value)]
    return ["anybody" if name == "*" else name for name in names]


def _subject(logical: str, kind: str, properties: Mapping[str, Any]) -> str:
    word, key = _NAMED[kind]
    return f"{word} {text(properties.get(key) or logical)}"
