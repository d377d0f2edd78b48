r"""How values become columns, and back, so that they are equal on every database.

Free text may hold what no server takes (NUL, half a surrogate pair from a file name that is not UTF-8),
so such characters are written as `\uXXXX`; other text is stored as it is. Whatever has structure is
JSON in ASCII. Numbers that are not finite have no column: they become NULL.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_ODD = re.compile(r"[\\\x00\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u([0-9a-f]{4})")
_EMPTY: Mapping[type, str] = {dict: "{}", list: "[]", tuple: "[]"}
_decode = json.JSONDecoder().raw_decode  # of what `_encode` wrote: nothing is before or behind it
_encode = json.JSONEncoder(separators=(",", ":")).encode  # one for all: making it took as long as using it


def escape(text: str) -> str:
    """`text` as every database takes it. `unescape` gives it back."""
    if text.isascii() and "\\" not in text and "\0" not in text:
        return text
    return _ODD.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def unescape(text: str) -> str:
    """The text that was given to `escape`."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "\\" in text else text


def pack(value: object) -> str:
    """`value` as JSON in ASCII, keys in their order."""
    if not value:  # most jobs have no secrets and no data
        return _EMPTY.get(type(value)) or _encode(value)
    return _encode(value)


def unpack(text: str) -> Any:
    """The value that was given to `pack`; its tuples come back as lists."""
    return [] if text == "[]" else {} if text == "{}" else _decode(text)[0]


def finite(number: float | None) -> float | None:
    """`number`, or None if it is not finite."""
    return number if number is not None and math.isfinite(number) else None


def among(column: str, values: Iterable[object]) -> tuple[str, Mapping[str, object]]:
    """The condition that `column` is one of `values` (at least one), and its parameters.

    The last value stands there again and again, up to a power of two: lists of every length would be statements of
    their own, of which a database keeps hundreds prepared (in a long sweep they took 6 MB).
    """
    listed = list(values)
    listed += listed[-1:] * ((1 << (len(listed) - 1).bit_length()) - len(listed))
    named = {f"{column}_{index}": value for index, value in enumerate(listed)}
    return f"{column} IN ({', '.join(':' + name for name in named)})", named
