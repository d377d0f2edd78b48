"""What the code ran in: Python, platform, lock file, installed packages.

The installed packages are read from the names of their metadata folders: a millisecond, where asking
`importlib.metadata` for 120 versions costs a hundred.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

LOCKS: Final = (
    "uv.lock", "poetry.lock", "pixi.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "conda-lock.yml",
    "requirements.lock", "requirements.txt",
)  # fmt: skip
_METADATA = re.compile(r"(?P<name>.+?)-(?P<version>\d[^-]*)(-py\d.*)?\.(dist-info|egg-info)", re.IGNORECASE)


def python() -> str:
    """The version of this Python: "3.11.7"."""
    return ".".join(map(str, sys.version_info[:3]))


@cache
def system() -> str:
    """Operating system and processor: "linux-x86_64"."""
    return f"{sys.platform}-{os.uname().machine}"


def lock_file(folder: Path, top: Path, configured: str | None) -> Path | None:
    """The file that fixes the packages: the configured one, else a usual one of the project or repository."""
    candidates = [folder / configured] if configured else []
    candidates += [place / name for place in dict.fromkeys((folder, top)) for name in LOCKS]
    return next((path for path in candidates if path.is_file()), None)


def installed() -> str:
    """The distributions that this Python can import, as sorted "name==version" lines."""
    found: dict[str, str] = {}
    for place in sys.path:
        try:
            names = os.listdir(place or ".")  # noqa: PTH208 - names are wanted, not paths
        except OSError:
            continue
        for entry in names:
            match = _METADATA.fullmatch(entry)
            if match:  # the first on the path is the one that is imported
                found.setdefault(_normal(match["name"]), match["version"])
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
