"""ONNX, recognised by its bytes: a protocol-buffer message with the fields of `ModelProto`, in their wire types.

The format has no magic number. The numbers of the fields are those of onnx.proto (onnx/onnx, Apache-2.0), the
encoding is that of protocol buffers: a key of `number << 3 | wire type`, then the value.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stratolab.models.streams import Stream

_VARINT, _BYTES = 0, 2
_FIELDS: Final = {
    1: _VARINT,  # ir_version
    2: _BYTES,  # producer_name
    3: _BYTES,  # producer_version
    4: _BYTES,  # domain
    5: _VARINT,  # model_version
    6: _BYTES,  # doc_string
    7: _BYTES,  # graph
    8: _BYTES,  # opset_import
    14: _BYTES,  # metadata_props
    20: _BYTES,  # training_info
    25: _BYTES,  # functions
    26: _BYTES,  # configuration
}
_NEEDED: Final = {1, 7, 8}
_LONGEST_VARINT: Final = 10
_LOCATION: Final = (
    b"\x0a\x08location\x12"  # the first field of a StringStringEntryProto, and the key of its second
)
_WINDOW: Final = 1 << 20
_PATH_LIMIT: Final = 4096


def is_model(stream: Stream) -> bool:
    """Whether the stream, read to its end, is an ONNX model. Tensors are passed over, not read."""
    seen = set()
    while (key := _varint(stream)) is not None:
        number, wire = key >> 3, key & 7
        if _FIELDS.get(number) != wire:
            return False
        value = _varint(stream)
        if value is None or (wire == _BYTES and not stream.skip(value)):
            return False
        seen.add(number)
    return seen >= _NEEDED and not stream.peek(1)


def places(stream: Stream) -> Iterator[str]:
    """The files that hold tensors of the model, as it names them."""
    tail = b""
    while chunk := stream.read(_WINDOW):
        window = tail + chunk
        start = window.find(_LOCATION)
        while start >= 0:
            yield _text(window[start + len(_LOCATION) : start + len(_LOCATION) + _PATH_LIMIT])
            start = window.find(_LOCATION, start + 1)
        tail = chunk[-_PATH_LIMIT:]


def escapes(place: str) -> bool:
    """Whether a place lies outside of the model's folder."""
    path = PurePosixPath(place.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in place[:2]


def _text(found: bytes) -> str:
    length, at = 0, 0
    for at, byte in enumerate(found[:3]):
        length |= (byte & 0x7F) << (7 * at)
        if byte < 0x80:
            break
    return found[at + 1 : at + 1 + length].decode("utf-8", "replace")


def _varint(stream: Stream) -> int | None:
    value = 0
    for at in range(_LONGEST_VARINT):
        byte = stream.read(1)
        if not byte:
            return None
        value |= (byte[0] & 0x7F) << (7 * at)
        if byte[0] < 0x80:
            return value
    return None
