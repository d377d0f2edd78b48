"""Access keys of one IAM user, of which there may be two; and whose a key is, by using it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stratolab.aws.clients import Clients, Keys
from stratolab.aws.errors import CredentialsError, calling, code_of
from stratolab.aws.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES, PAUSE = 15, 2.0
"""How often a new key is tried, and the seconds between: IAM takes some until all of AWS knows one."""
_GONE = "NoSuchEntity"


class UserKeys:
    """The keys of the user `user`. It is what `runtime.rotation.keys.Keys` asks for."""

    def __init__(
        self, client: Any, user: str, region: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client, self._region, self._sleep = client, region, sleep
        self.user = user

    def all(self) -> list[str]:
        """The ids of the keys that there are."""
        with calling(f"looking at the keys of {self.user}"):
            found = self._client.list_access_keys(UserName=self.user)["AccessKeyMetadata"]
        return [one["AccessKeyId"] for one in found]

    def make(self) -> tuple[str, str]:
        """Make a key: its id and its secret part."""
        with calling(f"making a key of {self.user}"):
            made = self._client.create_access_key(UserName=self.user)["AccessKey"]
        return made["AccessKeyId"], made["SecretAccessKey"]

    def close(self, key: str) -> None:
        """Have a key open nothing."""
        with calling(f"closing a key of {self.user}"):
            self._gently(
                self._client.update_access_key, UserName=self.user, AccessKeyId=key, Status="Inactive"
            )

    def delete(self, key: str) -> None:
        """Have no such key."""
        with calling(f"deleting a key of {self.user}"):
            self._gently(self._client.delete_access_key, UserName=self.user, AccessKeyId=key)

    def whose(self, key: str, secret: str) -> str:
        """The name of the user that a key is of. Raises `CredentialsError` if AWS does not know it in time."""
        until = datetime.now(UTC) + timedelta(hours=1)
        for left in range(TRIES - 1, -1, -1):
            clients = Clients(self._region, keys=Keys(key, secret, "", until))
            try:
                return Identity(clients.of("sts")).caller().arn.rpartition("/")[2]
            except CredentialsError:
                if not left:
                    raise
                self._sleep(PAUSE)
        raise AssertionError(TRIES)

    @staticmethod
    def _gently(call: Callable[..., Any], **given: Any) -> None:
        try:
            call(**given)
        except ClientError as error:
            if code_of(error) != _GONE:
                raise
