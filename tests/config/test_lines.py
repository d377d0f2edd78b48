"""Lines of keys, in every way that TOML has to write one."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.config.examples import SOUND

from stratolab.config.lines import Lines
from stratolab.config.problems import toml, toml_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stratolab.config.problems import Path

EVERY_WAY = '''\
# a comment with [brackets] and key = "value"
bare = 1
"quoted key" = 2
'literal "key"' = 3
"esc\\u0061ped" = 4
site."google.com".rank = 5
spaced . out = 6

[table] # = [
text = "a # b = [ ] { } \\" \\\\" # x = 1
literal = 'C:\\path\\' # "
long = """
x = 1
[fake]
"" "\\""" """""
after = 1
raw = \'\'\'
y = 2 '' # \'\'\'\'\'
date = 1979-05-27 07:32:00 # a space within
list = [ # comment ]
  1, "two, ]", # three
  [ 3, [ 4 ] ],
  { a = 5, b.c = [ 6 ] },
]
inline = { x = 1, "y z" = { deep = [ 1, 2 ] } }
empty = {}
none = []
last = -1.5e+3

[ table . sub ]
key = true
[table."sub two"]
key = false

[[array]]
name = "first"
[array.inner]
key = 1
[[array.more]]
n = 1
[[array.more]]
n = 2
[[array]]
name = "second"
[array.inner]
key = 2
'''


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every path in parsed TOML."""
    if path:
        yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in parts:
        yield from paths(inner, (*path, part))


def line_of(text: str, sought: str, count: int = 0) -> int:
    """The line, from 1, that begins with `sought`, the `count`-th of them."""
    return [index for index, line in enumerate(text.split("\n"), 1) if line.startswith(sought)][count]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("bare",), "bare"),
        (("quoted key",), '"quoted'),
        (('literal "key"',), "'literal"),
        (("escaped",), '"esc'),
        (("site",), "site"),
        (("site", "google.com", "rank"), "site"),
        (("spaced", "out"), "spaced"),
        (("table",), "[table]"),
        (("table", "long"), "long"),
        (("table", "after"), "after"),
        (("table", "raw"), "raw"),
        (("table", "date"), "date"),
        (("table", "list"), "list"),
        (("table", "list", 1), "  1, "),
        (("table", "list", 2, 1, 0), "  [ 3"),
        (("table", "list", 3, "b", "c", 0), "  { a"),
        (("table", "inline", "y z", "deep", 1), "inline"),
        (("table", "last"), "last"),
        (("table", "sub", "key"), "key = true"),
        (("table", "sub two", "key"), "key = false"),
    ],
)
def test_every_way_to_write_a_key(path: Path, line: str) -> None:
    assert Lines(EVERY_WAY).of(path) == line_of(EVERY_WAY, line)


def test_arrays_of_tables() -> None:
    lines = Lines(EVERY_WAY)
    assert lines.of(("array",)) == line_of(EVERY_WAY, "[[array]]")
    assert lines.of(("array", 1)) == line_of(EVERY_WAY, "[[array]]", 1)
    assert lines.of(("array", 0, "inner", "key")) == line_of(EVERY_WAY, "key = 1")
    assert lines.of(("array", 1, "inner", "key")) == line_of(EVERY_WAY, "key = 2")
    assert lines.of(("array", 0, "more", 1, "n")) == line_of(EVERY_WAY, "n = 2")


def test_what_is_not_there_has_the_line_of_what_is_around_it() -> None:
    lines = Lines("[a]\n[a.b]\nc = 1\n")
    assert lines.of(("a", "b", "d")) == 2
    assert lines.of(("a", "x", "y")) == 1
    assert lines.of(("z",)) == 0
    assert lines.of(()) == 0


@pytest.mark.parametrize("text", [*SOUND.values(), EVERY_WAY], ids=[*SOUND, "every way"])
def test_every_key_is_found_and_no_other(text: str) -> None:
    assert set(Lines(text).found) == set(paths(tomllib.loads(text)))


@pytest.mark.parametrize(
    "text",
    ["[a", "a = ", "a = [1", "a = {b", 'a = "', "= 1", "[[a]\nb = 1", '"\\x" = 1', f"a = {'[' * 5000}"],
)
def test_on_a_broken_text_it_keeps_what_it_had(text: str) -> None:
    lines = Lines(f"good = 1\n{text}")
    assert lines.of(("good",)) == 1


keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(["a", "b-c", "d_1"])
scalars = (
    st.integers(-(10**9), 10**9)
    | st.booleans()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
values = st.recursive(
    scalars, lambda part: st.lists(part, max_size=3) | st.dictionaries(keys, part, max_size=3)
)


@given(st.dictionaries(keys, values, max_size=4))
def test_every_key_of_any_file_is_found(content: dict[str, Any]) -> None:
    text = "\n".join(f"{key_text(key)} = {value_text(value)}" for key, value in content.items())
    parsed = tomllib.loads(text)
    assert parsed == content
    lines = Lines(text)
    assert set(lines.found) == set(paths(parsed))
    for index, key in enumerate(content, 1):
        assert lines.of((key,)) == index


def key_text(key: str) -> str:
    return escaped(toml_key(key))


def value_text(value: Any) -> str:
    return escaped(toml(value))


def escaped(text: str) -> str:
    """TOML does not take DEL, which JSON does."""
    return text.replace("\x7f", "\\u007f")
