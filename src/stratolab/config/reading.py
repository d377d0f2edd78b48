"""Any configuration file, from its path to typed values, or to everything that is wrong with it in one run.

What the files have in common stands here; a `Kind` says what is special about one of them. Nothing is cached and
nothing is written. A file is read once, within limits; only sound TOML meets pydantic, which costs 250 ms to load.
"""

from __future__ import annotations

import gc
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from stratolab.config.problems import Problem, dotted, printable
from stratolab.config.secrecy import masked
from stratolab.config.syntax import FILE_LIMIT, Syntax, decode, parse
from stratolab.core.errors import InputError
from stratolab.core.findings import Finding, Level, errors, refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pydantic import BaseModel

    from stratolab.config.lines import Lines

DOING = "read the configuration"
HINT_LIMIT = 200  # characters: forty names of jobs help nobody
FINDINGS_LIMIT = 100  # nobody reads more; one last finding counts the rest

Config = TypeVar("Config", bound="BaseModel")
Tables = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind(Generic[Config]):
    """What is special about a configuration file. What it names is imported when it is called, not before."""

    name: str
    """The usual name of such a file."""
    made_by: str
    """The command that makes one, for who has none."""
    model: Callable[[], type[Config]]
    schema: Callable[[], Tables]
    """Its JSON schema; asked for only if there is something to say."""
    problems: Callable[[Tables], Iterable[Problem]]
    """Everything that types cannot see. Never raises, whatever the tables hold."""
    completed: Callable[[Tables], Tables] = dict
    """The tables with defaults that depend on other values; never changes what it is given."""


@dataclass(frozen=True, slots=True)
class Checked(Generic[Config]):
    """A configuration that was looked at. `config` is None if `findings` hold an error."""

    config: Config | None
    findings: tuple[Finding, ...]


def check_file(kind: Kind[Config], folder_or_file: str | Path) -> Checked[Config]:
    """Look at a file: never raises for what is wrong with it."""
    path = Path(folder_or_file)
    path = path / kind.name if os.path.isdir(path) else path  # noqa: PTH112 - False, not an error, where we may not look
    shown = _shown(path)
    data = _read(path, kind.made_by)
    text = decode(data) if isinstance(data, bytes) else data
    raw = parse(text) if isinstance(text, str) else text
    if isinstance(raw, Syntax) or not isinstance(text, str):
        return Checked(None, (_finding(raw, shown),)) if isinstance(raw, Syntax) else Checked(None, ())
    return check_tables(kind, raw, shown, text)


def check_tables(kind: Kind[Config], raw: Tables, file: str, text: str = "") -> Checked[Config]:
    """Look at tables that TOML or a Python program gave; findings name `file`, and the lines of `text`."""
    from stratolab.config import texts  # noqa: PLC0415 - after the TOML is known to be sound

    deep = texts.too_deep(raw)
    if deep is not None:
        found = [Problem(deep[:2], "tables or lists lie too deep within one another")]
        return Checked(None, _findings(found, file, text))
    config, found = _typed(kind, raw)
    found += kind.problems(raw)
    findings = _findings(found, file, text) if found else ()
    return Checked(None if errors(findings) else config, findings)


def accepted(checked: Checked[Config]) -> Config:
    """The configuration; raises `InputError` with every finding, warnings among them, if there is an error."""
    refuse(checked.findings, doing=DOING)
    if checked.config is None:
        raise InputError("there is no configuration", doing=DOING)
    return checked.config


def plain(values: Mapping[str, Any]) -> Tables:
    """A Python program's mapping as TOML would have given it: None counts as not given, a tuple as a list."""
    tables: Tables = _plain(values)
    return tables


def _plain(value: Any) -> Any:
    from collections.abc import Mapping  # noqa: PLC0415 - only a Python program's values need it

    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items() if part is not None}
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value


# -- a file ---------------------------------------------------------------------------------------


def _shown(path: Path) -> str:
    """The path as short as it can be said from here."""
    try:
        near = os.path.relpath(path)
    except (OSError, ValueError):
        return str(path)
    return str(path) if near.startswith("..") else near


def _read(path: Path, made_by: str) -> bytes | Syntax:
    try:  # without waiting: a pipe that nobody writes to must not hold us
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return Syntax("there is no such file", made_by)
    except (OSError, ValueError) as error:
        return Syntax(f"cannot be read: {getattr(error, 'strerror', None) or error}", "check its permissions")
    try:
        return _content(descriptor, made_by)
    finally:
        os.close(descriptor)


def _content(descriptor: int, made_by: str) -> bytes | Syntax:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return Syntax("is no file", made_by)
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(FILE_LIMIT + 1)


def _finding(syntax: Syntax, file: str) -> Finding:
    key = printable(masked(syntax.key))
    return Finding(Level.ERROR, file, syntax.line, key, printable(syntax.message), printable(syntax.hint))


# -- tables ---------------------------------------------------------------------------------------


def _typed(kind: Kind[Config], raw: Tables) -> tuple[Config | None, list[Problem]]:
    with _uncollected():
        from pydantic import ValidationError  # noqa: PLC0415

        model = kind.model()
        try:
            return model.model_validate(kind.completed(raw)), []
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
    from stratolab.config.wording import problems  # noqa: PLC0415 - only findings need it

    return None, list(problems(details, raw, kind.schema()))


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: loading pydantic makes 100,000 objects that all stay, and saves 20 ms so."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _findings(problems: Sequence[Problem], file: str, text: str) -> tuple[Finding, ...]:
    """The problems with their lines, in the order of the file, errors of one place before its warnings."""
    from stratolab.config.lines import Lines  # noqa: PLC0415 - only findings need it

    lines = Lines(text)
    found = [_placed(problem, file, lines) for problem in dict.fromkeys(problems)]
    found.sort(key=lambda finding: (finding.line, finding.level is Level.WARNING))
    if len(found) <= FINDINGS_LIMIT:
        return tuple(found)
    kept, rest = found[:FINDINGS_LIMIT], found[FINDINGS_LIMIT:]
    level = Level.ERROR if errors(rest) else Level.WARNING
    return (*kept, Finding(level, file, rest[0].line, rest[0].key, f"and {len(rest):,} more from here on"))


def _placed(problem: Problem, file: str, lines: Lines) -> Finding:
    hint = printable(masked(problem.hint))
    return Finding(
        level=problem.level,
        file=file,
        line=lines.of(problem.path),
        key=dotted(problem.path),
        message=printable(masked(problem.message)),
        hint=hint if len(hint) <= HINT_LIMIT else f"{hint[:HINT_LIMIT]}...",
    )
