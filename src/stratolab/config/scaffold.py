"""Begin a project from a template: `stratolab init`.

A template is a folder that is a project: its files are copied as they are, and the project gets the name of the
folder it is made in. Nothing that exists is ever written over.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from stratolab.config.problems import valid_name
from stratolab.core.errors import InputError, RefusedError
from stratolab.core.names import did_you_mean

TEMPLATES = ("minimal", "width-sweep", "world-series")

_DOING = "init"
_PACKAGE = Path(__file__).resolve().parent.parent
_CONFIG = "stratolab.toml"
_IGNORE = "gitignore"  # as `.gitignore` it would be one of our repository's
_SKIPPED = re.compile(r"__pycache__|\.(?!gitignore$).*|.*\.py[co]|.*\.egg-info|.*\.db")
_NAME = re.compile(r'^name\s*=\s*"[^"\n]*"', re.MULTILINE)


def create(folder: Path, template: str = "minimal") -> list[Path]:
    """Write the template's files into `folder`, made if need be; the paths written, `folder` in front.

    The project is named after the folder. An existing `.gitignore` is left as it is. Raises `RefusedError`, naming
    them all, if any other file is there already, and then nothing is written; `InputError` for a template that does
    not exist or a folder that cannot be written to.
    """
    source = _source(template)
    content = {_target(path.relative_to(source)): path.read_bytes() for path in _files(source)}
    content[Path(_CONFIG)] = _named(content[Path(_CONFIG)], valid_name(folder.resolve().name))
    if os.path.lexists(folder / ".gitignore"):
        content.pop(Path(".gitignore"), None)
    _refuse_existing(folder, list(content))
    return _written(folder, content)


def _source(template: str) -> Path:
    """The folder of a template: in the package, or in the repository that this is a checkout of."""
    if template not in TEMPLATES:
        raise InputError(
            f"there is no template {template!r}", doing=_DOING, hint=did_you_mean(template, TEMPLATES)
        )
    places = [
        _PACKAGE / "templates" / template,
        *(above / "examples" / template for above in _PACKAGE.parents[:3]),
    ]
    for place in places:
        if (place / _CONFIG).is_file():
            return place
    raise InputError(
        f"the template {template!r} is not part of this installation",
        doing=_DOING,
        hint="pip install --force-reinstall stratolab",
    )


def _files(source: Path) -> list[Path]:
    """The template's files, without what running it has left there."""
    found = []
    for root, folders, files in os.walk(source):
        folders[:] = sorted(name for name in folders if not _SKIPPED.fullmatch(name))
        found += [Path(root, name) for name in sorted(files) if not _SKIPPED.fullmatch(name)]
    return found


def _target(path: Path) -> Path:
    return path.with_name(".gitignore") if path.name == _IGNORE else path


def _named(config: bytes, name: str) -> bytes:
    """The template's configuration with the project's own name: the first `name` in it."""
    return _NAME.sub(f'name = "{name}"', config.decode("utf-8"), count=1).encode("utf-8")


def _refuse_existing(folder: Path, files: list[Path]) -> None:
    there = [str(folder / path) for path in files if os.path.lexists(folder / path)]
    there += [str(above) for above in _blocking(folder, files)]
    if there:
        raise RefusedError(
            f"{', '.join(sorted(there))} {'exists' if len(there) == 1 else 'exist'} already; nothing was written",
            doing=_DOING,
            hint="stratolab init ANOTHER-FOLDER",
        )


def _blocking(folder: Path, files: list[Path]) -> set[Path]:
    """Files that stand where the template has folders."""
    wanted = {folder / above for path in files for above in path.parents}
    return {path for path in wanted if os.path.lexists(path) and not path.is_dir()}


def _written(folder: Path, content: dict[Path, bytes]) -> list[Path]:
    """Write the files, all or none of them."""
    done: list[Path] = []
    try:
        for path, data in content.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:  # never into a file that came into being meanwhile
                done.append(target)
                file.write(data)
    except OSError as error:
        for path in done:
            path.unlink(missing_ok=True)
        raise InputError(
            f"cannot write {error.filename or folder}: {error.strerror}",
            doing=_DOING,
            hint="choose another folder",
        ) from error
    return done
