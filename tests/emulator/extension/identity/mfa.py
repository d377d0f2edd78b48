"""Second factors: a device's codes are those of RFC 6238 from its seed, each good once, and no other is taken."""

from __future__ import annotations

import base64
import contextvars
import dataclasses
import hmac
import re
import secrets
import struct
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core import iam_evaluator, router
from ministack.services import iam, sts

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = 30  # seconds for which a code stands
_SLACK = 1  # steps that a clock may be off
_with_code: contextvars.ContextVar[bool] = contextvars.ContextVar("with_code", default=False)
_REFUSED = "MultiFactorAuthentication failed with invalid MFA one time pass code. "


def attach() -> None:
    """Stand around IAM's devices, STS's sessions and the keys that describe a caller."""
    handlers = iam._IAM_HANDLERS
    handlers["CreateVirtualMFADevice"] = _with_a_seed(iam._create_virtual_mfa_device)
    handlers["EnableMFADevice"] = _checking_codes(iam._enable_mfa_device)
    app.SERVICE_HANDLERS["sts"] = _sts(app.SERVICE_HANDLERS["sts"])
    iam_evaluator._principal_keys = _telling_mfa(iam_evaluator._principal_keys)
    iam_evaluator.evaluate_trust_policy = _trusting_mfa(iam_evaluator.evaluate_trust_policy)


def code(seed: str, step: int) -> str:
    """The six digits of a step of time (RFC 6238 with SHA-1, as AWS's virtual devices)."""
    digest = hmac.new(base64.b32decode(seed), struct.pack(">Q", step), "sha1").digest()
    place = digest[-1] & 15
    number = struct.unpack(">I", digest[place : place + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def _step_of(device: dict[str, Any], given: str) -> int | None:
    """Which step of time a code is of, if it is one of the present ones."""
    now = int(time.time()) // STEP
    return next(
        (
            step
            for step in range(now - _SLACK, now + _SLACK + 1)
            if code(device["Base32StringSeed"], step) == given
        ),
        None,
    )


def _with_a_seed(create: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """ministack's seed is no base32; make one from which codes can be computed."""

    def created(params: Any) -> Any:
        before = set(iam._mfa_devices.keys())
        status, headers, body = create(params)
        for serial in set(iam._mfa_devices.keys()) - before:
            old, new = (
                iam._mfa_devices[serial]["Base32StringSeed"],
                base64.b32encode(secrets.token_bytes(20)).decode(),
            )
            iam._mfa_devices[serial]["Base32StringSeed"] = new
            body = body.replace(base64.b64encode(old.encode()), base64.b64encode(new.encode()))
        return status, headers, body

    return created


def _checking_codes(enable: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A device is enabled with two codes of it, one after the other."""

    def enabled(params: Any) -> Any:
        device = iam._mfa_devices.get(iam._p(params, "SerialNumber"))
        if device is not None:
            first, second = (iam._p(params, f"AuthenticationCode{number}") for number in (1, 2))
            step = int(time.time()) // STEP
            near = range(step - 2 - _SLACK, step + 1 + _SLACK)
            pairs = {
                (code(device["Base32StringSeed"], one), code(device["Base32StringSeed"], one + 1))
                for one in near
            }
            if (first, second) not in pairs:
                return iam._error(
                    403, "InvalidAuthenticationCode", "Authentication code for device is not valid.", ns="iam"
                )
        return enable(params)

    return enabled


def _sts(behind: Any) -> Any:
    async def handle(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        params = {**query, **(parse_qs(body.decode("utf-8", "replace")) if body else {})}
        action, serial, given = (
            (params.get(key) or [""])[0] for key in ("Action", "SerialNumber", "TokenCode")
        )
        if action not in {"GetSessionToken", "AssumeRole"}:
            return await behind(method, path, headers, body, query)
        caller = router.extract_access_key_id(headers, query)
        if serial and not _accepted(serial, given, caller):
            return iam._error(403, "AccessDenied", _REFUSED, ns="sts")
        opened = bool(serial)
        token = _with_code.set(opened or "MfaAt" in (sts._sessions.get(caller) or {}))
        try:
            answer = await behind(method, path, headers, body, query)
        finally:
            _with_code.reset(token)
        if opened and answer[0] == 200:
            text = answer[2] if isinstance(answer[2], str) else answer[2].decode()
            found = re.search(r"<AccessKeyId>([^<]+)<", text)
            if found and action == "GetSessionToken":  # a role's session does not carry the second factor on
                sts._sessions[found[1]]["MfaAt"] = time.time()
        return answer

    return handle


def _accepted(serial: str, given: str, caller: str) -> bool:
    """Whether a code is of a device of the caller's, of now, and was not used before."""
    device = iam._mfa_devices.get(serial)
    owner = next(
        (key.get("UserName") for key in iam._access_keys.values() if key["AccessKeyId"] == caller), None
    )
    if device is None or device.get("User") is None or device["User"] != owner:
        return False
    step = _step_of(device, given)
    if step is None or step <= device.get("LastStep", 0):
        return False
    device["LastStep"] = step
    return True


def _telling_mfa(keys_of: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    def keys(credential: Any) -> dict[str, Any]:
        found = keys_of(credential)
        opened = (sts._sessions.get(credential.access_key_id) or {}).get("MfaAt")
        if opened is not None:
            found["aws:multifactorauthpresent"] = "true"
            found["aws:multifactorauthage"] = str(int(time.time() - opened))
        return found

    return keys


def _trusting_mfa(evaluate: Callable[..., bool]) -> Callable[..., bool]:
    """A trust policy sees the code of the very request that assumes the role."""

    def evaluated(document: Any, caller: str, context: Any = None) -> bool:
        if context is not None and _with_code.get():
            keys = {
                **context.principal_keys,
                "aws:multifactorauthpresent": "true",
                "aws:multifactorauthage": "0",
            }
            context = dataclasses.replace(context, principal_keys=keys)
        return evaluate(document, caller, context)

    return evaluated
