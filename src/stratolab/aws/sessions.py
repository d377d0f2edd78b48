"""Session Manager, and the group of the machine that its sessions go through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stratolab.aws.errors import GoneError, calling

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Session:
    """A session that was begun: its id, what was asked for, and AWS's answer, which opens it and is secret."""

    id: str
    asked: Mapping[str, Any]
    answer: Mapping[str, Any] = field(repr=False)
    region: str = ""
    endpoint: str = ""


class Machines:
    """A group of none or one machine."""

    def __init__(self, client: Any, group: str) -> None:
        self._client = client
        self._group = group

    def want(self, count: int) -> None:
        """Have the group bring up one, or none."""
        with calling(f"changing the group {self._group}"):
            self._client.set_desired_capacity(
                AutoScalingGroupName=self._group, DesiredCapacity=count, HonorCooldown=False
            )

    def ready(self) -> str:
        """The machine that is in service; empty while there is none. Raises `GoneError` if there is no such group."""
        with calling(f"looking at the group {self._group}"):
            found = self._client.describe_auto_scaling_groups(AutoScalingGroupNames=[self._group])
        if not found["AutoScalingGroups"]:
            raise GoneError(
                f"there is no group {self._group} any more",
                doing="db tunnel",
                hint="whoever looks after the lab brings it back: stratolab up database",
            )
        instances = found["AutoScalingGroups"][0]["Instances"]
        return next((one["InstanceId"] for one in instances if one["LifecycleState"] == "InService"), "")


class Sessions:
    """Sessions of one region."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def reached(self, machine: str) -> bool:
        """Whether the agent in a machine is there for sessions."""
        wanted = [{"Key": "InstanceIds", "Values": [machine]}]
        with calling("looking for the machine's agent"):
            found = self._client.describe_instance_information(Filters=wanted)["InstanceInformationList"]
        return any(one.get("PingStatus") == "Online" for one in found)

    def start(self, machine: str, document: str, parameters: Mapping[str, list[str]]) -> Session:
        """Begin a session."""
        asked = {"Target": machine, "DocumentName": document, "Parameters": dict(parameters)}
        with calling(f"beginning a session with {machine}"):
            answer = self._client.start_session(**asked)
        told = {key: answer[key] for key in ("SessionId", "TokenValue", "StreamUrl")}
        meta = self._client.meta
        return Session(answer["SessionId"], asked, told, meta.region_name, meta.endpoint_url)

    def end(self, session: Session) -> None:
        """End a session."""
        with calling("ending the session"):
            self._client.terminate_session(SessionId=session.id)

    def others(self, machine: str) -> bool:
        """Whether somebody has a session with the machine."""
        wanted = [{"key": "Target", "value": machine}]
        with calling("looking for other sessions"):
            return bool(self._client.describe_sessions(State="Active", Filters=wanted)["Sessions"])
