"""A lab in AWS as it stands, found by its name: for those who work in it and have no `lab.toml`.

What a lab is made of is published by its stacks as parameters below `/stratolab/NAME`, which all its people may read. A
lab is in one region, so credentials that point to another one are told before anything is sent there.
"""

from __future__ import annotations

import importlib.util
from functools import cached_property
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stratolab.aws.clients import Clients
    from stratolab.secrets.aws import AwsSecrets, Rules


class DeployedLab:
    """The lab `name` in a region; without one, in that of the AWS configuration.

    `recovery` is what its owner wants of deleted secrets, in days, where that is known; `databases` the same for those
    of applications' databases, by environment.
    """

    def __init__(
        self,
        name: str,
        region: str = "",
        *,
        recovery: int | None = None,
        databases: Mapping[str, int] | None = None,
    ) -> None:
        need("boto3")
        self.name, self._region, self._recovery = name, region, recovery
        self._databases = databases or {}

    @cached_property
    def clients(self) -> Clients:
        """boto3's clients for the lab's region."""
        from stratolab.aws.clients import Clients

        return Clients(self._region)

    @cached_property
    def published(self) -> dict[str, str]:
        """What the stacks publish, by the path below the lab's: `buckets/data`, `dev/rotation/function`.

        Raises `InputError` if there is no such lab in this account and region.
        """
        from stratolab.aws.parameters import Parameters

        client = self.clients.of("ssm")
        found = Parameters(client).below(f"/stratolab/{self.name}")
        if not found:
            raise InputError(
                f"there is no lab {self.name!r} in {client.meta.region_name} of this account",
                doing=f"looking for the lab {self.name}",
                hint="choose other credentials or another region: AWS_PROFILE=NAME AWS_REGION=REGION stratolab ...",
            )
        return found

    @cached_property
    def secrets(self) -> AwsSecrets:
        """The lab's secrets, once it is known to be there."""
        from stratolab.aws.secretsmanager import SecretVault
        from stratolab.secrets.aws import AwsSecrets

        self.published  # noqa: B018 - raises if there is no such lab
        return AwsSecrets(SecretVault(self.clients.of("secretsmanager")), self.name, self._rules)

    def _rules(self) -> Rules:
        from stratolab.infra import tags
        from stratolab.secrets.aws import RECOVERY_DAYS, Rules

        return Rules(
            key=self.published.get("keys/secrets", ""),
            tags={tags.LAB: self.name, tags.ENVIRONMENT: tags.SHARED},
            recovery=self._recovery or RECOVERY_DAYS,
            databases=self._databases,
        )


def need(library: str) -> None:
    """Raise `InputError` that says how to get it, if a library of the extra `aws` is not installed."""
    if importlib.util.find_spec(library) is None:
        raise InputError(
            f"{library} is not installed",
            doing="working on a lab in AWS",
            hint="pip install 'stratolab[aws]'",
        )
