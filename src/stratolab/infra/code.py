"""The code of functions: a zip of our own modules and of libraries in pure Python, the same bytes for the same sources.

It takes its name from what is in it, so a template names one certain version, an unchanged one is found again, and a
changed one is a change that a plan shows. Lambda's runtime brings boto3; everything else that is imported is packed.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.infra import archives

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FOLDER = "functions"
"""Where in the bucket of code the zips of functions are."""
DRIVERS = {"postgres": "pg8000", "mysql": "pymysql"}
"""The distribution with which a function speaks to a database. Those are pure Python, so any machine can pack them."""

_PACKAGE = Path(__file__).parent.parent
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Code:
    """The sources of a function, by their names in the zip."""

    name: str
    handler: str
    """What Lambda calls: `MODULE.FUNCTION`."""
    sources: Mapping[str, bytes]

    @cached_property
    def key(self) -> str:
        """The object's name in the bucket of code: another content has another one."""
        return f"{FOLDER}/{self.name}-{archives.digest(self.sources)[:32]}.zip"

    def archive(self) -> bytes:
        """The zip, which the user that Lambda runs functions as can read."""
        return archives.archive(self.sources)


@cache
def code(name: str, handler: str, *libraries: str, whole: tuple[str, ...] = ()) -> Code:
    """The code of the function `handler` (`stratolab.MODULE.FUNCTION`) with these distributions and theirs.

    What lies beside a module that is packed and is no Python, such as certificates, goes along; so does everything in
    the packages `whole`, which are read by other ways than imports. Raises `metadata.PackageNotFoundError` if a
    distribution is not installed beside us.
    """
    modules = _modules(handler.rpartition(".")[0])
    ours = {*modules, *_beside(modules), *(path for package in whole for path in _within(package))}
    sources = {path.relative_to(_PACKAGE.parent).as_posix(): path.read_bytes() for path in ours}
    for found in _distributions(libraries):
        sources |= _files(found)
    return Code(name, handler, sources)


def _modules(module: str) -> set[Path]:
    """The files of a module of ours, of those that it imports when it runs, and of the packages around them."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        parts = waiting.pop().split(".")
        for length in range(1, len(parts) + 1):
            path = _file(parts[:length])
            if path is not None and path not in found:
                found.add(path)
                waiting += _imports(path)
    return found


def _beside(modules: set[Path]) -> set[Path]:
    """What lies beside modules and is no module."""
    folders = {path.parent for path in modules}
    return {
        path for folder in folders for path in folder.iterdir() if path.is_file() and path.suffix != ".py"
    }


def _within(package: str) -> set[Path]:
    """All modules of a package."""
    return set(_PACKAGE.joinpath(*package.split(".")[1:]).rglob("*.py"))


def _file(parts: list[str]) -> Path | None:
    """The source of a module of ours; None for a name in a module, and for everybody else's."""
    if parts[0] != "stratolab":
        return None
    place = _PACKAGE.joinpath(*parts[1:])
    return next((one for one in (place / "__init__.py", place.with_suffix(".py")) if one.is_file()), None)


@cache
def _imports(path: Path) -> tuple[str, ...]:
    """The names that a module imports when it runs: those for the type checker alone are left out."""
    return tuple(_imported(ast.parse(path.read_bytes()).body))


def _imported(body: list[ast.stmt]) -> Iterator[str]:
    for part in body:
        if isinstance(part, ast.If) and ast.unparse(part.test).endswith("TYPE_CHECKING"):
            continue
        for node in ast.walk(part):
            if isinstance(node, ast.Import):
                yield from (one.name for one in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module
                yield from (f"{node.module}.{one.name}" for one in node.names)


def _distributions(names: Iterable[str]) -> Iterator[metadata.Distribution]:
    """These distributions and all that they need, extras left out."""
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in seen:
            continue
        seen.add(name)
        found = metadata.distribution(name)
        yield found
        waiting += [_NAME.match(need)[0] for need in found.requires or () if ";" not in need]  # type: ignore[index]


def _files(found: metadata.Distribution) -> dict[str, bytes]:
    """The modules of a library, its licence, and its METADATA, by which it finds its own version."""
    return {
        file.as_posix(): Path(str(found.locate_file(file))).read_bytes()
        for file in found.files or ()
        if ".." not in file.parts
        and (file.suffix == ".py" or file.name == "METADATA" or "licen" in file.name.lower())
    }
