"""ECR: the images of a repository, by tag and digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stratolab.aws.errors import GoneError, calling, code_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Image:
    """An image. `findings` counts what the scan found by severity; None while it has not been scanned."""

    digest: str
    tags: tuple[str, ...]
    pushed: datetime
    size: int
    """Bytes, compressed."""
    findings: Mapping[str, int] | None


class Registry:
    """Repositories of one region."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def tagged(self, repository: str, tag: str) -> Image | None:
        """The image with this tag; None if there is none. Raises `GoneError` without such a repository."""
        with calling(f"looking for {repository}:{tag}"):
            try:
                found = self._client.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
            except ClientError as error:
                if code_of(error) == "ImageNotFoundException":
                    return None
                raise _gone(error, repository) from None
        return next((_image(one) for one in found["imageDetails"]), None)

    def images(self, repository: str) -> list[Image]:
        """All images, the latest first. Raises `GoneError` without such a repository."""
        with calling(f"looking into the repository {repository}"):
            try:
                pages = self._client.get_paginator("describe_images").paginate(repositoryName=repository)
                found = [_image(one) for page in pages for one in page["imageDetails"]]
            except ClientError as error:
                raise _gone(error, repository) from None
        return sorted(found, key=lambda one: one.pushed, reverse=True)


def _gone(error: ClientError, repository: str) -> GoneError | ClientError:
    if code_of(error) == "RepositoryNotFoundException":
        return GoneError(f"there is no repository {repository}", doing="looking for images")
    return error


def _image(found: Mapping[str, Any]) -> Image:
    scanned = found.get("imageScanFindingsSummary")
    return Image(
        digest=found["imageDigest"],
        tags=tuple(found.get("imageTags", ())),
        pushed=found["imagePushedAt"],
        size=int(found.get("imageSizeInBytes", 0)),
        findings=None if scanned is None else dict(scanned.get("findingSeverityCounts", {})),
    )
