"""Everything that the command line shows: words, tables, colours, JSON, questions.

Results go to standard output, everything else (notes, progress, errors) to standard error. Colour is used on
a terminal only, and not at all where NO_COLOR is set. Control characters in what we show are made harmless.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from typing import TYPE_CHECKING, TextIO

from stratolab.core.errors import InputError, Interrupted, RefusedError, StratolabError
from stratolab.core.findings import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CODES = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "dim": "2", "bold": "1"}
_COLOUR = re.compile(r"\x1b\[\d+m")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
STATE_COLOURS = {
    "succeeded": "green", "finished": "green", "running": "blue", "starting": "blue", "queued": "dim",
    "failed": "red", "lost": "red", "cancelled": "yellow", "pruned": "yellow", "stopped": "yellow",
}  # fmt: skip
_STATES = re.compile(rf"(?<![\w-])(?:{'|'.join(STATE_COLOURS)})(?![\w-])")


def colours(stream: TextIO) -> bool:
    """Whether to colour what goes to `stream`."""
    if not stream.isatty() and not os.environ.get("FORCE_COLOR"):  # first: a sweep's log has a line a trial
        return False
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def clean(text: str) -> str:
    """`text` without what could move the cursor or change the terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """`text` in a colour if `stream` (by default standard output) shows colours."""
    if not colour or not colours(stream or sys.stdout):
        return text
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m"


def say(text: str = "") -> None:
    """A line of the result."""
    sys.stdout.write(text + "\n")


def tell(text: str, *, hang: int = 2) -> None:
    """A line of prose of the result; on a terminal it is folded between words, the rest indented by `hang` more."""
    room = _columns(sys.stdout)
    for line in [text] if room is None else _folded(text, room, hang):
        say(line)


def write(text: str) -> None:
    """A part of the result as it is, for programs: no line feed, nothing made harmless."""
    sys.stdout.write(text)


def hidden(prompt: str, *, instead: str = "pipe it in") -> str:
    """Ask for something that nobody may read over a shoulder.

    Raises `RefusedError` where the terminal would show what is typed, `Interrupted` at its end (Ctrl-D).
    """
    import getpass
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt, sys.stderr)
        except EOFError:
            raise Interrupted("nothing was typed", doing=prompt.rstrip(": ")) from None
        except getpass.GetPassWarning:
            raise RefusedError(
                "this terminal cannot hide what is typed", doing=prompt.rstrip(": "), hint=instead
            ) from None


def confirm(question: str, *, yes: bool, doing: str) -> None:
    """Go on only if somebody agrees: by the flag --yes, or by typing y.

    Raises `RefusedError` for anything else, and where nobody can be asked.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError(question, doing=doing, hint="--yes, if that is meant")
    sys.stderr.write(f"{clean(question)} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise RefusedError("not confirmed, so nothing was changed", doing=doing)


def ask(question: str) -> str:
    """What somebody types in answer. Raises `Interrupted` at its end (Ctrl-D)."""
    sys.stderr.write(clean(question))
    sys.stderr.flush()
    typed = sys.stdin.readline()
    if not typed:
        raise Interrupted("nothing was typed", doing=question.rstrip(": "))
    return typed.strip()


def note(text: str) -> None:
    """A line beside the result."""
    sys.stdout.flush()
    sys.stderr.write(paint(clean(text), "dim", sys.stderr) + "\n")
    sys.stderr.flush()


def warn(text: str) -> None:
    """A line beside the result that should not be missed."""
    sys.stdout.flush()
    sys.stderr.write(paint(clean(text), "yellow", sys.stderr) + "\n")
    sys.stderr.flush()


def error(error: StratolabError) -> None:
    """An error: what we were doing, what happened, what to try; with all findings, if it has any."""
    sys.stdout.flush()
    write = sys.stderr.write
    if isinstance(error, InputError):
        for finding in error.findings:
            colour = "red" if finding.level is Level.ERROR else "yellow"
            level = paint(str(finding.level), colour, sys.stderr)
            place = f"{finding.file}:{finding.line}" if finding.line else finding.file
            told = f"{finding.key}: {finding.message}" if finding.key else finding.message
            write(f"{clean(place)}: {level}: {clean(told)}\n")
            if finding.hint:
                write(f"    {clean(finding.hint)}\n")
    doing = f"{error.doing}: " if error.doing else ""
    write(f"{paint('error:', 'red', sys.stderr)} {clean(doing + error.what)}\n")
    if error.hint:
        write(f"  {paint('try:', 'bold', sys.stderr)} {clean(error.hint)}\n")
    sys.stderr.flush()


def document(value: object) -> None:
    """One JSON document, which is then all that standard output holds."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """Rows below headings, each column as wide as it must be; the last one is cut to the terminal."""
    cells = [[clean(cell).replace("\n", " ") for cell in row] for row in rows]
    widths = [
        max(len(name), *(len(row[i]) for row in cells)) if cells else len(name)
        for i, name in enumerate(columns)
    ]
    room = _columns(sys.stdout)
    for number, row in enumerate([[name.upper() for name in columns], *cells]):
        parts = [
            cell.rjust(width) if name in right else cell.ljust(width)
            for name, cell, width in zip(columns, row, widths, strict=True)
        ]
        line = "  ".join(parts).rstrip()
        line = line if room is None or len(line) <= room else line[: room - 1] + "…"
        say(paint(line, "dim") if number == 0 else _paint_states(line))


def fields(pairs: Iterable[tuple[str, str]]) -> None:
    """A value a line, its name before it; empty ones are left out."""
    shown = [(name, value) for name, value in pairs if value]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        text = clean(value.replace("\n", "\n" + " " * (width + 2)))
        say(f"{paint(name.ljust(width), 'dim')}  {_paint_states(text)}")


def ago(then: float | None, now: float | None = None) -> str:
    """How long ago a moment was: "12s", "3m", "2h", "5d"."""
    if then is None:
        return ""
    seconds = max(0, int((time.time() if now is None else now) - then))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def until(then: float | None, now: float | None = None) -> str:
    """How far ahead a moment is: "in 5d"; "now" when it is over."""
    if then is None:
        return ""
    now = time.time() if now is None else now
    return f"in {ago(now, then)}" if then > now else "now"


def moment(then: float | None) -> str:
    """A moment in local time: "2026-11-22 14:03:59"."""
    return "" if then is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(then))


def number(value: float | None) -> str:
    """A metric for a reader: five significant digits."""
    return "" if value is None else f"{value:.5g}"


def plural(count: int, word: str) -> str:
    """A number of things: `1 trial`, `2 trials`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _folded(text: str, room: int, hang: int) -> list[str]:
    """`text` in lines of at most `room` letters where its words allow it; colours take no room."""
    first, *words = text.lstrip(" ").split(" ")
    lines = [" " * (len(text) - len(text.lstrip(" "))) + first]
    indent = " " * (len(lines[0]) - len(first) + hang)
    for word in words:
        if len(_COLOUR.sub("", f"{lines[-1]} {word}")) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(indent + word)
    return lines


def _columns(stream: TextIO) -> int | None:
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except OSError:
        return None


def _paint_states(line: str) -> str:
    if not colours(sys.stdout):
        return line
    return _STATES.sub(lambda found: paint(found[0], STATE_COLOURS[found[0]]), line, count=1)
