"""Which files are code, which hold secrets, and how much of them a capsule copies.

Stated limits: 5 MiB a file; 50 MiB in all, code first; 10,000 files of code and 500 others. What is left out is named
with its reason; large files also with a fingerprint sampled from their ends and middle.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, Final

from stratolab.core.units import format_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FILE_LIMIT: Final = 5 * 2**20  # bytes of one copied file
TOTAL_LIMIT: Final = 50 * 2**20  # bytes of all copied files of a capsule
COUNT_LIMIT: Final = 10_000  # copied files of code
OTHER_LIMIT: Final = 500  # copied files that are not code, most of them written by jobs
NAMED_LIMIT: Final = 500  # left-out files that are named one by one
_SAMPLE: Final = 2**16

LAB_FOLDER: Final = ".stratolab"
CONFIGURATION: Final = "stratolab.toml"  # compared by its meaning elsewhere, never as text

_CODE = (
    ".py", ".pyx", ".pxd", ".pyi", ".ipynb", ".r", ".rmd", ".jl", ".sh", ".bash", ".zsh", ".sql", ".stan",
    ".c", ".cc", ".cpp", ".cxx", ".cu", ".cuh", ".h", ".hh", ".hpp", ".rs", ".go", ".java", ".scala", ".kt",
    ".js", ".mjs", ".ts", ".lua", ".pl", ".rb", ".m", ".f", ".f90", ".toml", ".cfg", ".ini", ".mk", ".cmake",
)  # fmt: skip
_CODE_NAMES = frozenset({"makefile", "dockerfile", "cmakelists.txt", "requirements.txt", "justfile"})
_PROSE = (".md", ".rst")

_NEVER = frozenset({
    LAB_FOLDER, ".git", ".hg", ".svn", "__pycache__", ".venv", "venv", "node_modules", "site-packages",
    ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints", ".tox", ".nox",
    ".cache", ".eggs", ".pixi", "mlruns", "mlartifacts", "wandb", ".ssh", ".aws", ".gnupg", ".kube", ".azure",
})  # fmt: skip
_NEVER_NAME = re.compile(r"\.pyc$|\.pyo$|^\.ds_store$|\.egg-info$")

_SECRET = re.compile(
    r"""^(
      \.env | \.env\.(?!(example|sample|template|dist)$).* | .*\.env | \.envrc
    | .*\.(pem|key|p12|pfx|jks|keystore|ppk|kdbx|tfstate|ovpn|asc|gpg)
    | id_(rsa|dsa|ecdsa|ed25519)(_sk)?(?!\.pub$).*
    | (\.?credentials?|\.?secrets?)(\.(json|toml|ya?ml|ini|cfg|conf|txt|csv|env))?
    | client_secret.*\.json | service[-_]?account.*\.json | .*[-_]credentials?\.json
    | kaggle\.json | token(s)?\.(json|txt) | \.?vault[-_]pass(word)?.*
    | [._]netrc | \.npmrc | \.pypirc | pip\.conf | \.pgpass | \.my\.cnf | \.git-credentials
    | \.htpasswd | \.dockercfg | \.boto | \.s3cfg
    )$""",
    re.VERBOSE,
)


def is_code(path: str) -> bool:
    """Whether a new file by this name is code, and not something that a job may have written."""
    lowered = path.rsplit("/", 1)[-1].lower()
    return lowered.endswith(_CODE) or lowered in _CODE_NAMES


def is_prose(path: str) -> bool:
    """Whether a file is there for readers only, so that no result depends on it."""
    return path.endswith(_PROSE)


def is_secret(path: str) -> bool:
    """Whether a file by this name usually holds a secret. Such a file is never copied."""
    return _SECRET.match(path.rsplit("/", 1)[-1].lower()) is not None


def is_lab(path: str) -> bool:
    """Whether the path is a lab or inside one."""
    return LAB_FOLDER in path and LAB_FOLDER in path.split("/")


def is_never(path: str) -> bool:
    """Whether the path is inside a lab, an environment, a cache or a credentials folder."""
    parts = path.split("/")
    return not _NEVER.isdisjoint(parts) or _NEVER_NAME.search(parts[-1].lower()) is not None


def relevant(paths: Iterable[str]) -> list[str]:
    """The paths worth looking at, code first, each group sorted. Drops environments by any name."""
    kept = [path for path in paths if not is_never(path)]
    environments = tuple(path[: -len("pyvenv.cfg")] for path in kept if path.endswith("/pyvenv.cfg"))
    if environments:
        kept = [path for path in kept if not path.startswith(environments)]
    return sorted(kept, key=lambda path: (not is_code(path), path))


def walk(top: Path) -> list[str]:
    """Every file and link under `top`, relative, without those of `is_never`. Follows no link."""
    return relevant(os.path.relpath(path, top) for path in _walk(os.fspath(top)))


def leads_out(top: Path, path: str) -> bool:
    """Whether the symbolic link `top/path` points at something outside `top`, or at nothing."""
    real = os.path.realpath(top)
    target = os.path.realpath(os.path.join(real, path))  # noqa: PTH118 - the fast form, in a loop
    return not os.path.exists(target) or os.path.commonpath((real, target)) != real  # noqa: PTH110


def too_large(size: int) -> str:
    """Why a file of this size is left out; empty if it is not."""
    return f"{format_size(size)}, over {format_size(FILE_LIMIT)}" if size > FILE_LIMIT else ""


def sample(path: Path) -> str:
    """A fingerprint of a large file in constant time: its size, ends and middle (16 hex digits)."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        digest.update(str(size).encode())
        for start in (0, max(size // 2 - _SAMPLE // 2, 0), max(size - _SAMPLE, 0)):
            file.seek(start)
            digest.update(file.read(_SAMPLE))
    return digest.hexdigest()[:16]


def _walk(folder: str) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    if any(entry.name == "pyvenv.cfg" for entry in entries):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in _NEVER:
                yield from _walk(entry.path)
        elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
            yield entry.path
