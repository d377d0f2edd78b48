"""Places for values in a statement: `:name`, whatever the driver. Values never become part of the statement."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_STRING = r"'(?:[^']|'')*'"
_ESCAPED = r"'(?:[^'\\]|''|\\.)*'"  # where a backslash escapes
_REST = r'"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|::'
_PLACE = r"(?<![:\w]):(?P<place>[A-Za-z_]\w*)"

_PATTERNS = {
    "sqlite": re.compile(rf"{_STRING}|{_REST}|`[^`]*`|\[[^\]]*\]|{_PLACE}", re.DOTALL),
    "postgresql": re.compile(
        rf"[eE]{_ESCAPED}|{_STRING}|{_REST}|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|{_PLACE}", re.DOTALL
    ),
    "mysql": re.compile(rf'{_ESCAPED}|"(?:[^"\\]|""|\\.)*"|{_REST}|`[^`]*`|\#[^\n]*|{_PLACE}', re.DOTALL),
}


def placed(sql: str, dialect: str, names: Collection[str]) -> str:
    """The statement with its places as the driver wants them; texts, names in quotes and comments stay as they are.

    Raises `InputError` for a place that no value is given for.
    """

    def driver(name: str) -> str:
        if name not in names:
            raise InputError(f"no value is given for :{name}", doing="sql", hint=did_you_mean(name, names))
        return f":{name}" if dialect == "sqlite" else f"%({name})s"

    return replaced(sql, dialect, driver, percent=dialect != "sqlite")


def replaced(sql: str, dialect: str, put: Callable[[str], str], *, percent: bool = False) -> str:
    """The statement with `put(name)` in each place. With `percent` every other % is doubled, as drivers want it."""
    parts, last = [], 0

    def plain(text: str) -> str:
        return text.replace("%", "%%") if percent else text

    for found in _PATTERNS[dialect].finditer(sql):
        if found["place"]:
            parts += [plain(sql[last : found.start()]), put(found["place"])]
            last = found.end()
    return "".join([*parts, plain(sql[last:])])
