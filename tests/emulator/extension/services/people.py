"""IAM: operations that ministack lacks."""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam


def _update_group(params: Any) -> Any:
    """UpdateGroup: another path or another name."""
    name, path, new = (iam._p(params, key) for key in ("GroupName", "NewPath", "NewGroupName"))
    if name not in iam._groups:
        return iam._error(404, "NoSuchEntity", f"The group with name {name} cannot be found.", ns="iam")
    group = iam._groups.pop(name)
    group.update(GroupName=new or name, Path=path or group["Path"])
    group["Arn"] = f"arn:aws:iam::{get_account_id()}:group{group['Path']}{group['GroupName']}"
    iam._groups[group["GroupName"]] = group
    return iam._xml(200, "UpdateGroupResponse", "", ns="iam")


iam._IAM_HANDLERS["UpdateGroup"] = _update_group


# -- what a user or a role may do, told beforehand ----------------------------------------------------


def _simulate(params: Any) -> Any:
    """SimulatePrincipalPolicy, for names with a path too, and with the values of keys that the request gives."""
    who = iam._p(params, "PolicySourceArn")
    actions, resource = iam._extract_simulate_params(params)
    kind, _, name = who.rpartition(":")[2].partition("/")
    gather = {
        "user": iam_evaluator._gather_user_policies,
        "role": iam_evaluator._gather_role_policies,
    }[kind]
    policies = gather(name.rpartition("/")[2], get_account_id())
    members = ""
    for action in actions:
        context = iam_evaluator.EvalContext(
            principal_arn=who,
            principal_type=kind.capitalize(),
            principal_account=get_account_id(),
            action=action,
            resource_arn=resource,
            region=get_region(),
            source_ip="127.0.0.1",
            secure_transport=True,
            principal_keys=_given_keys(params),
        )
        found = iam_evaluator.evaluate(context, policies).decision if policies else ""
        decision = {"Allow": "allowed", "Deny": "explicitDeny"}.get(found, "implicitDeny")
        members += (
            f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>{resource}</EvalResourceName>"
            f"<EvalDecision>{decision}</EvalDecision></member>"
        )
    return iam._xml(
        200,
        "SimulatePrincipalPolicyResponse",
        f"<SimulatePrincipalPolicyResult><EvaluationResults>{members}</EvaluationResults>"
        "<IsTruncated>false</IsTruncated></SimulatePrincipalPolicyResult>",
        ns="iam",
    )


def _given_keys(params: Any) -> dict[str, str]:
    found = {}
    number = 1
    while name := iam._p(params, f"ContextEntries.member.{number}.ContextKeyName"):
        found[name.lower()] = iam._p(params, f"ContextEntries.member.{number}.ContextKeyValues.member.1")
        number += 1
    return found


iam._IAM_HANDLERS["SimulatePrincipalPolicy"] = _simulate
