"""Secrets Manager: a rotation that really calls the rotation function, step by step, and stages as AWS moves them."""

from __future__ import annotations

import contextvars
import json
import logging
import threading
import time
from typing import Any

from ministack.core.responses import error_response_json, json_response, new_uuid
from ministack.services import secretsmanager
from tests.emulator.extension.client import call
from tests.emulator.extension.services.json_api import ServiceError, serve_before

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
log = logging.getLogger("emulator.rotation")


class StepError(RuntimeError):
    """A step of a rotation failed."""


def _secret(request: dict[str, Any]) -> dict[str, Any]:
    _, found = secretsmanager._resolve(request["SecretId"])
    if not found:
        raise ServiceError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    return found  # type: ignore[no-any-return]


def _rotate(request: dict[str, Any]) -> dict[str, Any]:
    secret = _secret(request)
    function = request.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
    if not function:
        raise ServiceError(
            "InvalidRequestException", "No Lambda rotation function ARN is associated with this secret."
        )
    if any(version["Stages"] == ["AWSPENDING"] for version in secret["Versions"].values()):
        raise ServiceError(
            "InvalidRequestException",
            "A previous rotation isn't complete. That rotation will be reattempted.",
        )
    rules = request.get("RotationRules") or secret.get("RotationRules")
    secret.update(RotationLambdaARN=function, RotationEnabled=True, RotationRules=rules)
    token = request.get("ClientRequestToken") or new_uuid()
    answer = {"ARN": secret["ARN"], "Name": secret["Name"]}
    if not request.get("RotateImmediately", True):
        return answer
    secret["Versions"][token] = {
        "SecretString": None,
        "SecretBinary": None,
        "CreatedDate": int(time.time()),
        "Stages": ["AWSPENDING"],
    }
    context = contextvars.copy_context()
    threading.Thread(
        target=context.run, args=(_run, secret, function, token), daemon=True, name="rotation"
    ).start()
    return {**answer, "VersionId": token}


def _run(secret: dict[str, Any], function: str, token: str) -> None:
    try:
        for step in STEPS:
            _take(step, secret["ARN"], function, token)
        secret["LastRotatedDate"] = int(time.time())
    except Exception:
        log.exception("rotation of %s", secret["Name"])


def _take(step: str, secret: str, function: str, token: str) -> None:
    event = {"Step": step, "SecretId": secret, "ClientRequestToken": token}
    answer = call("lambda", "Invoke", FunctionName=function, Payload=json.dumps(event).encode())
    if answer.get("FunctionError"):
        raise StepError(f"{step}: {answer['Payload'].read()[:500]!r}")


def _cancel(request: dict[str, Any]) -> dict[str, Any]:
    secret = _secret(request)
    secret["RotationEnabled"] = False
    return {"ARN": secret["ARN"], "Name": secret["Name"]}


def _store(name: str, *given: Any, **named: Any) -> Any:
    """A secret that is made without a value has no version."""
    made = _stored(name, *given, **named)
    secret = secretsmanager._secrets[name]
    empty = [one for one, kept in secret["Versions"].items() if not _content(kept)]
    for version in empty:
        del secret["Versions"][version]
    return made


def _put(request: dict[str, Any]) -> Any:
    """The same token keeps one version, and a stage moves to the version that it is given to."""
    _, secret = secretsmanager._resolve(request["SecretId"])
    version = (secret or {}).get("Versions", {}).get(request.get("ClientRequestToken"))
    if version and _content(version) and not secret.get("DeletedDate"):
        if _content(version) != _content(request):
            return error_response_json("ResourceExistsException", "The version has another value.", 400)
        found = {"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": request["ClientRequestToken"]}
        return json_response({**found, "VersionStages": version["Stages"]})
    answer = _kept(request)
    if answer[0] == 200:
        made = json.loads(answer[2])["VersionId"]
        for stage in request.get("VersionStages", ()):
            if stage not in {"AWSCURRENT", "AWSPREVIOUS"}:
                secretsmanager._remove_stage_everywhere(secret, stage, except_version_id=made)
    return answer


def _list(request: dict[str, Any]) -> Any:
    answer = _listed(request)
    body = json.loads(answer[2])
    for entry in body.get("SecretList", ()):
        entry.update(_rotating(secretsmanager._secrets[entry["Name"]]))
    return json_response(body) if "SecretList" in body else answer


def _describe(request: dict[str, Any]) -> Any:
    answer = _described(request)
    _, secret = secretsmanager._resolve(request["SecretId"])
    return json_response({**json.loads(answer[2]), **_rotating(secret)}) if secret else answer


def _rotating(secret: dict[str, Any]) -> dict[str, Any]:
    """What is told of a secret's rotation: by which function, when last, when next."""
    days = (secret.get("RotationRules") or {}).get("AutomaticallyAfterDays")
    last = secret.get("LastRotatedDate")
    told = {"RotationLambdaARN": secret.get("RotationLambdaARN"), "LastRotatedDate": last}
    if days and secret.get("RotationEnabled"):
        told["NextRotationDate"] = (last or secret["CreatedDate"]) + int(days) * 86_400
    return {name: value for name, value in told.items() if value}


def _content(version: dict[str, Any]) -> Any:
    return version.get("SecretString") or version.get("SecretBinary")


_stored, secretsmanager._store_new_secret = secretsmanager._store_new_secret, _store
_listed, secretsmanager._list_secrets = secretsmanager._list_secrets, _list
_described, secretsmanager._describe_secret = secretsmanager._describe_secret, _describe
_kept, secretsmanager._put_secret_value = secretsmanager._put_secret_value, _put
serve_before("secretsmanager", {"RotateSecret": _rotate, "CancelRotateSecret": _cancel})
