"""What IAM would decide, of the policies that a sample's templates give: the oracle of every question about rights.

The answers come from @cloud-copilot/iam-simulate, a process in `.gates` (`decide.mjs`); the emulator's own idea of IAM
was written by us and proves nothing about us.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.gates.reading import listed
from tests.gates.scanners import CACHE, LIMIT, MODULES, NODE, ToolError, _digest
from tests.infra.policies import text

from stratolab.infra.catalogue import stacks
from stratolab.testing.labs import sample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.infra.catalogue import Stack

ACCOUNT, REGION = "111122223333", "eu-west-1"
ALLOWED, NOT_ALLOWED, DENIED = "Allowed", "ImplicitlyDenied", "ExplicitlyDenied"
WITH_FACTOR = {"aws:MultiFactorAuthPresent": "true", "aws:ViaAWSService": "false", "aws:username": "ana"}
BY_CLOUDFORMATION = {
    "aws:CalledVia": ["cloudformation.amazonaws.com"],
    "aws:ViaAWSService": "true",
    "aws:username": "ana",
}
"""A call that CloudFormation makes in a person's name does not say whether there was a second factor."""

KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}
"""What each key's policy says of the account (STR31 holds it): KMS asks the key before it asks IAM."""

_ABOUT = ("Resource", "NotResource")
_TITLED = f"arn:aws:titled:{REGION}:{ACCOUNT}:"
OWN = {
    "Partition": "aws",
    "Region": REGION,
    "Account": ACCOUNT,
    "anything": "acme-x1",
    "Scope": "regional",
    "iam:PolicyNameWithPath": "stratolab/acme/service/acme-x1",
    "iam:RoleNameWithPath": "stratolab/acme/service/acme-x1",
    "iam:InstanceProfileNameWithPath": "stratolab/acme/service/acme-x1",
    "iam:UserNameWithPath": "stratolab/acme/people/ana",
    "iam:GroupNameWithPath": "stratolab/acme/people/acme-x1",
    "ecr:RepositoryName": "acme/x1",
    "secretsmanager:SecretId": "acme/x1",
    "kms:Alias": "stratolab/acme/x1",
    "logs:LogGroupName": "/stratolab/acme/x1",
    "logs:LogStreamName": "x1",
    "ssm:ParameterNameWithoutLeadingSlash": "stratolab/acme/x1",
    "securityhub:HubName": "default",
}
"""Names of the lab's own things, by the part of an ARN that they stand in."""


@dataclass(frozen=True, slots=True)
class Question:
    """May these policies together, below a boundary if there is one, do this? With no resource: to the lab's things."""

    who: tuple[str, ...]
    action: str
    resource: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    boundary: str = ""
    principal: str = f"arn:aws:iam::{ACCOUNT}:user/stratolab/acme/people/ana"


def decide(
    lab: str,
    questions: Sequence[Question],
    *,
    names: Mapping[str, str] = OWN,
    more: Mapping[str, Any] | None = None,
) -> list[str]:
    """The answers, in order; `more` are policies that no template has.

    Raises `ToolError` if the oracle does not know an action, or cannot read a policy.
    """
    asked = {
        "policies": {**policies(lab), **(more or {})},
        "questions": [asdict(one) for one in questions],
        "keyPolicy": KEY_POLICY,
        "names": dict(names),
        "account": ACCOUNT,
    }
    question = json.dumps(asked)
    script = Path(__file__).with_name("decide.mjs")
    kept = CACHE / "oracle" / f"{_digest('oracle', script.read_text(encoding='utf-8') + question)}.json"
    if not kept.exists():
        answer = _ask(script, question)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(answer, encoding="utf-8")
    answers: list[str] = json.loads(kept.read_text(encoding="utf-8"))
    return answers


def _ask(script: Path, question: str) -> str:
    ended = subprocess.run(
        [str(NODE), str(script), str(MODULES)],
        input=question, check=False, capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip
    if ended.returncode:
        raise ToolError(ended.stderr[-2000:])
    return ended.stdout


@cache
def policies(lab: str) -> dict[str, Any]:
    """Every managed policy of a sample, by its name here, as it stands in the account."""
    return {
        named(stack, title): resolved(one["Properties"]["PolicyDocument"])
        for stack in stacks(sample(lab))
        for title, one in stack.template["Resources"].items()
        if one["Type"] == "AWS::IAM::ManagedPolicy"
    }


def named(stack: Stack, title: str) -> str:
    """A title; with its stack before it where several stacks have resources of that title."""
    return title if stack.concern in {"foundation", "account"} else f"{stack.key}/{title}"


@cache
def attached(lab: str, title: str) -> tuple[str, ...]:
    """The policies of a group, with those that every person has besides; or those of a role."""
    for stack in stacks(sample(lab)):
        found = stack.template["Resources"].get(title)
        if found is not None:
            own = tuple(named(stack, text(one)) for one in found["Properties"]["ManagedPolicyArns"])
            return own if found["Type"] == "AWS::IAM::Role" else (*own, *_everyones(lab))
    raise LookupError(title)


@cache
def roles(lab: str) -> dict[str, tuple[str, ...]]:
    """Every role of a sample with the lab's own policies of it, by its name here."""
    own = policies(lab)
    return {
        named(stack, title): tuple(
            named(stack, text(policy))
            for policy in one["Properties"].get("ManagedPolicyArns", [])
            if named(stack, text(policy)) in own
        )
        for stack in stacks(sample(lab))
        for title, one in stack.template["Resources"].items()
        if one["Type"] == "AWS::IAM::Role"
    }


def _everyones(lab: str) -> tuple[str, ...]:
    return tuple(title for title in policies(lab) if title.startswith("PeoplePolicy"))


def resolved(value: Any) -> Any:
    """A document with account, region and names filled in; what another stack gives stands by the parameter's name."""
    if isinstance(value, list):
        return [resolved(one) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
        return (
            text(value)
            .replace("REGION", REGION)
            .replace("ACCOUNT", ACCOUNT)
            .replace("AWS::AccountId", ACCOUNT)
        )
    return {key: _things(one) if key in _ABOUT else resolved(one) for key, one in value.items()}


def _things(value: Any) -> Any:
    """What a statement is about: a title alone would be no ARN, and the oracle would take it for anything."""
    found = [str(resolved(one)) for one in listed(value)]
    return [one if one == "*" or one.startswith("arn:") else f"{_TITLED}{one}" for one in found]
