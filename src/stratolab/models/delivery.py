"""Out of a registry, whichever it is: files that are checked before anybody opens them, and files for people."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError, RefusedError
from stratolab.core.names import new_id
from stratolab.models import inspection, tree
from stratolab.models.models import Opening
from stratolab.models.signing import statement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stratolab.models.models import Content, Version
    from stratolab.models.protocol import Registry


def verified(registry: Registry, version: Version) -> tuple[Path, Content]:
    """The folder with the version's files, after they have proved to be what was registered, and what they are.

    Their hash is compared with the registered one, then the signature is checked under it. A version without a valid
    signature, such as one that MLflow registered by itself, passes only if its files run no code when they are opened.
    Nothing is opened here. Raises `RefusedError`.
    """
    folder = registry.files(version)
    found = tree.read(folder)
    doing = f"checking {version.reference}"
    if version.content is not None and found.sha256 != version.content.sha256:
        raise RefusedError(
            "its files are not those that were registered: somebody or something has changed them",
            doing=doing,
            hint=f"register it again from its job, or take another version: stratolab models ls {version.name}",
        )
    return folder, _vouched(registry, version, folder, found)


def download(registry: Registry, version: Version, target: Path, *, force: bool = False) -> bool:
    """Copy the version's files into the folder `target`, which is then exactly them; False if it was that before.

    They come whole or not at all: copied beside the target, hash and signature checked as in `verified`, renamed. A
    target that holds something else is refused; with `force`, files of the same names are replaced, others are still
    refused. Of a version that MLflow registered by itself there is nothing to check.
    """
    source = registry.files(version)
    expected = version.content.sha256 if version.content else tree.read(source).sha256
    old = _what_is_there(target, tree.names(source), expected, force=force)
    if old == expected:
        return False
    parent = target.absolute().parent
    if not parent.is_dir():
        raise InputError(f"there is no folder {parent}", doing="download", hint=f"mkdir -p {parent}")
    copy = parent / f".{target.name}.{new_id()}"
    try:
        copied = tree.copy(source, copy)
        if copied.sha256 != expected:
            raise RefusedError(
                "its files are not those that were registered: somebody or something has changed them",
                doing=f"download of {version.reference}",
                hint=f"take another version: stratolab models ls {version.name}",
            )
        if version.content is not None:
            _vouched(registry, version, copy, copied)
        _swap(copy, target, parent / f"{copy.name}.old")
    except OSError as error:
        raise InputError(f"cannot write {target}: {error.strerror}", doing="download") from error
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    return True


def _vouched(registry: Registry, version: Version, folder: Path, found: tree.Tree) -> Content:
    """What the files of `found` below `folder` are: by the signature, else by looking, if they run no code."""
    try:
        return _signed(registry, version)
    except RefusedError as unsigned:
        content = inspection.content(found, inspection.inspect(folder, found), "")
        if content.opening is not Opening.CODE:
            return content
        raise RefusedError(
            f"it runs code when it is opened ({content.reasons[0]}), and {unsigned.what}",
            doing=f"checking {version.reference}",
            hint=f"if you trust where it comes from: stratolab models register {version.name} ... --allow-code",
        ) from unsigned


def _signed(registry: Registry, version: Version) -> Content:
    """What the version's files are, by a signature that holds. Raises `RefusedError` without one."""
    if version.content is None:
        raise RefusedError("it carries no signature: MLflow registered it by itself")
    registry.signer.check(statement(version.name, version.origin.run, version.content), version.signature)
    return version.content


def _what_is_there(target: Path, names: Sequence[str], expected: str, *, force: bool) -> str:
    """The hash of what is at the target, empty for nothing. Raises `RefusedError` if it must stay."""
    doing = "download"
    if not os.path.lexists(target) or (
        target.is_dir() and not target.is_symlink() and not any(target.iterdir())
    ):
        return ""
    if target.is_symlink() or not target.is_dir():
        raise RefusedError(f"{target} is there, and is no folder", doing=doing, hint="name another folder")
    there = tree.names(target)
    foreign = sorted(set(there) - set(names))
    if not foreign and there == list(names) and tree.read(target).sha256 == expected:
        return expected
    if foreign:
        raise RefusedError(
            f"{target} holds other things ({foreign[0]}{' and more' if len(foreign) > 1 else ''})",
            doing=doing,
            hint="name a folder that is not there yet, or an empty one",
        )
    if not force:
        raise RefusedError(
            f"{target} holds other files of the same names", doing=doing, hint="--force replaces them"
        )
    return "other"


def _swap(copy: Path, target: Path, aside: Path) -> None:
    """Put `copy` in the place of `target`. What was there goes when the new one stands."""
    if target.is_dir() and any(target.iterdir()):
        target.rename(aside)
    try:
        copy.rename(target)
    except OSError:
        if aside.exists():
            aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)
