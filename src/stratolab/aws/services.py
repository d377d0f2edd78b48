"""ECS: how a service's latest deployment went, and why its containers ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratolab.aws.errors import calling

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a copy of a service ended: the task's reason, and of each container its name, reason and exit code."""

    task: str
    reason: str
    containers: tuple[tuple[str, str, int | None], ...]

    @property
    def failed(self) -> tuple[str, str, int | None] | None:
        """The first container that ended badly."""
        return next((one for one in self.containers if one[1] or one[2]), None)


class Services:
    """Services of one region."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def endings(self, cluster: str, service: str) -> list[Ending]:
        """Why copies ended lately, as long as ECS remembers it: an hour."""
        with calling(f"looking at the ended copies of {service}"):
            listed = self._client.list_tasks(cluster=cluster, serviceName=service, desiredStatus="STOPPED")
            if not listed["taskArns"]:
                return []
            found = self._client.describe_tasks(cluster=cluster, tasks=listed["taskArns"][:100])["tasks"]
        return [_ending(one) for one in found]


def _ending(found: Mapping[str, Any]) -> Ending:
    return Ending(
        task=found["taskArn"].rpartition("/")[2],
        reason=found.get("stoppedReason", ""),
        containers=tuple(
            (one["name"], one.get("reason", ""), one.get("exitCode")) for one in found.get("containers", ())
        ),
    )
