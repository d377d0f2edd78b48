"""What kind of file something is, by its content: the name is only asked where content cannot tell.

skops npz torch keras zip | npy safetensors onnx | json xgboost lightgbm catboost | hdf5 | text | code | binary

(and `tensors`: a file that an ONNX model beside it names)
"""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any, Final

from stratolab.models import onnx

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from stratolab.models.streams import Stream

SAFE: Final = frozenset(
    {
        "skops",
        "onnx",
        "tensors",
        "safetensors",
        "npy",
        "npz",
        "json",
        "xgboost",
        "lightgbm",
        "catboost",
        "text",
    }
)
"""Kinds that are opened without running code: skops asks which types to trust, the others hold data only."""

PLAIN: Final = frozenset({"json", "text", "tensors"})
"""Kinds that may stand beside a model's own file, and do not give a folder its name."""

HEAD: Final = 4096
"""Bytes from the beginning of a file that tell most kinds apart."""

_JSON_LIMIT: Final = 64 << 20  # a larger one is judged by its beginning
_HEADER_LIMIT: Final = 16 << 20  # of a safetensors file
_NUMPY_HEADER_LIMIT: Final = 1 << 20
_PROGRAMS: Final = {
    b"\x7fELF": "a program for Linux",
    b"MZ\x90": "a program for Windows",
    b"\xcf\xfa\xed\xfe": "a program for macOS",
    b"\xca\xfe\xba\xbe": "a program for macOS or a Java class",
    b"\xac\xed\x00\x05": "Java objects",
    b"#!": "a script",
}
_SOURCES: Final = {".py": "Python code", ".pyc": "compiled Python code", ".pyo": "compiled Python code"}
_MAGICS: Final = {
    b"\x93NUMPY": "npy",
    b"\x89HDF\r\n\x1a\n": "hdf5",
    b"CBM1": "catboost",
    b"tree\nversion=": "lightgbm",
    b"{L\x00\x00\x00\x00\x00\x00\x00\x07learner": "xgboost",  # UBJSON, its newer form
}
_XGBOOST: Final = re.compile(rb'^\s*\{\s*"(?:learner"\s*:\s*\{|version"\s*:\s*\[)')
_NO_TEXT: Final = re.compile(r"[^\t\n\r\f -~\x80-\U0010ffff]")
_OBJECT: Final = re.compile(r"^[|<>=]?O\d*$")


def code(name: str, head: bytes) -> str:
    """What code a file is, in words; empty if it is none."""
    programs = (told for magic, told in _PROGRAMS.items() if head.startswith(magic))
    sources = (told for suffix, told in _SOURCES.items() if name.endswith(suffix))
    return next(programs, "") or next(sources, "")


def of_zip(names: Collection[str], schema: bytes) -> str:
    """The kind of a zip with members of these names; `schema` is the content of its `schema.json`."""
    if "schema.json" in names and _is_skops(schema):
        return "skops"
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    if any(name == "data.pkl" or name.endswith("/data.pkl") for name in names):
        return "torch"
    return "keras" if {"config.json", "model.weights.h5"} <= set(names) else "zip"


def of_file(name: str, head: bytes, size: int, again: Callable[[], Stream]) -> str:
    """The kind of a file that is no archive. `again` gives it from its beginning, `size` is in bytes."""
    if code(name, head):
        return "code"
    named = next((kind for magic, kind in _MAGICS.items() if head.startswith(magic)), "")
    if named:
        return named
    if head[8:9] == b"{" and _is_safetensors(head, size, again):
        return "safetensors"
    readable = _is_text(head)
    if readable and head.lstrip()[:1] in {b"{", b"["}:
        return _of_json(head, size, again)
    if readable:
        return "text"
    return "onnx" if onnx.is_model(again()) else "binary"


def numpy_header(stream: Stream) -> Any:
    """The header of a .npy file; the stream then stands at its data. None where it cannot be read."""
    start = stream.read(8)
    width = 2 if start[6:7] == b"\x01" else 4
    length = int.from_bytes(stream.read(width), "little")
    if length > _NUMPY_HEADER_LIMIT:
        return None
    try:
        return ast.literal_eval(stream.read(length).decode())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def holds_objects(header: Any) -> bool:
    """Whether a .npy file with this header may hold Python objects, which are a pickle; so does one without."""
    return not isinstance(header, dict) or _has_object(header.get("descr"))


def _has_object(descr: Any) -> bool:
    """Whether a NumPy type is one of objects: "|O", or a list of fields (name, type, ...) with one of them."""
    if isinstance(descr, str):
        return bool(_OBJECT.match(descr))
    if isinstance(descr, tuple):  # (type, shape)
        return _has_object(descr[0]) if descr else True
    if isinstance(descr, list):
        return any(not isinstance(part, tuple) or len(part) < 2 or _has_object(part[1]) for part in descr)
    return True


def _is_skops(schema: bytes) -> bool:
    found = _parsed(schema)
    return isinstance(found, dict) and "__loader__" in found and "_skops_version" in found


def _is_safetensors(head: bytes, size: int, again: Callable[[], Stream]) -> bool:
    length = int.from_bytes(head[:8], "little")
    if not 2 <= length <= min(_HEADER_LIMIT, size - 8):
        return False
    header = _parsed(again().read(8 + length)[8:])
    if not isinstance(header, dict):
        return False
    ends = [_end(tensor) for name, tensor in header.items() if name != "__metadata__"]
    return None not in ends and size == 8 + length + max((end for end in ends if end is not None), default=0)


def _end(tensor: Any) -> int | None:
    """Where a tensor's bytes end, from its entry in the header of a safetensors file."""
    offsets = tensor.get("data_offsets") if isinstance(tensor, dict) else None
    return (
        offsets[1]
        if isinstance(offsets, list) and len(offsets) == 2 and isinstance(offsets[1], int)
        else None
    )


def _of_json(head: bytes, size: int, again: Callable[[], Stream]) -> str:
    if size > _JSON_LIMIT:
        return "xgboost" if _XGBOOST.match(head) else "json"
    found = _parsed(again().read(size))
    if not isinstance(found, dict):
        return "text" if found is None else "json"
    if {"learner", "version"} <= found.keys():
        return "xgboost"
    return "catboost" if "features_info" in found and {"oblivious_trees", "trees"} & found.keys() else "json"


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_text(head: bytes) -> bool:
    for cut in range(4):  # the beginning may end inside of a character
        try:
            text = head[: len(head) - cut].decode()
        except ValueError:
            continue
        return not _NO_TEXT.search(text)
    return False
