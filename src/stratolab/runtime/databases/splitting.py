"""A script's text as the statements that are in it, as the clients of PostgreSQL, MySQL and SQLite would send them.

A semicolon ends a statement unless it stands in a text, a name in quotes, a comment, a dollar-quoted body, brackets
(PostgreSQL's rules), or a block: the body of a routine or trigger from BEGIN to its END. MySQL's scripts may choose
another end with DELIMITER, as `mysql` takes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

Dialect = Literal["postgresql", "mysql", "sqlite"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, without what ends it; `line` is where it begins, from 1."""

    text: str
    line: int

    @property
    def words(self) -> tuple[str, ...]:
        """Its first two words, in capitals: what it is for."""
        return tuple(word.upper() for word in _WORD.findall(_COMMENTS.sub(" ", self.text))[:2])


_WORD = re.compile(r"[^\W\d]\w*")
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_PLAIN_TEXT = r"'(?:[^']|'')*'"
_ESCAPED_TEXT = r"'(?:[^'\\]|''|\\.)*'"
_PLAIN_NAME = r'"(?:[^"]|"")*"'
_SHARED = r"(?P<space>\s+)|(?P<word>[^\W\d][\w$]*)|(?P<number>\d\w*)"
_TOKENS: dict[Dialect, re.Pattern[str]] = {
    "postgresql": re.compile(
        rf"(?P<comment>--[^\n]*)|(?P<nested>/\*)|(?P<quoted>[eE]{_ESCAPED_TEXT}|{_PLAIN_TEXT}|{_PLAIN_NAME}"
        rf"|\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)|{_SHARED}|(?P<open>['\"]|\$(?:[^\W\d]\w*)?\$)|(?P<sign>.)",
        re.DOTALL,
    ),
    "mysql": re.compile(
        r"(?P<comment>--(?=[\s\x00-\x1f]|\Z)[^\n]*|\#[^\n]*)|(?P<kept>/\*M?!.*?\*/)|(?P<block>/\*.*?\*/)"
        rf'|(?P<quoted>{_ESCAPED_TEXT}|"(?:[^"\\]|""|\\.)*"|`(?:[^`]|``)*`)|{_SHARED}'
        r"|(?P<open>['\"`]|/\*)|(?P<sign>.)",
        re.DOTALL,
    ),
    "sqlite": re.compile(
        rf"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))|(?P<quoted>{_PLAIN_TEXT}|{_PLAIN_NAME}|`(?:[^`]|``)*`|\[[^\]]*\])"
        rf"|{_SHARED}|(?P<open>['\"`\[])|(?P<sign>.)",
        re.DOTALL,
    ),
}
_SILENT = {"space", "comment", "nested", "block"}
_DELIMITER = re.compile(r"delimiter[ \t]+(\S+)[^\n]*", re.IGNORECASE)
_BODIES: dict[Dialect, frozenset[str]] = {
    "postgresql": frozenset({"FUNCTION", "PROCEDURE"}),
    "mysql": frozenset({"FUNCTION", "PROCEDURE", "TRIGGER", "EVENT", "PACKAGE"}),
    "sqlite": frozenset({"TRIGGER"}),
}
"""What has a body that may hold semicolons, after CREATE."""
_LEADING = 12  # words within which CREATE says what it makes: OR REPLACE DEFINER = ... SQL SECURITY ...
_BLOCKS = frozenset({"IF", "LOOP", "REPEAT", "WHILE"})
"""What MySQL ends with END and the same word again. As functions they are called IF(...) and REPEAT(...)."""
_EXPRESSION = "CASE as a value"
_NAMELESS = re.compile(r"BEGIN\s+NOT\s+ATOMIC\b", re.IGNORECASE)
_ROWS_FOLLOW = re.compile(r"\bFROM\s+STDIN\b", re.IGNORECASE)
_BEFORE_BLOCK = frozenset({";", ":", ")", "BEGIN", "THEN", "ELSE", "LOOP", "REPEAT", "DO", "ROW"})
"""What stands before a statement, so that IF or REPEAT after it begins a block and calls no function."""


def statements(text: str, dialect: Dialect) -> Iterator[Statement]:
    """Every statement of a script, in order; comments alone are none.

    Raises `InputError` with the line for a quote or a comment that nothing ends, and for a command of psql's own.
    """
    return _Splitter(text, dialect).split()


