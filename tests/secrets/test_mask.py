from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.secrets.mask import Mask


def masked(values, chunks):
    mask = Mask(values)
    return b"".join([*(mask.feed(chunk) for chunk in chunks), mask.rest()])


@pytest.mark.parametrize(
    ("values", "text", "shown"),
    [
        (["hunter22"], b"it is hunter22, hunter22!", b"it is ***, ***!"),
        ([], b"hunter22", b"hunter22"),
        (["abc"], b"abc", b"abc"),  # too short to hide
        (["secret", "secret-longer"], b"secret-longer secret", b"*** ***"),
        (["first line\nsecond line"], b"a second line b", b"a *** b"),
        (['say "hi"'], rb'{"x": "say \"hi\""}', b'{"x": "***"}'),
        (["na\u00efve!"], "na\u00efve! na\\u00efve!".encode(), b"*** ***"),
        (["value\n"], b"value.", b"***."),
        (["a.c*d"], b"a.c*d abc*d", b"*** abc*d"),
    ],
)
def test_what_is_hidden(values, text, shown):
    assert masked(values, [text]) == shown
    assert masked(values, [text[i : i + 1] for i in range(len(text))]) == shown
    assert Mask(values).text(text.decode()) == shown.decode()


def test_what_may_still_become_a_value_is_kept_back_and_nothing_else():
    mask = Mask(["hunter22"])
    assert mask.feed(b"a line\nhunt") == b"a line\n"
    assert mask.feed(b"ing season") == b"hunting season"
    assert mask.feed(b"hunter2") == b""
    assert mask.rest() == b"hunter2"
    assert mask.rest() == b""


def test_bytes_that_are_no_text_pass():
    assert masked(["hunter22"], [b"\xff\xfehunter22\x80"]) == b"\xff\xfe***\x80"
    assert Mask(["hunter22"]).text("\udcffhunter22") == "\udcff***"


@given(
    st.lists(st.text("abc", min_size=4, max_size=7), min_size=1, max_size=3),
    st.lists(st.text("abc-", max_size=12), max_size=6),
)
def test_however_it_streams_it_is_as_if_it_came_at_once(values, chunks):
    whole = "".join(chunks).encode()
    wanted = re.compile(b"|".join(re.escape(v.encode()) for v in sorted(set(values), key=len, reverse=True)))
    shown = masked(values, [chunk.encode() for chunk in chunks])
    assert not any(value.encode() in shown for value in values)
    if wanted.search(whole) is None:
        assert shown == whole
