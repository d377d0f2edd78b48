"""A database's scripts as objects in the bucket of code: each under the SHA-256 of its text, and a list of them.

The list is what a template names, by a parameter. So a changed, new or renamed script is a change that a plan shows,
and what was sent once is found again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.config.fields import Environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.runtime.databases.setup import Script

FOLDER = "scripts"
"""Where in the bucket they are; functions that run scripts may read no other part of it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An object that a stack names and that must be in the bucket before it."""

    key: str
    content: bytes

    def archive(self) -> bytes:
        """What is sent."""
        return self.content


Scripts = Mapping[Environment, Mapping[str, "Sequence[Script]"]]
"""The scripts of a lab: of each environment, those of its own database under "", an application's under its name."""


def sent(scripts: Sequence[Script]) -> tuple[Sent, ...]:
    """The objects of these scripts; the last one is their list, in the order in which they run."""
    ordered = sorted(scripts, key=lambda one: one.name)
    texts = [Sent(f"{FOLDER}/{one.checksum}.sql", one.text.encode()) for one in ordered]
    named = [{"name": one.name, "key": text.key} for one, text in zip(ordered, texts, strict=True)]
    listed = json.dumps(named, indent=1, ensure_ascii=False).encode()
    return (*dict.fromkeys(texts), Sent(f"{FOLDER}/{hashlib.sha256(listed).hexdigest()[:32]}.json", listed))
