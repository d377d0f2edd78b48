"""Serve a JSON service from a table of functions, guided by botocore's model of it.

`serve("guardduty", {"CreateDetector": create_detector})`: a function gets the operation's parameters under
the names of the API and gives the answer's members. Both JSON protocols are understood: the one that names
its operation in a header, and the one that hides it in method and path.
"""

from __future__ import annotations

import functools
import json
import logging
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import botocore.session
from ministack import app
from ministack.core import router

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Operation = "Callable[[dict[str, Any]], dict[str, Any] | None]"
log = logging.getLogger("emulator")
_session = botocore.session.Session()


class ServiceError(Exception):
    """What a service answers to a wrong request."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def serve(service: str, operations: Mapping[str, Callable[[dict[str, Any]], Any]]) -> None:
    """Answer these operations of a service that ministack does not have."""
    model = _model(service)
    name = model.signing_name
    app.SERVICE_REGISTRY[name] = {"module": name}
    app.SERVICE_HANDLERS[name] = _handler(model, operations, None)
    prefix = model.metadata.get("targetPrefix")
    router.SERVICE_PATTERNS[name] = {
        "target_prefixes": [prefix] if prefix else [],
        "host_patterns": [rf"^{re.escape(model.endpoint_prefix)}\."],
    }


def serve_before(
    service: str, operations: Mapping[str, Callable[[dict[str, Any]], Any]], known: str = ""
) -> None:
    """Answer these operations of a service that ministack has; the rest goes on to it.

    Args:
        service: botocore's name of it.
        operations: the functions.
        known: ministack's name of it, if that is another one.
    """
    name = known or service
    app.SERVICE_HANDLERS[name] = _handler(_model(service), operations, app.SERVICE_HANDLERS[name])


@functools.cache
def _model(service: str) -> Any:
    return _session.get_service_model(service)


def _handler(model: Any, operations: Mapping[str, Callable[..., Any]], behind: Any) -> Any:
    routes = [] if model.metadata["protocol"] == "json" else _routes(model)

    async def handle(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        found = _operation(routes, method, path, headers)
        if found is None or found[0] not in operations:
            if behind is not None:
                return await behind(method, path, headers, body, query)
            return _failure(
                ServiceError(
                    "UnknownOperationException", f"{model.service_name}: not emulated: {method} {path}"
                )
            )
        name, in_path = found
        operation = model.operation_model(name)
        try:
            answer = operations[name](_parameters(operation, in_path, query, body))
        except ServiceError as error:
            return _failure(error)
        shaped = (
            _shaped(operation.output_shape, answer or {}, rest=bool(routes)) if operation.output_shape else {}
        )
        status = operation.http.get("responseCode", 200) if routes else 200
        return status, {"Content-Type": _content_type(model)}, json.dumps(shaped).encode()

    return handle


def _content_type(model: Any) -> str:
    version = model.metadata.get("jsonVersion")
    return (
        f"application/x-amz-json-{version}"
        if version and model.metadata["protocol"] == "json"
        else "application/json"
    )


def _failure(error: ServiceError) -> Any:
    headers = {"Content-Type": "application/json", "x-amzn-errortype": error.code}
    body = {"__type": error.code, "message": error.message, "Message": error.message}
    return error.status, headers, json.dumps(body).encode()


def _routes(model: Any) -> list[tuple[str, re.Pattern[str], str]]:
    """Method, pattern of the path and name of every operation, the longest fixed paths first."""
    found = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        uri = http["requestUri"].split("?")[0]
        # The last part may hold slashes: ARNs come with theirs decoded.
        pattern = re.sub(
            r"\\\{(\w+)(\\\+)?\\\}",
            lambda one: f"(?P<{one[1]}>{'.+' if one[2] or one.end() == len(one.string) else '[^/]+'})",
            re.escape(uri),
        )
        found.append(
            (http["method"], re.compile(f"{pattern.rstrip('/')}/?$"), name, uri.count("{"), -len(uri))
        )
    found.sort(key=lambda route: route[3:])
    return [route[:3] for route in found]


def _operation(routes: Any, method: str, path: str, headers: Any) -> tuple[str, dict[str, str]] | None:
    if not routes:
        name = headers.get("x-amz-target", "").rpartition(".")[2]
        return (name, {}) if name else None
    for wanted, pattern, name in routes:
        match = pattern.match(path) if wanted == method else None
        if match:
            return name, {key: unquote(value) for key, value in match.groupdict().items()}
    return None


def _parameters(operation: Any, in_path: dict[str, str], query: Any, body: bytes) -> dict[str, Any]:
    shape = operation.input_shape
    if shape is None:
        return {}
    sent = json.loads(body) if body.strip() else {}
    payload = shape.serialization.get("payload")
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        wire = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri":
                found[name] = in_path[wire]
            case "querystring" if wire in query:
                found[name] = query[wire] if member.type_name == "list" else query[wire][0]
            case None if name == payload:
                found[name] = _unshaped(member, sent)
            case None if wire in sent:
                found[name] = _unshaped(member, sent[wire])
    return found


def _unshaped(shape: Any, value: Any) -> Any:
    """What came over the wire, under the API's own names."""
    if value is None:
        return None
    if shape.type_name == "structure" and isinstance(value, dict):
        names = {
            member.serialization.get("name", name): (name, member) for name, member in shape.members.items()
        }
        return {
            names[wire][0]: _unshaped(names[wire][1], part) for wire, part in value.items() if wire in names
        }
    if shape.type_name == "list":
        return [_unshaped(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: _unshaped(shape.value, part) for key, part in value.items()}
    return value


def _shaped(shape: Any, value: Any, *, rest: bool) -> Any:
    """An answer as it goes over the wire. What the model does not know is left out, as AWS would."""
    if value is None:
        return None
    if shape.type_name == "structure":
        return {
            (member.serialization.get("name", name) if rest else name): _shaped(
                member, value[name], rest=rest
            )
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if shape.type_name == "list":
        return [_shaped(shape.member, item, rest=rest) for item in value]
    if shape.type_name == "map":
        return {key: _shaped(shape.value, part, rest=rest) for key, part in value.items()}
    return value
