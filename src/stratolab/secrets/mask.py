"""Taking the values of secrets out of what is shown, as it streams by.

What is hidden is the value as it is, each longer line of one of several lines, and its JSON form. A value that
a program prints in another coding (base64, one character a line) is not recognised: a job that prints a secret is
to be mended, and this is a net below it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

STARS = b"***"
SHORTEST = 4  # characters; a shorter value would take the letters out of everything


class Mask:
    """Hides texts in a stream of bytes. With nothing to hide it costs nothing."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._hidden = sorted(_forms(values), key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, self._hidden))) if self._hidden else None
        self._kept = b""

    def feed(self, data: bytes) -> bytes:
        """What of the stream may be shown by now. The beginning of what may become a value is kept back."""
        if self._pattern is None:
            return data
        data = self._kept + data
        keep = self._begun(data)
        self._kept = data[len(data) - keep :]
        return self._pattern.sub(STARS, data[: len(data) - keep])

    def rest(self) -> bytes:
        """What was kept back, at the end of the stream."""
        kept, self._kept = self._kept, b""
        return self._pattern.sub(STARS, kept) if self._pattern else kept

    def text(self, text: str) -> str:
        """A whole text without the values."""
        if self._pattern is None:
            return text
        return self._pattern.sub(STARS, text.encode(errors="surrogateescape")).decode(
            errors="surrogateescape"
        )

    def _begun(self, data: bytes) -> int:
        """How many of the last bytes may be the beginning of a value, and are not within one that is whole."""
        if self._pattern is None:
            return 0
        whole = [found.span() for found in self._pattern.finditer(data)]
        for count in range(min(len(data), len(self._hidden[0]) - 1), 0, -1):
            start = len(data) - count
            tail = data[start:]
            begins = any(len(value) > count and value.startswith(tail) for value in self._hidden)
            if begins and not any(first < start < last for first, last in whole):
                return count
        return 0


def _forms(values: Iterable[str]) -> set[bytes]:
    found = set()
    for value in values:
        forms = {value, value.strip(), json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
        lines = value.splitlines()
        if len(lines) > 1:
            forms.update(line.strip() for line in lines)
        found |= {form.encode() for form in forms if len(form) >= SHORTEST}
    return found
