"""Roles that services of AWS take on: only for this account, never above the boundary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere.iam import Role

from stratolab.infra import names
from stratolab.infra.blocks.policies import allow, document, from_source, from_this_account, service

if TYPE_CHECKING:
    from collections.abc import Sequence

WITHOUT_SOURCE = frozenset({"ec2"})
"""Services that do not say for whom they act when they take on a role, so that no condition can ask."""


def service_role(
    title: str,
    lab: str,
    name: str,
    about: str,
    *,
    trusts: str,
    boundary: Any,
    policies: Sequence[Any],
    sources: Sequence[Any] = (),
) -> Any:
    """A role for one service. `sources` are ARNs of what it may act for, as narrow as they are known."""
    return Role(
        title,
        RoleName=names.named("role", lab, name),
        Path=names.service_path(lab),
        Description=about,
        AssumeRolePolicyDocument=document(_trust(trusts, sources)),
        PermissionsBoundary=boundary,
        ManagedPolicyArns=list(policies),
    )


def _trust(name: str, sources: Sequence[Any]) -> dict[str, Any]:
    when = from_source(*sources) if sources else from_this_account()
    made = allow(
        "TrustService",
        ["sts:AssumeRole"],
        (),
        who=service(name),
        when=None if name in WITHOUT_SOURCE else when,
    )
    return {key: value for key, value in made.items() if key != "Resource"}
