"""Who we are to AWS, and sessions of hours in place of keys that last (STS)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stratolab.aws.clients import Keys
from stratolab.aws.errors import calling, message_of
from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SHORTEST = 900
LONGEST = 36 * 3600
LONGEST_OF_ROLE = 12 * 3600
CHAINED = 3600
"""Seconds that a session may last (STS): a user's, a role's if it allows so much, a role's that a role has taken on."""

_WRONG_CODE = re.compile(r"one time pass code|MultiFactorAuthentication failed", re.IGNORECASE)
_SESSION = re.compile(r"[^\w+=,.@-]")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose credentials these are. `account` has twelve digits, `at` is AWS's clock when it said so."""

    account: str
    arn: str
    user_id: str
    at: datetime | None = None

    @property
    def is_root(self) -> bool:
        """Whether this is the account's root user, which is for nothing but opening the account."""
        return self.arn.endswith(":root")

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`."""
        return self.arn.split(":")[1]

    @property
    def name(self) -> str:
        """What to call them: the user's name, or the role's and the session's."""
        return self.arn.rpartition(":")[2].partition("/")[2] or "root"

    @property
    def user(self) -> str:
        """The name of an IAM user, without its path; empty for a role's session and for root."""
        return self.arn.rpartition("/")[2] if ":user/" in self.arn else ""

    def role(self, name: str) -> str:
        """The ARN of a role of this account; a role's ARN stays as it is."""
        return name if name.startswith("arn:") else f"arn:{self.partition}:iam::{self.account}:role/{name}"


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor, and the code that it shows just now."""

    serial: str
    code: str


class Identity:
    """STS."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def caller(self) -> Caller:
        """Whose credentials these are. Raises `CredentialsError` if they are good for nothing."""
        with calling("asking AWS who we are"):
            found = self._client.get_caller_identity()
        told = found.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
        return Caller(
            account=found["Account"],
            arn=found["Arn"],
            user_id=found["UserId"],
            at=parsedate_to_datetime(told) if told else None,
        )

    def session(self, seconds: int, factor: Factor) -> Keys:
        """A session of a user who has just used his second factor. Raises `InputError` for a wrong code."""
        doing = "opening a session"
        with calling(doing):
            try:
                found = self._client.get_session_token(
                    DurationSeconds=seconds, SerialNumber=factor.serial, TokenCode=factor.code
                )
            except ClientError as error:
                if _WRONG_CODE.search(message_of(error)):
                    raise InputError(
                        "AWS does not take this code: each is good once, for half a minute",
                        doing=doing,
                        hint="wait for the next one, and look at the clock of the device",
                    ) from error
                raise
        return _keys(found)

    def take_on(self, role: str, seconds: int, *, name: str) -> Keys:
        """A session of a role, in which AWS's records name us `name`."""
        asked = {"RoleArn": role, "RoleSessionName": _SESSION.sub("-", name)[:64], "DurationSeconds": seconds}
        with calling(f"taking on {role}"):
            return _keys(self._client.assume_role(**asked))


def _keys(found: Mapping[str, Any]) -> Keys:
    keys = found["Credentials"]
    return Keys(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], keys["Expiration"])
