"""The application that is served: ministack's, with `/_emulator/...` for the tests in front of it.

POST /_emulator/reset    forget everything
GET  /_emulator/ignored  properties that nothing has read, by resource type
POST /_emulator/fault    see `faults`
POST /_emulator/pace     see `pace`
POST /_emulator/image    see `batch.images`
POST /_emulator/database see `services.databases`
POST /_emulator/quota    see `services.quotas`
POST /_emulator/state    see `stacks.setting`
POST /_emulator/variables see `functions`
POST /_emulator/interrupt  the machine under a Batch job is taken away
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from ministack import app
from tests.emulator.extension import faults, functions, pace, provisioning, stores
from tests.emulator.extension.batch import attempts, images
from tests.emulator.extension.services import databases, quotas
from tests.emulator.extension.stacks import setting

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PREFIX = "/_emulator/"
log = logging.getLogger("emulator")

Receive = "Callable[[], Awaitable[dict[str, Any]]]"
Send = "Callable[[dict[str, Any]], Awaitable[None]]"


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The ASGI application."""
    if scope["type"] == "http" and scope["path"].startswith("http://"):
        scope = _without_host(scope)
    if scope["type"] != "http":
        await app.app(scope, receive, send)
    elif scope["path"].startswith(PREFIX):
        await _answer_test(scope["path"].removeprefix(PREFIX), await _body(receive), send)
    elif faults.any_for_calls():
        await _with_faults(scope, receive, send)
    else:
        await app.app(scope, receive, send)


def _without_host(scope: dict[str, Any]) -> dict[str, Any]:
    """A request to us as a proxy: boto3 puts the account in front of the host of S3's account-wide calls."""
    raw = b"/" + scope["raw_path"].split(b"/", 3)[3]
    return {**scope, "raw_path": raw, "path": "/" + scope["path"].split("/", 3)[3]}


async def _answer_test(what: str, body: bytes, send: Any) -> None:
    try:
        answer = await _ANSWERS[what](body)
    except Exception as error:
        log.exception("answering a test")
        await _respond(send, 500, "application/json", json.dumps({"error": repr(error)}).encode())
    else:
        await _respond(send, 200, "application/json", json.dumps(answer).encode())


async def _reset(_body: bytes) -> None:
    faults.clear()
    pace.set_factor(1.0)
    images.clear()
    functions.clear()
    databases.stand_behind(databases.Server())
    quotas.clear()
    await asyncio.to_thread(stores.end_work)
    async with app._get_reset_lock():
        await asyncio.to_thread(app._reset_all_state)
        stores.clear()
    provisioning.IGNORED.clear()


async def _ignored(_body: bytes) -> dict[str, list[str]]:
    return {type_: sorted(names) for type_, names in sorted(provisioning.IGNORED.items())}


async def _fault(body: bytes) -> None:
    faults.add(faults.Fault(**json.loads(body)))


async def _pace(body: bytes) -> None:
    pace.set_factor(float(json.loads(body)["factor"]))


async def _image(body: bytes) -> None:
    images.register(images.Image(**json.loads(body)))


async def _database(body: bytes) -> None:
    databases.stand_behind(databases.Server(**json.loads(body)))


async def _quota(body: bytes) -> None:
    quotas.set_value(**json.loads(body))


async def _state(body: bytes) -> None:
    setting.put(**json.loads(body))


async def _variables(body: bytes) -> None:
    functions.put(**json.loads(body))


async def _interrupt(body: bytes) -> bool:
    return attempts.interrupt(json.loads(body)["job"])


_ANSWERS: dict[str, Callable[[bytes], Awaitable[Any]]] = {
    "reset": _reset,
    "ignored": _ignored,
    "fault": _fault,
    "pace": _pace,
    "image": _image,
    "interrupt": _interrupt,
    "database": _database,
    "quota": _quota,
    "state": _state,
    "variables": _variables,
}


async def _with_faults(scope: dict[str, Any], receive: Any, send: Any) -> None:
    body = await _body(receive)
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qs(scope.get("query_string", b"").decode())
    fault = faults.for_call(scope["method"], scope["path"], headers, query, body)
    if fault is not None:
        await asyncio.sleep(fault.seconds)
        if fault.code:
            await _respond(send, fault.status, *faults.as_error(fault, headers))
            return
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> dict[str, Any]:
        return waiting.pop() if waiting else await receive()

    await app.app(scope, again, send)


async def _body(receive: Any) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _respond(send: Any, status: int, kind: str, body: bytes) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
