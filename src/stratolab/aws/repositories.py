"""What projects keep beside their files: images (ECR) and source (CodeCommit)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from stratolab.aws.errors import GoneError, calling


class Repositories:
    """Repositories of one region."""

    def __init__(self, images: Any, source: Any) -> None:
        self._images, self._source = images, source

    def count_images(self, name: str) -> int | None:
        """How many images a repository holds; None if there is none of that name."""
        try:
            with calling(f"looking into the repository {name}"):
                pages = self._images.get_paginator("list_images").paginate(repositoryName=name)
                return len({one["imageDigest"] for page in pages for one in page["imageIds"]})
        except GoneError:
            return None

    def has_source(self, name: str) -> bool:
        """Whether there is such a repository of source."""
        try:
            with calling(f"looking for the repository {name}"):
                self._source.get_repository(repositoryName=name)
        except GoneError:
            return False
        return True

    def delete_images(self, name: str) -> None:
        """Delete a repository with its images, if it is there."""
        with suppress(GoneError), calling(f"deleting the repository {name}"):
            self._images.delete_repository(repositoryName=name, force=True)

    def delete_source(self, name: str) -> None:
        """Delete a repository of source, if it is there."""
        with calling(f"deleting the repository {name}"):
            self._source.delete_repository(repositoryName=name)
