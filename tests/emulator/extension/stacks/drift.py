"""Drift: what changed, or went, behind CloudFormation's back, for the types that `readers` can read.

Reading goes through the services' own APIs, so detection runs on a thread instead of the event loop.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ministack import app
from ministack.services import cloudformation
from ministack.services.cloudformation import drift, provisioners
from tests.emulator.extension import readers
from tests.emulator.extension.registry import HANDLERS, Made

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

_DETECTIONS = {"DetectStackDrift", "DetectStackResourceDrift"}


def attach() -> None:
    """Teach ministack's detection our readers, and let it run on a thread."""
    known = {type_: handler.read for type_, handler in HANDLERS.items() if hasattr(handler, "read")}
    for type_, read in {**known, **readers.READERS}.items():
        tags = provisioners._STACK_TAG_PROPERTY.get(type_, ("",))[0]
        unread = frozenset() if type_ in readers.TAGS_ARE_READ else frozenset({tags})
        drift._DRIFT_READERS[type_] = (_adapted(read), _AllBut(unread))
    drift.detect_resource_drift = _among_others(drift.detect_resource_drift)
    app.SERVICE_HANDLERS["cloudformation"] = _handle


def _among_others(detect: Callable[..., Any]) -> Callable[..., Any]:
    """Let readers see the other resources of the stack: what those attached is no drift."""

    def detected(stack: dict[str, Any], logical_id: str, record: Any, timestamp: str) -> Any:
        token = readers.others.set([one for name, one in stack["_resources"].items() if name != logical_id])
        try:
            return detect(stack, logical_id, record, timestamp)
        finally:
            readers.others.reset(token)

    return detected


@dataclass(frozen=True)
class _AllBut:
    """Every property but these: a reader says by what it returns which ones it can read."""

    names: frozenset[str]

    def __contains__(self, name: object) -> bool:
        return name not in self.names


def _adapted(read: Callable[[Made], Mapping[str, Any] | None]) -> Callable[[str, Any], Any]:
    def current(physical_id: str, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        state = read(Made(properties, "", "", physical_id))
        if state is None:
            return None
        fitted = {name: _fitted(value, properties.get(name, value)) for name, value in state.items()}
        return {**properties, **fitted}

    return current


def _fitted(actual: Any, expected: Any) -> Any:
    """`actual` without what the template says nothing about: services fill in defaults, AWS ignores those."""
    if isinstance(actual, dict) and isinstance(expected, dict):
        return {name: _fitted(actual[name], value) for name, value in expected.items() if name in actual}
    if isinstance(actual, list) and isinstance(expected, list):
        return [_like_one_of(item, expected) for item in actual]
    if _as_number(actual) is not None and _as_number(actual) == _as_number(expected):
        return expected  # 1 and 1.0 and "1" are one value
    return actual


def _as_number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _like_one_of(item: Any, wanted: list[Any]) -> Any:
    for one in wanted:
        if drift._same(one, drift._coerce_like(one, _fitted(item, one))):
            return one
    return item


async def _handle(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
    answer = cloudformation.handle_request(method, path, headers, body, query)
    if any(f"Action={action}".encode() in body for action in _DETECTIONS):
        return await asyncio.to_thread(_driven, answer)
    return await answer


def _driven(answer: Coroutine[Any, Any, Any]) -> Any:
    """Run a handler that never waits, on this thread and without a loop."""
    try:
        answer.send(None)
    except StopIteration as ended:
        return ended.value
    raise RuntimeError("drift detection waited for something")