class _Splitter:
    """The state while a script is read: where the statement began, what is open in it, what ends it."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self._text = text
        self._dialect = dialect
        self._end = ";"
        self._at = 0
        self._begin()

    def split(self) -> Iterator[Statement]:
        text = self._text.removeprefix("\ufeff")
        self._text = text
        while self._at < len(text):
            if self._first < 0 and self._chosen_end():
                continue
            if text.startswith(self._end, self._at) and not self._inside():
                yield from self._ended(self._at)
                self._at += len(self._end)
                self._begin()
                continue
            self._token()
        yield from self._ended(len(text))

    def _begin(self) -> None:
        self._from = self._at
        self._first = -1
        self._words: list[str] = []
        self._open: list[str] = []
        self._brackets = 0
        self._last = ";"

    def _ended(self, at: int) -> Iterator[Statement]:
        if self._first >= 0:
            line = self._text.count("\n", 0, self._first) + 1
            made = Statement(self._text[self._from : at].strip(), line)
            if (
                self._dialect == "postgresql"
                and made.words[:1] == ("COPY",)
                and _ROWS_FOLLOW.search(made.text)
            ):
                raise self._wrong("the rows after COPY ... FROM STDIN are for psql; write them as INSERT")
            yield made

    def _inside(self) -> bool:
        if self._end != ";":
            return False
        return bool(self._open) or self._brackets > 0

    def _chosen_end(self) -> bool:
        """Take a line `DELIMITER //`, which is for the client and not for the server."""
        line_begins = not self._text[self._text.rfind("\n", 0, self._at) + 1 : self._at].strip()
        found = _DELIMITER.match(self._text, self._at) if self._dialect == "mysql" and line_begins else None
        if found is None:
            return False
        self._end = found[1]
        self._at = self._from = found.end()
        return True

    def _token(self) -> None:
        found = _TOKENS[self._dialect].match(self._text, self._at)
        if found is None:  # every pattern ends in one that takes anything
            raise AssertionError(self._at)
        kind = "quoted" if found["quoted"] else str(found.lastgroup)
        if kind == "open":
            raise self._wrong(f"nothing ends what {found[0]} begins")
        if kind == "nested":
            self._at = self._after_comment(found.start())
            return
        if kind not in _SILENT:
            if self._first < 0:
                self._first = self._at
                self._refuse_meta(found[0])
            self._seen(kind, found[0].upper())
        self._at = found.end()

    def _after_comment(self, start: int) -> int:
        """PostgreSQL's comments have others within them."""
        depth = 0
        for mark in re.finditer(r"/\*|\*/", self._text[start:]):
            depth += 1 if mark[0] == "/*" else -1
            if not depth:
                return start + mark.end()
        raise self._wrong("nothing ends what /* begins")

    def _seen(self, kind: str, token: str) -> None:
        """Keep account of what is open after this token."""
        if kind == "word":
            self._word(token)
            if len(self._words) < _LEADING:
                self._words.append(token)
        elif kind == "sign" and self._dialect == "postgresql":
            self._brackets = max(0, self._brackets + {"(": 1, ")": -1}.get(token, 0))
        self._last = token

    def _word(self, word: str) -> None:
        if not self._has_body(word):
            return
        begins = self._last in _BEFORE_BLOCK  # a statement, where else an expression would go on
        if self._last == "END":  # END IF, END CASE; or the name of a block that has ended
            return
        if word == "END":
            if self._open:
                self._open.pop()
        elif word == "BEGIN" and not (self._dialect == "sqlite" and self._open):
            self._open.append(word)
        elif word == "CASE" and (self._open or self._dialect == "mysql"):
            self._open.append("CASE" if begins else _EXPRESSION)
        elif word in _BLOCKS and self._dialect == "mysql" and begins and self._open[-1:] != [_EXPRESSION]:
            self._open.append(word)

    def _has_body(self, word: str) -> bool:
        """Whether the statement is one with a body: a routine's, or one without a name (BEGIN NOT ATOMIC)."""
        if self._dialect == "mysql" and (word, *self._words)[-1] == "BEGIN" and len(self._words) <= 1:
            return bool(_NAMELESS.match(self._text, self._first))
        if self._dialect == "mysql" and self._words[:3] == ["BEGIN", "NOT", "ATOMIC"]:
            return True
        return self._words[:1] in (["CREATE"], ["ALTER"]) and bool(_BODIES[self._dialect] & set(self._words))

    def _refuse_meta(self, sign: str) -> None:
        if self._dialect == "postgresql" and sign == "\\":
            raise self._wrong("a command that begins with a backslash is psql's own and no SQL")

    def _wrong(self, what: str) -> InputError:
        line = self._text.count("\n", 0, self._at) + 1
        return InputError(
            f"line {line}: {what}", doing="reading a script", hint="psql or mysql would wait for more"
        )
