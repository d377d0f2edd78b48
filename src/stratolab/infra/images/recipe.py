"""What makes an image: the files of its build, among them the Dockerfile; and what the image is called for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stratolab.infra import archives

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCKERFILE = "Dockerfile"
_TAG = 24  # characters of the digest: 96 bits


@dataclass(frozen=True)
class Recipe:
    """The folder in which `docker build .` makes an image."""

    files: Mapping[str, bytes]

    @cached_property
    def tag(self) -> str:
        """The image's tag: other files, another one."""
        return archives.digest(self.files)[:_TAG]

    def archive(self) -> bytes:
        """The folder as a zip, the same bytes for the same files."""
        return archives.archive(self.files)


def base_of(python: str) -> str:
    """The official image of a Python version, from AWS's own copy: a build needs no account at Docker's."""
    return f"public.ecr.aws/docker/library/python:{python}-slim-bookworm"
