"""Session Manager: sessions as records, with machines of scaling groups, whose agents are there at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.core.responses import get_region, new_uuid
from ministack.services import autoscaling
from tests.emulator.extension import stores
from tests.emulator.extension.services.json_api import ServiceError, serve_before

if TYPE_CHECKING:
    from collections.abc import Iterator

_sessions = stores.table()


def _machines() -> Iterator[str]:
    for group in autoscaling._asgs.values():
        yield from (one["InstanceId"] for one in group["Instances"])


def _information(request: dict[str, Any]) -> dict[str, Any]:
    wanted = {value for one in request.get("Filters", []) for value in one["Values"]}
    there = [one for one in _machines() if not wanted or one in wanted]
    return {"InstanceInformationList": [{"InstanceId": one, "PingStatus": "Online"} for one in there]}


def _start(request: dict[str, Any]) -> dict[str, Any]:
    if request["Target"] not in set(_machines()):
        raise ServiceError("TargetNotConnected", f"{request['Target']} is not connected.")
    name = f"root-{new_uuid().replace('-', '')[:17]}"
    _sessions[name] = {"SessionId": name, "Target": request["Target"], "Status": "Connected"}
    url = f"wss://ssmmessages.{get_region()}.amazonaws.com/v1/data-channel/{name}"
    return {"SessionId": name, "TokenValue": f"token-{new_uuid()}", "StreamUrl": url}


def _terminate(request: dict[str, Any]) -> dict[str, Any]:
    _sessions.pop(request["SessionId"], None)
    return {"SessionId": request["SessionId"]}


def _describe(request: dict[str, Any]) -> dict[str, Any]:
    targets = {one["value"] for one in request.get("Filters", []) if one["key"] == "Target"}
    return {"Sessions": [one for one in _sessions.values() if not targets or one["Target"] in targets]}


serve_before(
    "ssm",
    {
        "DescribeInstanceInformation": _information,
        "DescribeSessions": _describe,
        "StartSession": _start,
        "TerminateSession": _terminate,
    },
)
