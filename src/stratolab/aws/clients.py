"""The one maker of boto3's clients.

Retries: botocore's default gives up after three attempts, which a large deployment exceeds; `standard` mode
with ten attempts backs off up to 20 seconds between two of them (botocore's guide to retries).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import NoCredentialsError

from stratolab.aws.errors import calling

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ATTEMPTS = 10
CONNECT_WITHIN = 5.0  # seconds
READ_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Keys:
    """Credentials of a session that ends. Secret: shown by no `repr`, for clients and environments only."""

    access: str = field(repr=False)
    secret: str = field(repr=False)
    token: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known of credentials without asking AWS.

    `method` is botocore's word for where they came from (`env`, `sso`, `login` ...), `lasting` whether they are a key
    that does not run out, `until` when they do, where that is known.
    """

    method: str
    profile: str
    lasting: bool
    until: datetime | None


class Clients:
    """Clients of one region, made when first asked for, with one set of credentials.

    An empty `region` is that of the AWS configuration, and so is an empty `profile`; else that names a part of the
    configuration. `keys` take the place of all that it would find. An endpoint comes from AWS_ENDPOINT_URL, as for
    every AWS tool. Safe to share between threads once a client is made.
    """

    def __init__(
        self,
        region: str,
        *,
        profile: str = "",
        keys: Keys | None = None,
        agent: str = "stratolab",
        attempts: int = ATTEMPTS,
    ) -> None:
        self._agent = agent
        self._attempts = attempts
        self._made: dict[str, Any] = {}
        given = (keys.access, keys.secret, keys.token) if keys else ()
        with calling("finding credentials"):
            self._session = boto3.Session(*given, profile_name=profile or None, region_name=region or None)
        self.region: str = region or self._session.region_name or ""

    def of(self, service: str, *, region: str = "", waits: float = READ_WITHIN) -> Any:
        """The client of a service, by boto3's name for it; of another region where the service has only one.

        One that `waits` longer for an answer asks once only: what it asked for may be under way.
        """
        key, long = f"{service}@{region}@{waits}", waits > READ_WITHIN
        if key not in self._made:
            config = Config(
                retries={"mode": "standard", "total_max_attempts": 1 if long else self._attempts},
                connect_timeout=CONNECT_WITHIN,
                read_timeout=waits,
                tcp_keepalive=long,  # a router on the way forgets a connection that says nothing for minutes
                user_agent_extra=self._agent,
                s3={"addressing_style": "auto"},
            )
            with calling("finding credentials"):
                self._made[key] = self._session.client(service, region_name=region or None, config=config)
        return self._made[key]

    def kind(self) -> Kind:
        """What these credentials are, without asking AWS. Raises `CredentialsError` if there are none."""
        found, frozen = self._credentials()
        until = getattr(found, "_expiry_time", None)  # of those that renew themselves: it has no public name
        return Kind(str(found.method), self._session.profile_name, lasting=not frozen.token, until=until)

    def environment(self) -> Mapping[str, str]:
        """The variables that give another program these credentials. Secret: for its environment only.

        Raises `CredentialsError` without credentials.
        """
        _, frozen = self._credentials()
        found = {
            "AWS_ACCESS_KEY_ID": frozen.access_key,
            "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
            "AWS_SESSION_TOKEN": frozen.token,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }
        return {name: value for name, value in found.items() if value}

    def _credentials(self) -> tuple[Any, Any]:
        """Credentials as botocore keeps them, and the keys that they stand for just now."""
        with calling("finding credentials"):
            found = self._session.get_credentials()
            if found is None:
                raise NoCredentialsError
            return found, found.get_frozen_credentials()
