"""Faults that a test orders: an operation on a resource that fails or lasts, an API call that is refused."""

from __future__ import annotations

import fnmatch
import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from ministack.core import router

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class Fault:
    """See `Emulator.fault`; `times` counts down, 0 is for ever."""

    type: str = ""
    step: str = ""
    call: str = ""
    reason: str = "injected"
    code: str = ""
    status: int = 400
    times: int = 1
    seconds: float = 0.0


class InjectedError(ValueError):
    """A resource operation failed because a test wanted it."""


_faults: list[Fault] = []
_lock = threading.Lock()
_released = threading.Event()


def add(fault: Fault) -> None:
    _released.clear()
    with _lock:
        _faults.append(fault)


def clear() -> None:
    with _lock:
        _faults.clear()
    _released.set()


def for_resource(type_: str, step: str) -> None:
    """Wait or fail if a test ordered it. Called on the thread of the operation.

    Raises:
        InjectedError: it is to fail.
    """
    fault = _take(
        lambda one: bool(one.type) and fnmatch.fnmatchcase(type_, one.type) and one.step in {"", step}
    )
    if fault is None:
        return
    deadline = time.monotonic() + fault.seconds
    while not _released.is_set() and (left := deadline - time.monotonic()) > 0:
        _released.wait(left)
    if fault.reason:
        raise InjectedError(fault.reason)


def any_for_calls() -> bool:
    return any(fault.call for fault in _faults)


def for_call(
    method: str, path: str, headers: Mapping[str, str], query: Mapping[str, list[str]], body: bytes
) -> Fault | None:
    """The fault that is ordered for a request; our own inner requests are spared."""
    if "emulator-internal" in headers.get("user-agent", ""):
        return None
    form = parse_qs(body.decode("utf-8", "replace")) if b"Action=" in body[:4096] else {}
    parameters = {**query, **form}
    service = router.detect_service(method, path, dict(headers), parameters)
    target = headers.get("x-amz-target", "").rpartition(".")[2]
    action = target or (parameters.get("Action") or [""])[0] or f"{method} {path}"
    return _take(lambda one: bool(one.call) and fnmatch.fnmatchcase(f"{service}:{action}", one.call))


def as_error(fault: Fault, headers: Mapping[str, str]) -> tuple[str, bytes]:
    """The error in the protocol of the request: JSON where it was JSON, the query protocol's XML otherwise."""
    if "json" in headers.get("content-type", ""):
        body = {"__type": fault.code, "message": fault.reason}
        return "application/x-amz-json-1.1", json.dumps(body).encode()
    code, words = escape(fault.code), escape(fault.reason)
    return "text/xml", (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{words}</Message></Error>"
        f"<RequestId>injected</RequestId></ErrorResponse>"
    ).encode()


def _take(matches: object) -> Fault | None:
    with _lock:
        for fault in _faults:
            if matches(fault):  # type: ignore[operator]
                if fault.times == 1:
                    _faults.remove(fault)
                elif fault.times > 1:
                    fault.times -= 1
                return fault
    return None
