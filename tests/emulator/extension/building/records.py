"""What CodeBuild keeps of a build: its phases one after the other, each with how it ended and why."""

from __future__ import annotations

import time
from typing import Any

PHASES = (
    "SUBMITTED",
    "QUEUED",
    "PROVISIONING",
    "DOWNLOAD_SOURCE",
    "INSTALL",
    "PRE_BUILD",
    "BUILD",
    "POST_BUILD",
    "UPLOAD_ARTIFACTS",
    "FINALIZING",
    "COMPLETED",
)
SHELL = ("INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD")
"""The phases whose commands a buildspec gives."""


def begin(build: dict[str, Any], phase: str) -> None:
    """Enter a phase."""
    build["currentPhase"] = phase
    build["phases"].append({"phaseType": phase, "startTime": time.time()})


def end(build: dict[str, Any], status: str, *, code: str = "", message: str = "") -> None:
    """Leave the present phase."""
    phase = build["phases"][-1]
    phase["endTime"] = time.time()
    phase["durationInSeconds"] = int(phase["endTime"] - phase["startTime"])
    phase["phaseStatus"] = status
    if message:
        phase["contexts"] = [{"statusCode": code, "message": message}]


def finish(build: dict[str, Any], status: str) -> None:
    """The end of the whole: its last phase has a beginning only."""
    begin(build, "COMPLETED")
    build["buildStatus"] = status
    build["buildComplete"] = True
    build["endTime"] = time.time()
