"""People of an emulated account, for tests: users with a key and a policy, their second factors and codes."""

from __future__ import annotations

import base64
import hmac
import json
import struct
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

Key = tuple[str, ...]


def allow(*actions: str, on: str | list[str] = "*", when: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": on,
        **({"Condition": when} if when else {}),
    }


def user(emulator: Emulator, name: str, *statements: dict[str, Any]) -> Key:
    iam = emulator.client("iam")
    iam.create_user(UserName=name)
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def totp(seed: bytes, steps: int = 0) -> str:
    """The code of a device, `steps` half minutes from now."""
    digest = hmac.new(
        base64.b32decode(seed), struct.pack(">Q", int(time.time()) // 30 + steps), "sha1"
    ).digest()
    place = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[place : place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def device_of(emulator: Emulator, name: str) -> tuple[str, bytes]:
    made = emulator.client("iam").create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    serial, seed = made["SerialNumber"], made["Base32StringSeed"]
    emulator.client("iam").enable_mfa_device(
        UserName=name, SerialNumber=serial, AuthenticationCode1=totp(seed, -1), AuthenticationCode2=totp(seed)
    )
    return serial, seed


def session(emulator: Emulator, key: Key, **code: str) -> Key:
    made = emulator.client("sts", key=key).get_session_token(**code)["Credentials"]
    return made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]
