"""What stands for a container image: a folder, variables and an entry point on this machine."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Image:
    """How to run a command `in` an image. Without a folder, each attempt has a new empty one."""

    name: str = "*"
    folder: str = ""
    entrypoint: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


_images: list[Image] = []


def register(image: Image) -> None:
    _images.insert(0, image)


def clear() -> None:
    _images.clear()


def found(name: str) -> Image:
    """The newest registered image whose pattern fits, otherwise one that adds nothing."""
    return next((one for one in _images if fnmatch.fnmatchcase(name, one.name)), Image())
