"""A project folder to take capsules of, and trees to compare."""

from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.jobs import capsule

if TYPE_CHECKING:
    from pathlib import Path

    from stratolab.jobs.capsules.models import Capsule

AUTHOR = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "protocol.file.allow=always")


@dataclass
class Project:
    """A project folder with a lab; `git` runs git in it."""

    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / ".stratolab" / "capsules"

    def git(self, *words: str, at: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *AUTHOR, *words], cwd=at or self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, name: str, content: str | bytes = "x\n") -> Path:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        return place

    def commit(self, message: str = "work") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def take(self, **options) -> Capsule:
        return capsule.take(self.folder, self.store, **options)

    def since(self, old: Capsule, **options) -> list[str]:
        return capsule.differences(old, self.take(**options), folder=self.folder, since="since then")


def tree(top: Path) -> dict[str, tuple[str, bytes]]:
    """Every file and link under `top` with its kind and content; labs and git's own folders apart."""
    found = {}
    for place in top.iterdir():
        if place.name in {".git", ".stratolab"}:
            continue
        if place.is_symlink():
            found[place.name] = ("link", os.fsencode(place.readlink()))
        elif place.is_dir():
            found |= {f"{place.name}/{path}": item for path, item in tree(place).items()}
        else:
            kind = "executable" if place.stat().st_mode & stat.S_IXUSR else "file"
            found[place.name] = (kind, place.read_bytes())
    return found
