from __future__ import annotations

import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.models.streams import Budget, Guarded, Inflated, Stream, TooMuchError

STEPS = st.lists(
    st.tuples(st.sampled_from(["read", "peek", "line", "skip"]), st.integers(0, 6000)), max_size=30
)
CONTENT = st.builds(
    lambda parts, times: b"".join(parts) * times, st.lists(st.binary(max_size=40)), st.integers(1, 400)
)


@given(CONTENT, STEPS, st.booleans())
def test_a_stream_gives_what_a_file_gives(content, steps, jumping):
    raw, file = io.BytesIO(content), io.BytesIO(content)
    jump = (lambda step: raw.seek(step, io.SEEK_CUR) <= len(content)) if jumping else None
    stream = Stream(raw, Budget(1 << 30), jump=jump)
    for verb, size in steps:
        place = file.tell()
        if verb == "read":
            assert stream.read(size) == file.read(size)
        elif verb == "peek":
            assert stream.peek(size % 8) == file.read(size % 8)
            file.seek(place)
        elif verb == "line":
            line = file.readline()
            if not line.endswith(b"\n"):
                assert stream.line(size) is None
                return
            assert stream.line(size) == line[:size]
        else:
            assert stream.skip(size) == (place + size <= len(content))
            if place + size > len(content):
                return
            file.seek(size, io.SEEK_CUR)


@given(CONTENT, st.integers(0, 100_000))
def test_a_stream_never_reads_more_than_was_agreed(content, size):
    budget = Budget(size)
    stream = Stream(io.BytesIO(content), budget)
    try:
        assert len(stream.read(1 << 30)) == len(content) <= size
    except TooMuchError:
        assert len(content) > size


@given(st.binary(max_size=5000), st.integers(1, 9), st.integers(1, 7000))
def test_zlib_is_unpacked_in_pieces(content, level, piece):
    file = Inflated(io.BytesIO(zlib.compress(content, level) + b"rest"))
    found = b""
    while part := file.read(piece):
        assert len(part) <= piece
        found += part
    assert found == content


def test_a_reader_that_asks_for_too_much_gets_nothing():
    file = Guarded(io.BytesIO(bytes(70 << 20)))
    with pytest.raises(TooMuchError):
        file.read()
    file.seek(0)
    with pytest.raises(TooMuchError):
        file.read(1 << 62)
    file.seek(0)
    assert len(file.read(1000)) == 1000
