"""Application Auto Scaling. Records: nothing scales."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator.extension.conversion import Rules
from tests.emulator.extension.resources.plain import Plain, plain

if TYPE_CHECKING:
    from tests.emulator.extension.registry import Made

_SERVICE = "application-autoscaling"
_KEY = ("ServiceNamespace", "ResourceId", "ScalableDimension")


def _target(made: Made) -> dict[str, Any]:
    """Whose policy it is: named by its three parts, or by the target's `Ref`."""
    if made.get("ScalingTargetId"):
        resource, dimension, namespace = made["ScalingTargetId"].split("|")
        return {"ServiceNamespace": namespace, "ResourceId": resource, "ScalableDimension": dimension}
    return {key: made[key] for key in _KEY}


plain(
    "AWS::ApplicationAutoScaling::ScalableTarget",
    Plain(
        _SERVICE,
        "RegisterScalableTarget",
        "DeregisterScalableTarget",
        change="RegisterScalableTarget",
        ref=lambda made, _: f"{made['ResourceId']}|{made['ScalableDimension']}|{made['ServiceNamespace']}",
        key=lambda made: {key: made[key] for key in _KEY},
        attributes=lambda _made, _answer, ref: {"Id": ref},
        rules=Rules(left_out=("ScheduledActions",)),
    ),
)
plain(
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    Plain(
        _SERVICE,
        "PutScalingPolicy",
        "DeleteScalingPolicy",
        change="PutScalingPolicy",
        ref=lambda _, answer: answer["PolicyARN"],
        key=lambda made: {**_target(made), "PolicyName": made["PolicyName"]},
        attributes=lambda _made, answer, _ref: {"Arn": answer["PolicyARN"]},
        wrap=lambda made: {
            **{key: value for key, value in made.properties.items() if key != "ScalingTargetId"},
            **_target(made),
        },
    ),
)
