"""CodeBuild: a build started, how far it is, and why it failed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from stratolab.aws.errors import GoneError, calling
from stratolab.core.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

_SEEN = 50  # the latest builds of a project that are looked at; BatchGetBuilds takes 100


class BuildStatus(StrEnum):
    """Every state of a build (CodeBuild's API reference, data type Build)."""

    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    FAULT = "FAULT"  # CodeBuild's own failure
    STOPPED = "STOPPED"
    TIMED_OUT = "TIMED_OUT"


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of a build. `status` is empty while it is under way; `messages` say why it failed."""

    name: str
    status: str
    seconds: float
    messages: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether it ended otherwise than well."""
        return self.status not in {"", BuildStatus.SUCCEEDED}


@dataclass(frozen=True, slots=True)
class Build:
    """A build as it stands. Its log is nowhere before it has a machine. `started` is None while it is unknown."""

    id: str
    status: BuildStatus
    source: str
    phases: tuple[Phase, ...]
    log_group: str
    log_stream: str
    started: datetime | None

    @property
    def over(self) -> bool:
        """Whether nothing of it is under way any more."""
        return self.status is not BuildStatus.IN_PROGRESS


class Builds:
    """CodeBuild of one region."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def start(self, project: str, *, source: str, variables: Mapping[str, str]) -> Build:
        """Start a build of the zip `BUCKET/KEY`."""
        given = [{"name": key, "value": value, "type": "PLAINTEXT"} for key, value in variables.items()]
        with calling(f"starting a build of {project}"):
            found = self._client.start_build(
                projectName=project, sourceLocationOverride=source, environmentVariablesOverride=given
            )
        return _build(found["build"])

    def find(self, identity: str) -> Build:
        """A build by its id. Raises `GoneError` if there is none."""
        found = self._all([identity])
        if not found:
            raise GoneError(f"there is no build {identity}", doing="looking at a build")
        return found[0]

    def latest(self, project: str) -> list[Build]:
        """The latest builds of a project, the newest first."""
        with calling(f"listing the builds of {project}"):
            page = self._client.list_builds_for_project(projectName=project, sortOrder="DESCENDING")
        return self._all(page["ids"][:_SEEN])

    def _all(self, ids: Sequence[str]) -> list[Build]:
        if not ids:
            return []
        with calling("looking at builds"):
            found = self._client.batch_get_builds(ids=list(ids))["builds"]
        by_id = {one["id"]: _build(one) for one in found}
        return [by_id[one] for one in ids if one in by_id]


def _build(found: Mapping[str, Any]) -> Build:
    try:
        status = BuildStatus(found["buildStatus"])
    except ValueError:
        raise RemoteError(
            f"CodeBuild has a state that we do not know: {found['buildStatus']}", doing="looking at a build"
        ) from None
    logs = found.get("logs") or {}
    return Build(
        id=found["id"],
        status=status,
        source=str((found.get("source") or {}).get("location", "")),
        phases=tuple(_phase(one) for one in found.get("phases", ())),
        log_group=logs.get("groupName") or "",
        log_stream=logs.get("streamName") or "",
        started=found.get("startTime"),
    )


def _phase(found: Mapping[str, Any]) -> Phase:
    told = (str(one.get("message") or "") for one in found.get("contexts") or ())
    return Phase(
        name=found["phaseType"],
        status=found.get("phaseStatus", ""),
        seconds=float(found.get("durationInSeconds", 0)),
        messages=tuple(message for message in told if message.strip(": ")),
    )
