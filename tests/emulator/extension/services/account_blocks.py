"""S3's account-wide block of public access, which ministack lacks. Kept and told, not enforced."""

from __future__ import annotations

from typing import Any

from defusedxml import ElementTree
from ministack import app
from ministack.core.responses import new_uuid
from tests.emulator.extension import stores

_PATH = "/v20180820/configuration/publicAccessBlock"
_SPACE = "http://awss3control.amazonaws.com/doc/2018-08-20/"
_NAMES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_blocks = stores.table()
_behind = app._handle_s3_control_request


async def _handle(path: str, method: str, body: bytes, *more: Any) -> Any:
    if path.rstrip("/") != _PATH:
        return await _behind(path, method, body, *more)
    if method == "PUT":
        given = {
            child.tag.rpartition("}")[2]: child.text or "false" for child in ElementTree.fromstring(body)
        }
        _blocks["block"] = {name: given.get(name, "false") for name in _NAMES}
        return 200, {}, b""
    if method == "DELETE":
        _blocks.pop("block", None)
        return 204, {}, b""
    kept = _blocks.get("block")
    if kept is None:
        return 404, {"Content-Type": "application/xml"}, _missing()
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in kept.items())
    found = f'<PublicAccessBlockConfiguration xmlns="{_SPACE}">{inner}</PublicAccessBlockConfiguration>'
    return 200, {"Content-Type": "application/xml"}, found.encode()


def _missing() -> bytes:
    return (
        "<ErrorResponse><Error><Code>NoSuchPublicAccessBlockConfiguration</Code><Message>The public access "
        f"block configuration was not found</Message></Error><RequestId>{new_uuid()}</RequestId></ErrorResponse>"
    ).encode()


app._handle_s3_control_request = _handle
