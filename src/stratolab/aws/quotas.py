"""Service Quotas: how much of something an account may have."""

from __future__ import annotations

from typing import Any

from stratolab.aws.errors import GoneError, calling


class Quotas:
    """Quotas of one region."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def value(self, service: str, code: str) -> float | None:
        """The quota that holds here: the account's own, else AWS's default; None if AWS knows no such quota."""
        arguments = {"ServiceCode": service, "QuotaCode": code}
        for ask in (self._client.get_service_quota, self._client.get_aws_default_service_quota):
            try:
                with calling(f"reading the quota {service} {code}"):
                    return float(ask(**arguments)["Quota"]["Value"])
            except GoneError:
                continue
        return None
