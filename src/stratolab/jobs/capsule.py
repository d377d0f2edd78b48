"""The capsule: the code's state recorded without ceremony, so that it can be compared and run again.

`take` never asks for a clean or pushed tree. It records the commit, one diff of all that differs from it, new files
that are not ignored, the lock file and installed packages, fingerprints of the data, Python and platform. Parameters
and seed are the job's own. Everything lies in the lab's folder `capsules/`, contents by their sha256, mode 0600; files
that usually hold secrets are named and never copied.

What it costs: three git processes at once, two more if something changed; 5,000 files in under 200 ms.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError, StratolabError
from stratolab.jobs.capsules import code as code_of
from stratolab.jobs.capsules import compare, environment, git
from stratolab.jobs.capsules.compare import differences, identity
from stratolab.jobs.capsules.fingerprints import Cache, fingerprints
from stratolab.jobs.capsules.models import Capsule, as_json, from_json, named
from stratolab.jobs.capsules.objects import Objects, write_private
from stratolab.jobs.capsules.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "Capsule",
    "differences",
    "environment_differences",
    "identity",
    "link_data",
    "load",
    "restore",
    "take",
]


def take(folder: Path, store: Path, *, data: Sequence[str] = (), lock: str | None = None) -> Capsule:
    """Record the state of the project in `folder` and give its capsule, which is then in `store`.

    `data` lists files and folders that the work reads, relative to `folder` or absolute; `lock` names the file that
    fixes the packages, if it is not one of the usual ones. Any number of processes may take capsules at once. Raises
    `InputError` if there is no such folder, `StratolabError` if the store cannot be written.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}", doing="recording the state of the code")
    folder = folder.resolve()
    top = git.top_of(folder)
    objects = Objects(store)
    cache = Cache(store / "fingerprints.json")
    reading, note = _begin(folder, top)
    try:
        surroundings = _surroundings(folder, top or folder, objects, lock)  # while git works
        found = fingerprints(folder, data, cache)
        code = _code(folder, reading, note, objects, cache)
    finally:
        if reading:
            reading.close()
    capsule = named(
        replace(
            code,
            data=found,
            lock=surroundings.lock,
            lock_content=surroundings.lock_content,
            packages=surroundings.packages,
            python=surroundings.python,
            platform=surroundings.platform,
        )
    )
    place = record(store, capsule.id)
    if not place.exists():
        write_private(place, as_json(capsule))
    cache.save()
    return capsule


def load(store: Path, capsule: str) -> Capsule:
    """The capsule with this id.

    Raises `InputError` if there is none in `store`, `StratolabError` if it is damaged or of a newer format.
    """
    try:
        return from_json(record(store, capsule).read_bytes())
    except FileNotFoundError:
        raise InputError(
            f"there is no capsule {capsule!r} in this lab",
            hint="copy the lab's folder capsules/ from where the job ran",
        ) from None
    except (OSError, ValueError) as error:
        raise StratolabError(f"capsule {capsule} cannot be read: {error}") from error


def restore(capsule: Capsule, store: Path, destination: Path, *, folder: Path | None = None) -> Path:
    """Write the exact tree into the empty folder `destination` and give the project's folder in it.

    `folder` is the project as it is now, whose repository holds the commit; by default the one that the lab of `store`
    (`<project>/.stratolab/capsules`) belongs to. What was left out at the time stays out: see `Capsule.left_out`.
    Raises `RefusedError` if the destination is not empty, `StratolabError` if the commit is not here.
    """
    from stratolab.jobs.capsules import restore as restoring  # noqa: PLC0415 - not on the way of a job's start

    here = folder or store.resolve().parent.parent
    return restoring.restore(capsule, Objects(store), destination, folder=here)


def link_data(capsule: Capsule, folder: Path, restored: Path) -> list[str]:
    """Put links to the data of the project in `folder` where the restored project lacks it; give their paths.

    Data is never copied. Whether it still is what it was, `differences` tells.
    """
    linked = []
    for path in capsule.data:
        source, place = folder.resolve() / path, restored / path
        inside = place.resolve().is_relative_to(restored.resolve())
        if inside and not os.path.lexists(place) and source.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(source)
            linked.append(path)
    return linked


def environment_differences(old: Capsule, new: Capsule, store: Path | None = None) -> list[str]:
    """How Python, platform, lock file and packages differ, in words; packages by name if `store` is given."""
    lists = ("", "")
    if store and old.packages != new.packages and old.packages and new.packages:
        objects = Objects(store)
        lists = (objects.get(old.packages).decode(), objects.get(new.packages).decode())
    return compare.environment_differences(old, new, packages=lists)


def _begin(folder: Path, top: Path | None) -> tuple[git.Reading | None, str]:
    """Start reading the repository, if there is one and git is here; else why not."""
    if top is None:
        return None, ""
    try:
        return git.Reading(folder, top), ""
    except git.GitError as error:
        return None, str(error)


def _code(folder: Path, reading: git.Reading | None, note: str, objects: Objects, cache: Cache) -> Capsule:
    """The code's part, from git if `reading` succeeds, at the second go if files came or went meanwhile."""
    for once in (reading, None):
        if reading is None:
            break
        try:
            repository = (once or reading.again()).finish()
            if not code_of.ignored(repository):
                return code_of.of_repository(repository, objects, cache)
            note = "the repository around it ignores this folder"
            break
        except (git.GitError, OSError) as error:
            note = str(error)
    return replace(code_of.of_folder(folder, objects, cache), note=note)


def _surroundings(folder: Path, top: Path, objects: Objects, lock: str | None) -> Capsule:
    """A capsule with only its surroundings filled in."""
    file = environment.lock_file(folder, top, lock)
    return Capsule(
        lock=os.path.relpath(file, folder) if file else "",
        lock_content=objects.put(file.read_bytes()) if file else "",
        packages=objects.put(environment.installed().encode()),
        python=environment.python(),
        platform=environment.system(),
    )
