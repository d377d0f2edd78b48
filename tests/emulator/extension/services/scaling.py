"""Application Auto Scaling: targets and policies as records."""

from __future__ import annotations

import time
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid
from tests.emulator.extension import stores
from tests.emulator.extension.services.json_api import ServiceError, serve

_SERVICE_ROLE = (
    "arn:aws:iam::{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_ECSService"
)
_targets, _policies = stores.table(), stores.table()


def _key(request: dict[str, Any]) -> str:
    return "|".join(request[part] for part in ("ServiceNamespace", "ResourceId", "ScalableDimension"))


def _registered(request: dict[str, Any]) -> dict[str, Any]:
    found = _targets.get(_key(request))
    if found is None:
        raise ServiceError(
            "ObjectNotFoundException",
            f"No scalable target found for service namespace: {request['ServiceNamespace']}, resource ID: "
            f"{request['ResourceId']}, scalable dimension: {request['ScalableDimension']}",
        )
    return dict(found)


def _register(request: dict[str, Any]) -> dict[str, Any]:
    arn = (
        f"arn:aws:application-autoscaling:{get_region()}:{get_account_id()}:scalable-target/{new_uuid()[:12]}"
    )
    old = _targets.get(_key(request)) or {
        "CreationTime": time.time(),
        "ScalableTargetARN": arn,
        "SuspendedState": {
            "DynamicScalingInSuspended": False,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
        },
        "RoleARN": _SERVICE_ROLE.format(get_account_id()),
    }
    made = {**old, **{key: value for key, value in request.items() if key != "Tags"}}
    if made.get("MinCapacity", 0) > made.get("MaxCapacity", 0):
        raise ServiceError("ValidationException", "Maximum capacity cannot be less than minimum capacity")
    _targets[_key(request)] = made
    return {"ScalableTargetARN": made["ScalableTargetARN"]}


def _deregister(request: dict[str, Any]) -> None:
    _registered(request)
    del _targets[_key(request)]
    for name in [name for name in list(_policies) if name.startswith(f"{_key(request)}|")]:
        del _policies[name]


def _put(request: dict[str, Any]) -> dict[str, Any]:
    _registered(request)
    name = f"{_key(request)}|{request['PolicyName']}"
    arn = (
        f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scalingPolicy:{new_uuid()}:resource/"
        f"{request['ServiceNamespace']}/{request['ResourceId']}:policyName/{request['PolicyName']}"
    )
    old = _policies.get(name) or {
        "PolicyARN": arn,
        "CreationTime": time.time(),
        "PolicyType": "StepScaling",
        "Alarms": [],
    }
    _policies[name] = {**old, **request}
    return {"PolicyARN": _policies[name]["PolicyARN"], "Alarms": []}


def _delete(request: dict[str, Any]) -> None:
    if _policies.pop(f"{_key(request)}|{request['PolicyName']}", None) is None:
        raise ServiceError("ObjectNotFoundException", f"No scaling policy found: {request['PolicyName']}")


def _described(table: Any, member: str) -> Any:
    def describe(request: dict[str, Any]) -> dict[str, Any]:
        wanted = request.get("ResourceIds") or ([request["ResourceId"]] if request.get("ResourceId") else [])
        names = request.get("PolicyNames")
        return {
            member: [
                one
                for one in table.values()
                if one["ServiceNamespace"] == request["ServiceNamespace"]
                and (not wanted or one["ResourceId"] in wanted)
                and (not names or one["PolicyName"] in names)
            ]
        }

    return describe


serve(
    "application-autoscaling",
    {
        "RegisterScalableTarget": _register,
        "DeregisterScalableTarget": _deregister,
        "DescribeScalableTargets": _described(_targets, "ScalableTargets"),
        "PutScalingPolicy": _put,
        "DeleteScalingPolicy": _delete,
        "DescribeScalingPolicies": _described(_policies, "ScalingPolicies"),
    },
)
