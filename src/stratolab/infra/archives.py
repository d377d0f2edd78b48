"""Files as one zip, the same bytes for the same files, and the digest by which they are known."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # a zip holds times from then on; ours are all the same
_READABLE = 0o644 << 16


def digest(files: Mapping[str, bytes]) -> str:
    """What is in the files and what they are called, in hexadecimal digits."""
    found = hashlib.sha256()
    for name, content in sorted(files.items()):
        found.update(f"{name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


def archive(files: Mapping[str, bytes]) -> bytes:
    """The zip. Everybody may read what is in it: who unpacks it may be a user of its own."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.external_attr = _READABLE
            entry.create_system = 3  # Unix, whichever system packs it
            packed.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return made.getvalue()
