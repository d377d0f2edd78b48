"""Policy documents: statements that read as sentences, and managed policies that hold them.

A policy is attached by a managed one, never inline: those can be listed, compared and reviewed on their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere.iam import ManagedPolicy

from stratolab.infra import names
from stratolab.infra.arns import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Statement = dict[str, Any]
VERSION = "2012-10-17"
SIZE_MOST = 6144
"""Characters of a managed policy, white space not counted.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


def allow(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[Any] | Any,
    *,
    when: Mapping[str, Any] | None = None,
    who: Mapping[str, Any] | None = None,
) -> Statement:
    """Allow these actions on these resources; `who` is for policies of resources, `when` a condition."""
    return _statement("Allow", sid, {"Action": sorted(actions)}, resources, when=when, who=who)


def deny(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[Any] | Any,
    *,
    when: Mapping[str, Any] | None = None,
    who: Mapping[str, Any] | None = None,
) -> Statement:
    """Deny these actions, whatever else allows them."""
    return _statement("Deny", sid, {"Action": sorted(actions)}, resources, when=when, who=who)


def all_but(
    effect: str, sid: str, actions: Sequence[str], *, when: Mapping[str, Any] | None = None
) -> Statement:
    """Allow or deny everything but these actions."""
    return _statement(effect, sid, {"NotAction": sorted(actions)}, "*", when=when, who=None)


def document(*statements: Statement) -> dict[str, Any]:
    """A policy of these statements."""
    return {"Version": VERSION, "Statement": list(statements)}


def managed(title: str, lab: str, name: str, *statements: Statement, path: str = "") -> Any:
    """A managed policy of the lab: in the path of services, or in the given one.

    It has no description: that cannot be changed without a new policy, which could not have the old one's name.
    """
    return ManagedPolicy(
        title,
        ManagedPolicyName=names.named("policy", lab, name),
        Path=path or names.service_path(lab),
        PolicyDocument=document(*statements),
    )


def from_this_account() -> dict[str, Any]:
    """The condition that a service acts for this account: no other account can send it here."""
    return {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def from_source(*arns: Any) -> dict[str, Any]:
    """The condition that a service acts for these things of this account."""
    return {**from_this_account(), "ArnLike": {"aws:SourceArn": _one_or_all(list(arns))}}


def service(*services: str) -> dict[str, Any]:
    """AWS services as those who may."""
    return {"Service": _one_or_all([f"{name}.amazonaws.com" for name in services])}


def _statement(
    effect: str,
    sid: str,
    actions: Mapping[str, list[str]],
    resources: Sequence[Any] | Any,
    *,
    when: Mapping[str, Any] | None,
    who: Mapping[str, Any] | None,
) -> Statement:
    return {
        "Sid": sid,
        "Effect": effect,
        **({"Principal": dict(who)} if who else {}),
        **{key: _one_or_all(list(value)) for key, value in actions.items()},
        "Resource": _one_or_all(list(resources)) if isinstance(resources, (list, tuple)) else resources,
        **({"Condition": dict(when)} if when else {}),
    }


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
