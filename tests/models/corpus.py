"""Files that run code when somebody opens them, in every wrapping that we know of; and files that do not.

Each of the first makes the file `canary` when it is unpickled, so that a test sees whether anybody did.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Canary:
    """Its pickle makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., None], tuple[Path]]:
        return (Path.touch, (self.path,))


def bomb(canary: Path, protocol: int = 4) -> bytes:
    return pickle.dumps({"weights": [1.0] * 50, "model": Canary(canary)}, protocol)


def zipped(members: dict[str, bytes], *, method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def npy(descr: str, data: bytes) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}".encode()
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def safetensors(size: int = 4, header_length: int = 0) -> bytes:
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    header = header.ljust(header_length)
    return struct.pack("<Q", len(header)) + header + bytes(size)


def field(number: int, value: int | bytes) -> bytes:
    """A field of a protocol-buffer message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    found = b""
    while value >= 0x80:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


def onnx(initializer: bytes = b"") -> bytes:
    """An identity: one node, one input, one output."""
    shape = field(2, field(1, field(1, 1)))
    value = field(1, field(1, 1) + shape)
    node = field(1, b"x") + field(2, b"y") + field(4, b"Identity")
    tensors = field(5, initializer) if initializer else b""
    graph = field(1, node) + field(2, b"g") + tensors + field(11, field(1, b"x") + field(2, value))
    graph += field(12, field(1, b"y") + field(2, value))
    return (
        field(1, 8) + field(2, b"stratolab tests") + field(7, graph) + field(8, field(1, b"") + field(2, 13))
    )


def external(location: bytes) -> bytes:
    """A tensor whose bytes are in another file."""
    entry = field(1, b"location") + field(2, location)
    return field(1, 1) + field(2, 1) + field(8, b"w") + field(13, entry) + field(14, 1)


def skops_schema() -> bytes:
    return json.dumps(
        {"__class__": "dict", "__loader__": "DictNode", "_skops_version": "0.16.0", "protocol": 2}
    ).encode()


def encrypted(member: bytes) -> bytes:
    """A zip that says of its member that it is encrypted: Python gives up on it, other readers may not."""
    packed = bytearray(zipped({"archive/data.pkl": member}))
    packed[packed.index(b"PK\x03\x04") + 6] |= 1
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


def miscounted(member: bytes) -> bytes:
    """A zip whose member does not match its checksum, which some readers do not look at."""
    packed = bytearray(zipped({"archive/data.pkl": member}))
    packed[packed.index(b"PK\x01\x02") + 16] ^= 0xFF
    return bytes(packed)


HOSTILE: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "a pickle": ("model.pkl", lambda evil: evil),
    "renamed to json": ("model.json", lambda evil: evil),
    "renamed to onnx": ("model.onnx", lambda evil: evil),
    "renamed to safetensors": ("model.safetensors", lambda evil: evil),
    "renamed to skops": ("model.skops", lambda evil: evil),
    "without a name's end": ("model", lambda evil: evil),
    "broken off": ("model.pkl", lambda evil: evil[:-1]),
    "with a broken end": ("model.pkl", lambda evil: evil[:-1] + b"\xff\xff\xff"),
    "behind another pickle": ("model.pkl", lambda evil: pickle.dumps([1, 2]) + evil),
    "behind a text pickle": ("model.pkl", lambda evil: pickle.dumps([1, 2], 0) + evil),
    "before a zip": ("model.npz", lambda evil: evil + zipped({"w.npy": npy("'<f8'", bytes(8))})),
    "before a zip that torch reads": ("model.pt", lambda evil: evil + zipped({"a/version": b"3\n"})),
    "gzip": ("model.pkl.gz", gzip.compress),
    "gzip with two members": ("model.pkl.gz", lambda evil: gzip.compress(evil[:9]) + gzip.compress(evil[9:])),
    "bzip2": ("model.pkl.bz2", bz2.compress),
    "xz": ("model.pkl.xz", lzma.compress),
    "lzma": ("model.joblib", lambda evil: lzma.compress(evil, lzma.FORMAT_ALONE)),
    "zlib, as joblib": ("model.joblib", lambda evil: zlib.compress(evil, 3)),
    "zlib, quick": ("model.joblib", lambda evil: zlib.compress(evil, 1)),
    "zlib, slow": ("model.joblib", lambda evil: zlib.compress(evil, 9)),
    "gzip in gzip": ("model.gz", lambda evil: gzip.compress(gzip.compress(evil))),
    "torch": ("model.pt", lambda evil: zipped({"archive/data.pkl": evil, "archive/version": b"3\n"})),
    "torch, compressed": ("m.pt", lambda evil: zipped({"a/data.pkl": evil}, method=zipfile.ZIP_DEFLATED)),
    "torch, renamed inside": ("model.pt", lambda evil: zipped({"archive/weights.bin": evil})),
    "in a skops file": ("model.skops", lambda evil: zipped({"schema.json": skops_schema(), "1.npy": evil})),
    "in a zip in a zip": ("model.zip", lambda evil: zipped({"inner.zip": zipped({"x": evil})})),
    "in a zip, gzipped": ("model.zip", lambda evil: zipped({"x.gz": gzip.compress(evil)})),
    "encrypted zip": ("model.pt", encrypted),
    "zip with a wrong checksum": ("model.pt", miscounted),
    "zip by another method": ("m.pt", lambda evil: zipped({"a/data.pkl": evil}, method=zipfile.ZIP_LZMA)),
    "zip in zip in zip in zip": (
        "model.zip",
        lambda evil: zipped({"1": zipped({"2": zipped({"3": zipped({"4": evil})})})}),
    ),
    "tar": ("model.tar", lambda evil: tarred({"pickle": evil})),
    "tar.gz": ("model.tar.gz", lambda evil: gzip.compress(tarred({"storages": evil}))),
    "npy of objects": ("model.npy", lambda evil: npy("'|O'", evil)),
    "npy with a field of objects": (
        "model.npy",
        lambda evil: npy("[('a', '<f8'), ('b', [('c', '|O')])]", evil),
    ),
    "npy with a broken header": ("model.npy", lambda evil: b"\x93NUMPY\x01\x00\x04\x00????" + evil),
    "npz of objects": ("model.npz", lambda evil: zipped({"w.npy": npy("'|O'", evil)})),
    "npz, renamed inside": ("model.npz", lambda evil: zipped({"w.npy": evil})),
    "zstd": ("model.pkl.zst", lambda evil: b"\x28\xb5\x2f\xfd" + evil),
    "lz4": ("model.joblib", lambda evil: b"\x04\x22\x4d\x18" + evil),
    "7z": ("model.7z", lambda evil: b"7z\xbc\xaf\x27\x1c" + evil),
    "Python code": ("loader.py", lambda _evil: b"import os\n"),
    "compiled Python code": ("loader.pyc", lambda _evil: b"\xa7\r\r\n" + bytes(12)),
    "a library": ("model.so", lambda _evil: b"\x7fELF\x02\x01\x01" + bytes(60)),
    "a script": ("run", lambda _evil: b"#!/bin/sh\ntrue\n"),
    "Java objects": ("model.ser", lambda _evil: b"\xac\xed\x00\x05sr" + bytes(10)),
}
"""What must be seen to run code: a name, and how a hostile pickle is wrapped."""

HARMLESS: dict[str, tuple[str, bytes, str]] = {
    "json": ("model.json", b'{"weights": [1, 2.5, null]}', "json"),
    "json of a list": ("model.json", b"\n [1, 2]", "json"),
    "json, renamed": ("model.pkl", b'{"a": 1}', "json"),
    "xgboost": ("m.json", b'{"learner":{"attributes":{}},"version":[2,1,0]}', "xgboost"),
    "xgboost in ubjson": ("m.ubj", b"{L\x00\x00\x00\x00\x00\x00\x00\x07learner{}", "xgboost"),
    "lightgbm": ("m.txt", b"tree\nversion=v4\nnum_class=1\n", "lightgbm"),
    "catboost": ("m.cbm", b"CBM1" + bytes(20), "catboost"),
    "catboost in json": ("m.json", b'{"features_info": {}, "oblivious_trees": []}', "catboost"),
    "npy": ("w.npy", npy("'<f8'", bytes(8)), "npy"),
    "npz": ("w.npz", zipped({"a.npy": npy("'<f8'", bytes(8)), "b.npy": npy("'<U1'", bytes(4))}), "npz"),
    "npz, compressed": (
        "w.npz",
        zipped({"a.npy": npy("'<f8'", bytes(8))}, method=zipfile.ZIP_DEFLATED),
        "npz",
    ),
    "safetensors": ("m.safetensors", safetensors(), "safetensors"),
    "safetensors that begins as a pickle": (
        "m.safetensors",
        safetensors(header_length=0x0380),
        "safetensors",
    ),
    "onnx": ("m.onnx", onnx(), "onnx"),
    "onnx with tensors beside it": ("m.onnx", onnx(external(b"weights/w.bin")), "onnx"),
    "skops": ("m.skops", zipped({"schema.json": skops_schema()}), "skops"),
    "text": ("notes.txt", "naïve 🦉\n".encode(), "text"),
    "yaml": ("conda.yaml", b"channels:\n- conda-forge\ndependencies:\n- python=3.11\n", "text"),
    "labels": ("labels.txt", b"cat\ndog\nhorse\n", "text"),
    "csv": ("w.csv", b"Survived,Pclass\n0,3\n1,1\n", "text"),
}
"""What is safe: a name, the bytes, its format."""

UNKNOWN: dict[str, tuple[str, bytes, str]] = {
    "hdf5": ("m.h5", b"\x89HDF\r\n\x1a\n" + bytes(50), "hdf5"),
    "keras": ("m.keras", zipped({"config.json": b"{}", "model.weights.h5": b""}), "keras"),
    "a zip of texts": ("m.zip", zipped({"a.txt": b"a"}), "zip"),
    "a gzip of text": ("m.csv.gz", gzip.compress(b"a,b\n1,2\n"), "compressed"),
    "bytes": ("m.bin", bytes(range(1, 200)), "binary"),
    "nearly safetensors": ("m.safetensors", safetensors()[:-1], "binary"),
    "nearly onnx": ("m.onnx", onnx()[:-1], "binary"),
    "an empty file": ("m", b"", "text"),
}
"""What holds no code that we see, in a format that we do not open."""
