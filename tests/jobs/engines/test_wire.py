from __future__ import annotations

import socket
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.jobs.engines import wire

TEXT = st.text(st.characters(), max_size=20)  # surrogates too: file names and variables are bytes
MESSAGES = st.lists(st.dictionaries(TEXT, TEXT | st.integers() | st.none(), max_size=3), max_size=5)


@given(messages=MESSAGES, cuts=st.lists(st.integers(0, 400), max_size=6))
def test_messages_come_out_as_they_went_in(messages: list[dict[str, object]], cuts: list[int]) -> None:
    data = b"".join(wire.encode(message) for message in messages)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    lines = wire.Lines()
    found = [one for a, b in pairwise(edges) for one in lines.feed(data[a:b])]
    assert found == messages


def test_what_is_no_message() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        wire.Lines().feed(b"hello\n")


@pytest.mark.parametrize("length", [10, 90, 150, 250])
def test_a_socket_is_reached_however_long_its_path(tmp_path: Path, length: int) -> None:
    lab = tmp_path / ("x" * length)
    lab.mkdir()
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        with wire.address(str(lab)) as place:
            listener.bind(place)
        listener.listen()
        before, files = Path.cwd(), len(list(Path("/proc/self/fd").iterdir()))
        with wire.address(str(lab)) as place:
            client.connect(place)
        assert (Path.cwd(), len(list(Path("/proc/self/fd").iterdir()))) == (before, files)
    assert (lab / wire.SOCKET).is_socket()
