from __future__ import annotations

import collections
import csv
import functools
import io
import json
import pickle
import random
import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stratolab.models import pickles
from stratolab.models.streams import Budget, Stream, TooMuchError

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
DATA = st.recursive(
    SCALARS,
    lambda some: st.lists(some) | st.tuples(some, some) | st.dictionaries(st.text(), some),
    max_leaves=20,
)
PROTOCOLS = st.sampled_from(range(6))
CALL = b"cos\nsystem\n(S'true'\ntR"  # protocol 0: os.system('true'), without an end


class Plain:
    """Something of a class, so that a pickle of it imports."""


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return (print, ("unpickled",))


def find(data, budget=1 << 30):
    return pickles.find(Stream(io.BytesIO(data), Budget(budget)))


@given(DATA, PROTOCOLS)
@settings(max_examples=200)
def test_every_pickle_is_found(value, protocol):
    found = find(pickle.dumps(value, protocol))
    assert found is not None
    assert found.whole


@given(DATA, PROTOCOLS)
@settings(max_examples=200)
def test_every_pickle_that_calls_is_found_with_its_import_wherever_the_call_stands(value, protocol):
    for object_ in ([value, Evil()], {"a": Evil(), "b": value}, (Evil(),)):
        found = find(pickle.dumps(object_, protocol))
        assert found is not None
        assert any(word.endswith(" print") for word in found.imports)


@given(DATA, PROTOCOLS, st.binary(max_size=50))
@settings(max_examples=200)
def test_a_pickle_that_breaks_off_behind_its_call_is_still_one(value, protocol, rest):
    whole = pickle.dumps((Evil(), value), protocol)
    call = whole.index(pickle.REDUCE, whole.index(b"unpickled"))  # REDUCE is R
    found = find(whole[: call + 1] + rest)
    assert found is not None
    assert any(word.endswith(" print") for word in found.imports)


PADDING = {
    "nothing": b"",
    "a value and away": b"N0",
    "many values": b"I1\n0" * 5000,
    "a long line": b"V" + b"x" * 3_000_000 + b"\n0",
    "a long string": b"\x8d" + struct.pack("<Q", 3_000_000) + b"x" * 3_000_000 + b"0",
    "another pickle first": pickle.dumps(1, 0),
    "a frame": b"\x95" + struct.pack("<Q", 10),
    "memo": b"N\x94q\x05r\x00\x01\x00\x00p7\n0g7\n0",
    "marks": b"(((0(1(",
}


@pytest.mark.parametrize("before", PADDING.values(), ids=PADDING)
def test_a_call_without_header_and_end_is_found_behind(before):
    assert find(before + CALL) == pickles.Pickle(("os system",), whole=False)


CALLS = {
    "global and reduce": CALL,
    "inst": b"(S'true'\nios\nsystem\n",
    "obj": b"(cos\nsystem\nS'true'\no",
    "newobj": b"cos\nsystem\n)\x81",
    "newobj ex": b"cos\nsystem\n)}\x92",
    "build": b"cos\nsystem\nNb",
    "stack global": b"\x8c\x02os\x8c\x06system\x93)R",
    "stack global from the memo": b"\x8c\x02os\x94\x8c\x06system\x940g\x30\n0h\x00h\x01\x93)R",
    "stack global of one name twice": b"\x8c\x06timeit2\x93)R",
    "a name of an old kind": b"S'os'\nS'system'\n\x93)R",
    "set an item of what was imported": b"csys\nmodules\nS'os'\nNs",
    "append to what was imported": b"csys\npath\nS'/tmp'\na",
    "a name with dots": b"cos.path\njoin\n)R",
    "an index that looks like another": b"\x8c\x02osr123\n0N0j123\n\x8c\x06system\x93)R",
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_way_to_call_is_one(call):
    assert find(call) is not None
    assert find(call + b"\xff\xff") is not None
    assert find(b"\x80\x04" + call + b".") is not None


def test_several_pickles_in_a_row_are_all_looked_at():
    harmless = pickle.dumps(1, 2)
    found = find(harmless + harmless + pickle.dumps(Evil(), 2))
    assert found == pickles.Pickle(("__builtin__ print",))


def test_classes_are_named_once_and_sorted():
    value = [collections.OrderedDict(a=1), Plain(), Plain(), functools.partial(len)]
    found = find(pickle.dumps(value, 4))
    assert found.imports == tuple(sorted(found.imports))
    assert "collections OrderedDict" in found.imports
    assert sum("Plain" in word for word in found.imports) == 1


def test_imports_behind_what_cannot_be_followed_are_found_by_their_shape():
    start = b"\x80\x04\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\x94)R\x94"
    raw = random.Random(0).randbytes(300_000)  # noqa: S311 - noise
    end = pickle.dumps(functools.partial(len), 4)[2:]
    found = find(start + b"\xff" + raw + end)
    assert not found.whole
    assert {"collections OrderedDict", "functools partial"} <= set(found.imports)


# -- what is none -----------------------------------------------------------------------------------


@given(st.dictionaries(st.text(), DATA.filter(lambda value: not isinstance(value, bytes))))
def test_json_is_none(value):
    try:
        text = json.dumps(value)
    except TypeError:
        return
    assert find(text.encode()) is None
    assert find(json.dumps(value, indent=2).encode()) is None


@given(st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=3, max_size=30))
@example(["cat", "dog", "horse"])
@example(["cos", "system", "sun", "bun", "run"])
def test_a_list_of_words_is_none(words):
    assert find("\n".join(words).encode()) is None
    assert find(("\n".join(words) + "\n").encode()) is None


@given(st.lists(st.lists(st.floats() | st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=2), min_size=2))
def test_a_table_is_none(rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    assert find(text.getvalue().encode()) is None


@given(st.integers(0, 2**20), st.binary(max_size=20))
def test_a_length_in_front_of_json_is_none(length, rest):
    """A safetensors file: its first bytes can look like a pickle's header."""
    assert find(struct.pack("<Q", length * 8) + b'{"__metadata__":{}}' + rest) is None


@pytest.mark.parametrize(
    "magic", [b"\x93NUMPY\x01\x00v\x00{'descr'", b"PK\x03\x04\x14", b"\x1f\x8b\x08", b"\x89HDF\r\n\x1a\n"]
)
def test_the_beginnings_of_other_formats_are_none(magic):
    assert find(magic + bytes(100)) is None


def test_an_empty_file_is_none():
    assert find(b"") is None


def test_random_bytes_are_hardly_ever_one():
    chance = random.Random(1)  # noqa: S311 - noise
    found = [find(chance.randbytes(400)) for _ in range(3000)]
    assert sum(one is not None for one in found) < 15  # a header and an opcode by chance; nothing else


def test_a_file_that_goes_on_for_ever_is_not_read_for_ever():
    class Endless(io.RawIOBase):
        def read(self, size=-1):
            return b"N0" * (size // 2)

    with pytest.raises(TooMuchError):
        pickles.find(Stream(Endless(), Budget(1 << 16)))
    found = pickles.find(Stream(Endless(), Budget(8 << 20)))
    assert found == pickles.Pickle((), whole=False), "so many opcodes are no text"
