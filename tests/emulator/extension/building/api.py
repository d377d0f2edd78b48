"""CodeBuild's calls that begin and end builds. Everything about projects is ministack's."""

from __future__ import annotations

import contextvars
import copy
import threading
import time
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import codebuild
from tests.emulator.extension import stores
from tests.emulator.extension.building import records, runs

_MAY_OVERRIDE = {"sourceTypeOverride", "sourceLocationOverride", "environmentVariablesOverride"}
_KNOWN = {"projectName", "idempotencyToken"}
_underway: dict[str, runs.Run] = {}
_threads: list[threading.Thread] = []


def _start_build(request: dict[str, Any]) -> Any:
    strange = sorted(set(request) - _KNOWN - _MAY_OVERRIDE)
    if strange:
        return error_response_json("InvalidInputException", f"not emulated: {', '.join(strange)}", 400)
    project = codebuild._projects.get(request.get("projectName", ""))
    if project is None:
        name = request.get("projectName", "")
        return error_response_json("ResourceNotFoundException", f"Project cannot be found: {name}", 400)
    build = _record(project, request)
    codebuild._builds[build["id"]] = build
    run = runs.Run(build, copy.deepcopy(project))
    _underway[build["id"]] = run
    thread = threading.Thread(target=contextvars.copy_context().run, args=(run.carry_out,), daemon=True)
    _threads.append(thread)
    told = _told(build)
    thread.start()
    return json_response({"build": told})


def _record(project: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    identity = codebuild._build_id(project["name"])
    build = codebuild._make_build_record(project, identity)
    source = dict(project["source"])
    for key, name in (("sourceTypeOverride", "type"), ("sourceLocationOverride", "location")):
        if key in request:
            source[name] = request[key]
    del build["endTime"]
    build |= {
        "buildStatus": "IN_PROGRESS",
        "buildComplete": False,
        "startTime": time.time(),
        "phases": [],
        "source": source,
        "logs": {},
        "_variables": request.get("environmentVariablesOverride", []),
    }
    records.begin(build, "SUBMITTED")
    records.end(build, "SUCCEEDED")
    records.begin(build, "QUEUED")
    return build


def _told(build: dict[str, Any]) -> dict[str, Any]:
    return {key: copy.deepcopy(value) for key, value in build.items() if not key.startswith("_")}


def _batch_get_builds(request: dict[str, Any]) -> Any:
    found = {one: codebuild._builds.get(one) for one in request.get("ids", [])}
    return json_response(
        {
            "builds": [_told(build) for build in found.values() if build],
            "buildsNotFound": [one for one, build in found.items() if not build],
        }
    )


def _stop_build(request: dict[str, Any]) -> Any:
    build = codebuild._builds.get(request.get("id", ""))
    if build is None:
        return error_response_json("ResourceNotFoundException", f"Build not found: {request.get('id')}", 400)
    if run := _underway.get(build["id"]):
        run.stop("STOPPED")
    return json_response({"build": _told(build)})


def _end() -> None:
    for run in _underway.values():
        run.stop("STOPPED")
    for thread in _threads:
        thread.join(10)
    _underway.clear()
    _threads.clear()


codebuild._start_build = _start_build
codebuild._batch_get_builds = _batch_get_builds
codebuild._stop_build = _stop_build
stores.ended_by(_end)
