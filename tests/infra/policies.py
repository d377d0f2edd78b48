"""Reading policies out of rendered templates: who may call what, and under which conditions."""

from __future__ import annotations

import fnmatch
import re
from typing import Any

from stratolab.infra.catalogue import Stack, find
from stratolab.testing.labs import sample

Statement = dict[str, Any]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def of_group(stack: Stack, group: str) -> list[Statement]:
    """Every statement of a group's policies."""
    resources = stack.template["Resources"]
    policies = [
        one["Ref"] for one in resources[group]["Properties"]["ManagedPolicyArns"] if isinstance(one, dict)
    ]
    return [
        statement
        for policy in policies
        for statement in resources[policy]["Properties"]["PolicyDocument"]["Statement"]
    ]


def of_role(stack: Stack, role: str) -> list[Statement]:
    """Every statement of a role's policies."""
    return of_group(stack, role)


def account(name: str = "standard") -> Stack:
    return find(sample(name), "account")


def allowing(statements: list[Statement], call: str) -> list[Statement]:
    """The statements that allow a call."""
    return [one for one in statements if one["Effect"] == "Allow" and names_call(one, call)]


def denying(statements: list[Statement], call: str) -> list[Statement]:
    """The statements that deny a call."""
    return [one for one in statements if one["Effect"] == "Deny" and names_call(one, call)]


def names_call(statement: Statement, call: str) -> bool:
    """Whether a statement is about a call; wildcards count as IAM counts them."""
    key = "Action" if "Action" in statement else "NotAction"
    named = any(fnmatch.fnmatchcase(call.lower(), one.lower()) for one in listed(statement[key]))
    return named == (key == "Action")


def resources(statement: Statement) -> list[str]:
    """The statement's resources as texts, with names in place of what is not known yet."""
    return [text(one) for one in listed(statement["Resource"])]


def text(value: Any) -> str:
    """A value as a text: `${AWS::Region}` becomes REGION, a reference its name."""
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return str(value["Ref"])
    if "Fn::GetAtt" in value:
        return ".".join(value["Fn::GetAtt"])
    if "Fn::Join" in value:
        return str(value["Fn::Join"][0]).join(map(text, value["Fn::Join"][1]))
    body = value["Fn::Sub"]
    pattern, own = (body, {}) if isinstance(body, str) else body
    filled = {"AWS::Region": "REGION", "AWS::AccountId": "ACCOUNT", "AWS::Partition": "aws"}
    return re.sub(
        r"\$\{(!?)([^}]+)\}",
        lambda found: (
            f"${{{found[2]}}}" if found[1] else filled.get(found[2]) or text(own.get(found[2], found[2]))
        ),
        pattern,
    )
