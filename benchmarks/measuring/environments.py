"""A virtual environment for each peer: made on demand from pinned versions, used again while those are the same.

The stamp that says what an environment was made from is written last, so an interrupted installation is simply
done again. An environment that cannot be made is a line in the table with the reason (`Unavailable`), not a crash; its
absence is remembered for this process only.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from benchmarks.measuring.places import KEPT, base_python, our_python

PINS = Path(__file__).parent / "environments"
_PATIENCE = 1200  # seconds for one installation
_ADDRESS = re.compile(r"\S+://\S+")  # a reason is published: no addresses in it


class Unavailable(Exception):  # noqa: N818 - said of a peer, not of our code
    """A peer that cannot be run here; the text is the reason, fit for a table."""


@dataclass(frozen=True)
class Environment:
    """A peer's environment: its interpreter and what is installed there."""

    name: str
    python: str
    versions: dict[str, str]

    def program(self, name: str) -> str:
        """The path of a program that the peer installed."""
        return str(Path(self.python).with_name(name))


def known() -> list[str]:
    """The peers for which versions are pinned."""
    return sorted(path.stem for path in PINS.glob("*.txt"))


def environment(name: str, *, folder: Path = KEPT / "environments", pins: Path = PINS) -> Environment:
    """The environment of this name, made if it is not there or was made from something else.

    Raises `Unavailable` with the reason; making it is tried once in a process.
    """
    found = _found(name, folder, pins)
    if isinstance(found, Unavailable):
        raise Unavailable(str(found)) from found
    return found


@cache
def _found(name: str, folder: Path, pins: Path) -> Environment | Unavailable:
    wanted = pins / f"{name}.txt"
    place = folder / name
    text = wanted.read_text(encoding="utf-8")
    stamp = place / "stamp"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != made_from(text):
        try:
            _make(place, wanted)
        except Unavailable as error:
            return error
        stamp.write_text(made_from(text), encoding="utf-8")
    return Environment(name, str(place / "bin" / "python"), versions(text))


def borrowed(name: str) -> Environment:
    """The environment that runs the benchmarks, if the peer is in it: for the short form, which installs nothing.

    Raises `Unavailable` if it is not.
    """
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError as error:
        raise Unavailable("the short form installs nothing") from error
    return Environment(name, our_python(), {name: version})


def made_from(text: str) -> str:
    """What an environment depends on: the pinned versions and the interpreter."""
    return f"{sys.version.split()[0]} {base_python()} {hashlib.sha256(text.encode()).hexdigest()}\n"


def versions(text: str) -> dict[str, str]:
    """The pinned version of each package."""
    lines = (line.split("#")[0].split(";")[0].strip() for line in text.splitlines())
    return dict(line.split("==", 1) for line in lines if "==" in line)


def _make(place: Path, wanted: Path) -> None:
    print(f"making the environment {place.name} (once) ...", file=sys.stderr, flush=True)
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    steps = (
        [base_python(), "-m", "venv", str(place)],
        [str(place / "bin" / "python"), "-m", "pip", "install", "--no-input", "--disable-pip-version-check",
         "--prefer-binary", "--requirement", str(wanted)],
    )  # fmt: skip
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=_PATIENCE, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(_reason(str(error))) from error
        if done.returncode:
            raise Unavailable(_reason(done.stderr or done.stdout))


def _reason(told: str) -> str:
    """The last line that says something, short and without addresses."""
    lines = [line.strip() for line in told.splitlines() if line.strip()] or ["no reason was given"]
    errors = [line for line in lines if line.lower().startswith("error")] or lines
    return "its environment could not be made: " + _ADDRESS.sub("...", errors[-1])[:160]
