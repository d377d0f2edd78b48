"""The image of a project: its Python, what its hook installs, the packages of its lock file. Its code is not in it.

Dockerfile          ours, or the project's own
hook                runs first, as root: `apt-get install`, `pip install`, `git clone`
LOCK FILE           the project's packages
stratolab/entry.py  what begins in each container: brings code and secrets, runs `stratolab/start`, then the command
stratolab/jobs.lock what that needs, in a Python environment of its own
"""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING

from stratolab.infra.images.recipe import DOCKERFILE, Recipe, base_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.config.images import ImageConfig

HOOK, LOCK, OURS = "hook", "jobs.lock", "stratolab"
ENTRY, START = f"{OURS}/entry.py", f"{OURS}/start"
HOME = "/opt/stratolab"
"""Where our own part of the image is: an environment of Python, so that none of it meets the project's packages."""


def recipe(
    options: ImageConfig,
    *,
    requirements: tuple[str, bytes] | None = None,
    hook: bytes | None = None,
    start: bytes | None = None,
    dockerfile: bytes | None = None,
    more: Mapping[str, bytes] | None = None,
) -> Recipe:
    """What makes a project's image: its options, and the content of the files that they name.

    `requirements` has the lock file's name too: it ends in what pip tells of it. Without anything, Python alone.
    """
    named = {requirements[0]: requirements[1]} if requirements else {}
    text = dockerfile or _dockerfile(options, [*named], hook=hook, more=[*(more or {})]).encode()
    return Recipe(
        {
            **(more or {}),
            **named,
            **({HOOK: hook} if hook is not None else {}),
            **({START: start} if start is not None else {}),
            ENTRY: (resources.files("stratolab.runtime") / "container.py").read_bytes(),
            f"{OURS}/{LOCK}": (resources.files("stratolab.infra.images") / LOCK).read_bytes(),
            DOCKERFILE: text,
        }
    )


def _dockerfile(
    options: ImageConfig, requirements: Sequence[str], *, hook: bytes | None, more: Sequence[str]
) -> str:
    lines = [
        f"FROM {options.base or base_of(options.python)}",
        "ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PYTHONUNBUFFERED=1",
        *(f"COPY {json.dumps([name, f'/build/{name}'])}" for name in more),
        *_hook(hook),
        *(line for name in requirements for line in _packages(name)),
        f"COPY {OURS}/ {HOME}/",
        f"RUN python -m venv {HOME}/python",
        f"RUN {HOME}/python/bin/pip install --require-hashes --no-deps --requirement {HOME}/{LOCK}",
        "RUN useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin lab",
        'VOLUME ["/tmp"]',
        "WORKDIR /tmp",
        "USER 1000",
        f"ENTRYPOINT {json.dumps([f'{HOME}/python/bin/python', f'{HOME}/entry.py'])}",
        f"CMD {json.dumps(list(options.command))}",
    ]
    return "\n".join(lines) + "\n"


def _hook(hook: bytes | None) -> list[str]:
    """The hook, by the program that its first line names; without one by a shell that stops at the first failure."""
    if hook is None:
        return []
    how = f"chmod +x /build/{HOOK} && /build/{HOOK}" if hook.startswith(b"#!") else f"sh -eux /build/{HOOK}"
    return [f"COPY {HOOK} /build/{HOOK}", f"WORKDIR /build\nRUN {how}"]


def _packages(name: str) -> list[str]:
    return [
        f"COPY {json.dumps([name, f'/build/{name}'])}",
        f"RUN pip install --requirement {json.dumps(f'/build/{name}')}",
    ]
