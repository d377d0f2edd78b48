"""RDS: whether an instance is protected from its deletion."""

from __future__ import annotations

from typing import Any

from stratolab.aws.errors import DeniedError, GoneError, calling


class Databases:
    """Instances of one region."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def protected(self, name: str) -> bool:
        """Whether RDS refuses to delete an instance; no for one that is not there or may not be looked at."""
        try:
            with calling(f"looking at the database {name}"):
                found = self._client.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        except (GoneError, DeniedError):
            return False
        return any(one.get("DeletionProtection", False) for one in found)
