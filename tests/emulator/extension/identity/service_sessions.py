"""Credentials of a role that a service of AWS takes on: for a job's or a build's own program.

STS gives them to nobody who is not trusted, and the emulator's root is not. So the session is registered as STS would
have done it, if the role trusts the service.
"""

from __future__ import annotations

import json
from urllib.parse import unquote

from botocore.exceptions import ClientError
from ministack.core.responses import new_uuid
from ministack.services import sts
from tests.emulator.extension.client import call


def credentials(role: str, session: str, service: str) -> dict[str, str]:
    """Variables with the credentials of a session. Raises `ClientError` for no role, or one that trusts others."""
    found = call("iam", "GetRole", RoleName=role.rpartition("/")[2])["Role"]
    trust = found["AssumeRolePolicyDocument"]
    trust = json.loads(unquote(trust)) if isinstance(trust, str) else trust
    if f"{service}.amazonaws.com" not in json.dumps(trust):
        told = {
            "Error": {"Code": "AccessDenied", "Message": f"{role} does not trust {service}.amazonaws.com"}
        }
        raise ClientError(told, "AssumeRole")
    account, name = role.split(":")[4], role.rpartition("/")[2]
    key, secret, token = f"ASIA{new_uuid().replace('-', '')[:16].upper()}", new_uuid(), new_uuid()
    sts.register_session(
        key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
            "UserId": f"{name}:{session}",
            "SecretAccessKey": secret,
            "SessionToken": token,
        },
    )
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}
