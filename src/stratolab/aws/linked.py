"""Service-linked roles (IAM): those that AWS has written for its services, made once an account on their first use."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from stratolab.aws.errors import calling, message_of

_PATH = "/aws-service-role/"


class LinkedRoles:
    """The service-linked roles of an account."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def services(self) -> set[str]:
        """The services that have theirs, such as `ecs.amazonaws.com`."""
        found: set[str] = set()
        mark: dict[str, str] = {}
        while True:
            with calling("looking for service-linked roles"):
                page = self._client.list_roles(PathPrefix=_PATH, **mark)
            found |= {role["Path"].removeprefix(_PATH).strip("/") for role in page["Roles"]}
            if not page.get("IsTruncated"):
                return found
            mark = {"Marker": page["Marker"]}

    def make(self, service: str) -> None:
        """Have IAM make the role of a service; one that is there already is left alone."""
        with calling(f"making the service-linked role of {service}"):
            try:
                self._client.create_service_linked_role(AWSServiceName=service)
            except ClientError as error:
                if "taken in this account" not in message_of(error) and "exists" not in message_of(error):
                    raise
