"""Who can sign in to the account, and how well (IAM): root, users, keys, second factors."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stratolab.aws.errors import calling, code_of
from stratolab.core.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = "<root_account>"
_REPORT_WITHIN = 60.0  # seconds; IAM makes one in about ten
_POLL = 2.0
_NEVER = {"", "N/A", "no_information", "not_supported", "no_password"}


@dataclass(frozen=True, slots=True)
class Login:
    """One identity that can sign in. Times are None where something was never used or is not there."""

    name: str
    arn: str
    password: bool
    password_used: datetime | None
    mfa: bool
    keys: int  # active access keys
    oldest_key: datetime | None
    key_used: datetime | None

    @property
    def is_root(self) -> bool:
        """Whether this is the account itself."""
        return self.name == ROOT

    @property
    def used(self) -> datetime | None:
        """When it was last used, in any way."""
        return max((at for at in (self.password_used, self.key_used) if at), default=None)


class People:
    """IAM's view of who signs in."""

    def __init__(
        self,
        client: Any,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._sleep = sleep
        self._clock = clock

    def logins(self) -> list[Login]:
        """Root first, then every user, from IAM's credential report, which may be four hours old."""
        doing = "reading the credential report"
        deadline = self._clock() + _REPORT_WITHIN
        while True:
            with calling(doing):
                state = self._client.generate_credential_report()["State"]
            if state == "COMPLETE":
                break
            if self._clock() > deadline:
                raise RemoteError(
                    "IAM has not made it in a minute", doing=doing, hint="type the same command again"
                )
            self._sleep(_POLL)
        with calling(doing):
            text = self._client.get_credential_report()["Content"].decode()
        rows = [_login(row) for row in csv.DictReader(io.StringIO(text))]
        return sorted(rows, key=lambda login: (not login.is_root, login.name))

    def summary(self) -> dict[str, int]:
        """IAM's counts and quotas: `Roles`, `RolesQuota`, `AccountMFAEnabled` and the like. Always of this moment."""
        with calling("counting what IAM has"):
            return dict(self._client.get_account_summary()["SummaryMap"])

    def root_is_safe(self) -> tuple[bool, bool]:
        """Whether root has a second factor, and whether it has no access keys. Always of this moment."""
        found = self.summary()
        return bool(found.get("AccountMFAEnabled")), not found.get("AccountAccessKeysPresent")

    def factors(self, user: str) -> list[str]:
        """The serial numbers of a user's second factors."""
        with calling(f"looking at the second factors of {user}"):
            found = self._client.list_mfa_devices(UserName=user)["MFADevices"]
        return [str(one["SerialNumber"]) for one in found]

    def may(self, who: str, actions: Sequence[str], resource: str) -> dict[str, bool]:
        """Whether the policies of a user or role (by ARN) let it do these things, as far as IAM can tell beforehand.

        Asked as with a second factor. What an organisation forbids is not seen in every case.
        """
        context = {
            "ContextKeyName": "aws:MultiFactorAuthPresent",
            "ContextKeyType": "boolean",
            "ContextKeyValues": ["true"],
        }
        with calling("asking IAM what we may do"):
            found = self._client.simulate_principal_policy(
                PolicySourceArn=who,
                ActionNames=list(actions),
                ResourceArns=[resource],
                ContextEntries=[context],
            )["EvaluationResults"]
        return {one["EvalActionName"]: one["EvalDecision"] == "allowed" for one in found}

    def has_password(self, user: str) -> bool:
        """Whether a user may sign in to the console."""
        with calling(f"looking at user {user}"):
            try:
                self._client.get_login_profile(UserName=user)
            except ClientError as error:
                if code_of(error) == "NoSuchEntity":
                    return False
                raise
        return True


def _login(row: Mapping[str, str]) -> Login:
    active = [number for number in "12" if row.get(f"access_key_{number}_active") == "true"]
    return Login(
        name=row["user"],
        arn=row["arn"],
        password=row.get("password_enabled") == "true" or row["user"] == ROOT,
        password_used=_time(row.get("password_last_used", "")),
        mfa=row.get("mfa_active") == "true",
        keys=len(active),
        oldest_key=min(
            (at for n in active if (at := _time(row[f"access_key_{n}_last_rotated"]))), default=None
        ),
        key_used=max(
            (at for n in "12" if (at := _time(row.get(f"access_key_{n}_last_used_date", "")))), default=None
        ),
    )


def _time(text: str) -> datetime | None:
    return None if text in _NEVER else datetime.fromisoformat(text)
