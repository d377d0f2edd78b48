"""Options that several commands share, and the types that read them."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import TYPE_CHECKING, TypeVar

from stratolab.cli import completers
from stratolab.core.units import parse_duration, parse_size

if TYPE_CHECKING:
    from argparse import Action
    from collections.abc import Callable, Iterable

T = TypeVar("T")


def json_option(parser: ArgumentParser) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")


def lab_option(parser: ArgumentParser) -> None:
    """`--lab`: which lab, where it is not the one that the folder belongs to."""
    parser.add_argument(
        "--lab",
        default="",
        metavar="NAME",
        help="local, or the name of a lab in AWS (default: this folder's)",
    )


def database_argument(parser: ArgumentParser) -> None:
    """Which database: a name of the project's, or in a lab in AWS an environment's or an application's."""
    parser.add_argument(
        "database",
        nargs="?",
        default="",
        help="a name of [databases] (default: default); in AWS an application whose database stands apart",
    )
    lab_option(parser)
    environment_option(parser)


def environment_option(parser: ArgumentParser) -> None:
    """`--environment`: of a lab in AWS."""
    parser.add_argument(
        "--environment",
        default="",
        choices=["dev", "stage", "prod"],
        help="which environment of a lab in AWS (default: the project's, or the only one with a database)",
    )


def job_argument(parser: ArgumentParser, *, many: bool = False) -> None:
    """Which job: an id, the beginning of one, a job's name; the latest when none is given."""
    nargs, help_ = (
        ("*", "ids, beginnings of ids, or names") if many else ("?", "an id, its beginning, or a job's name")
    )
    given = parser.add_argument(
        "job", nargs=nargs, default=[] if many else "", help=f"{help_} (default: the latest job)"
    )
    completed(given, completers.jobs)


def sweep_argument(parser: ArgumentParser) -> None:
    """Which sweep: an id or a name; the latest when none is given."""
    given = parser.add_argument(
        "sweep", nargs="?", default="", help="an id such as tune-3, or a name (default: the latest)"
    )
    completed(given, completers.sweeps)


def model_argument(parser: ArgumentParser, name: str = "model") -> None:
    """Which version of a model."""
    given = parser.add_argument(name, help="name (its latest version), name/3 or name@champion")
    completed(given, completers.models)


def completed(argument: Action, completer: Callable[..., list[str]]) -> None:
    """Let TAB offer what `completer` finds: argcomplete looks for this attribute."""
    argument.completer = completer  # type: ignore[attr-defined]


def size(text: str) -> int:
    """A `--memory`."""
    return _read(parse_size, text)


def duration(text: str) -> float:
    """A `--timeout`."""
    return _read(parse_duration, text)


def cpus(text: str) -> float:
    """A `--cpus`."""
    try:
        count = float(text)
    except ValueError:
        count = 0.0
    if not 0 < count < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number of CPUs; write one like 1 or 0.5")
    return count


def count(text: str) -> int:
    """A whole number from 1 up."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def whole(text: str) -> int:
    """A whole number from 0 up."""
    if not text.isascii() or not text.isdigit():
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return int(text)


def assignments(pairs: Iterable[str]) -> dict[str, str]:
    """`NAME=value` flags as a mapping."""
    return dict(pair.split("=", 1) for pair in pairs)


def assignment(text: str) -> str:
    """One `NAME=value`."""
    name, equals, _ = text.partition("=")
    if not equals or not name.replace("_", "a").isalnum() or name[0].isdigit():
        raise ArgumentTypeError(f"{text!r} is not NAME=value")
    return text


def _read(parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error
