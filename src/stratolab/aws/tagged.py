"""The Resource Groups Tagging API: everything of a region that bears a tag, whatever service it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stratolab.aws.errors import calling

if TYPE_CHECKING:
    from collections.abc import Mapping

_MANY = 100  # ARNs of one answer; AWS gives no more


class Tagged:
    """What bears tags in one region."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def arns(self, tags: Mapping[str, str]) -> list[str]:
        """Everything that has all these tags, sorted. What was deleted a few minutes ago may still be among it."""
        filters = [{"Key": key, "Values": [value]} for key, value in tags.items()]
        found: list[str] = []
        token = ""
        while True:
            with calling("looking for what bears the lab's tag"):
                page = self._client.get_resources(
                    TagFilters=filters, ResourcesPerPage=_MANY, PaginationToken=token
                )
            found += [one["ResourceARN"] for one in page["ResourceTagMappingList"]]
            token = page.get("PaginationToken", "")
            if not token:
                return sorted(found)
