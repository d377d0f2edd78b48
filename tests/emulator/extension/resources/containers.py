"""ECS: task definitions and services with all that a template says. Records: no task runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator.extension.client import call, gently
from tests.emulator.extension.conversion import Rules, parameters
from tests.emulator.extension.registry import Made, Result, resource

if TYPE_CHECKING:
    from collections.abc import Mapping


@resource("AWS::ECS::TaskDefinition", in_place=("Tags",))
class TaskDefinition:
    """Ref is the ARN. Any change registers a new revision."""

    @staticmethod
    def create(made: Made) -> Result:
        given = {**made.properties, "Family": made.get("Family") or made.name("Family")}
        wanted = parameters("ecs", "RegisterTaskDefinition", given)
        arn = call("ecs", "RegisterTaskDefinition", **wanted)["taskDefinition"]["taskDefinitionArn"]
        return arn, {"TaskDefinitionArn": arn}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        return made.physical_id, {"TaskDefinitionArn": made.physical_id}  # the rest replaces

    @staticmethod
    def delete(made: Made) -> None:
        gently("ecs", "DeregisterTaskDefinition", taskDefinition=made.physical_id)

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        found = gently("ecs", "DescribeTaskDefinition", taskDefinition=made.physical_id)
        return (
            {"Cpu": found["taskDefinition"].get("cpu")}
            if found and found["taskDefinition"]["status"] == "ACTIVE"
            else None
        )


_KEPT = (
    "DesiredCount",
    "TaskDefinition",
    "NetworkConfiguration",
    "LoadBalancers",
    "HealthCheckGracePeriodSeconds",
    "EnableExecuteCommand",
    "PlatformVersion",
    "CapacityProviderStrategy",
    "DeploymentConfiguration",
    "PropagateTags",
    "ServiceRegistries",
    "PlacementConstraints",
    "EnableECSManagedTags",
)


@resource("AWS::ECS::Service")
class Service:
    """Ref is the ARN."""

    @staticmethod
    def create(made: Made) -> Result:
        given = {**made.properties, "ServiceName": made.name("ServiceName")}
        found = call("ecs", "CreateService", **parameters("ecs", "CreateService", given))["service"]
        return found["serviceArn"], {"ServiceArn": found["serviceArn"], "Name": found["serviceName"]}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        changes = {key: made[key] for key in _KEPT if key in made.properties and made[key] != old.get(key)}
        wanted = parameters("ecs", "UpdateService", changes)
        name = made.physical_id.rpartition("/")[2]
        call("ecs", "UpdateService", service=name, **_cluster(made), **wanted)
        return made.physical_id, {"ServiceArn": made.physical_id, "Name": name}

    @staticmethod
    def delete(made: Made) -> None:
        if Service.read(made) is not None:
            call(
                "ecs",
                "DeleteService",
                service=made.physical_id.rpartition("/")[2],
                force=True,
                **_cluster(made),
            )

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        name = made.physical_id.rpartition("/")[2]
        found = gently("ecs", "DescribeServices", services=[name], **_cluster(made))
        there = [one for one in (found or {}).get("services", []) if one["status"] != "INACTIVE"]
        return (
            {"DesiredCount": there[0]["desiredCount"], "TaskDefinition": there[0]["taskDefinition"]}
            if there
            else None
        )


def _cluster(made: Made) -> dict[str, str]:
    return {"cluster": made["Cluster"]} if made.get("Cluster") else {}


@resource("AWS::Scheduler::Schedule")
class Schedule:
    """Ref is the name."""

    @staticmethod
    def create(made: Made) -> Result:
        given = {**made.properties, "Name": made.name("Name", longest=64)}
        arn = call(
            "scheduler", "CreateSchedule", **parameters("scheduler", "CreateSchedule", given, _SCHEDULE)
        )["ScheduleArn"]
        return given["Name"], {"Arn": arn}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        given = {**made.properties, "Name": made.physical_id}
        arn = call(
            "scheduler", "UpdateSchedule", **parameters("scheduler", "UpdateSchedule", given, _SCHEDULE)
        )["ScheduleArn"]
        return made.physical_id, {"Arn": arn}

    @staticmethod
    def delete(made: Made) -> None:
        gently("scheduler", "DeleteSchedule", Name=made.physical_id, **_schedule_group(made))

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        found = gently("scheduler", "GetSchedule", Name=made.physical_id, **_schedule_group(made))
        return {key: found[key] for key in ("ScheduleExpression", "State")} if found else None


_SCHEDULE = Rules()


def _schedule_group(made: Made) -> dict[str, str]:
    return {"GroupName": made["GroupName"]} if made.get("GroupName") else {}
