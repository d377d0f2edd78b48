"""Where a file of a lab is, what is known of it, and what a transfer did."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean

BUCKETS = {
    "data": "what work reads and makes",
    "models": "trained models",
    "artifacts": "everything else that is to be kept",
}
KEY_LIMIT = 1024  # bytes in UTF-8, as in S3
_PART_LIMIT = 255  # bytes of a part between slashes: what file systems take


@dataclass(frozen=True, slots=True)
class Address:
    """A place in a bucket. The empty key is the bucket as a whole."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a bucket. `size` in bytes; `mtime_ns` of the file that was put there, None where it is not known."""

    key: str
    size: int
    mtime_ns: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a transfer is, in files and in bytes; what was passed over as unchanged counts as done."""

    files: int
    of_files: int
    bytes: int
    of_bytes: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a transfer did: files copied, files passed over because they were there unchanged, bytes copied."""

    copied: int
    unchanged: int
    bytes: int


def address(text: str) -> Address:
    """The place that `bucket/key` names; `bucket` and `bucket/` are the whole bucket.

    Raises `InputError` for a bucket that there is not, or a key that no file can have.
    """
    bucket, _, key = text.partition("/")
    if bucket not in BUCKETS:
        raise InputError(
            f"there is no bucket {bucket!r}", doing=f"files {text!r}", hint=did_you_mean(bucket, BUCKETS)
        )
    folder = key.removesuffix("/")
    return Address(bucket, checked_key(folder) + "/" * (folder != key) if folder else "")


def checked_key(key: str) -> str:
    """`key`, if it names a file below a bucket and nothing else. Raises `InputError` if not."""
    why = _wrong(key)
    if why:
        raise InputError(f"{key!a} {why}", doing="files", hint="for example: data/prices/2020.csv")
    return key


def _wrong(key: str) -> str:
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return "is no name in UTF-8"
    if size > KEY_LIMIT:
        return f"has {size} bytes; at most {KEY_LIMIT} are possible"
    parts = key.split("/")
    if {"", ".", ".."} & set(parts):
        return "has an empty part, or one that leads elsewhere"
    if any(len(part.encode()) > _PART_LIMIT for part in parts):
        return f"has a part of more than {_PART_LIMIT} bytes"
    if any(unicodedata.category(one) == "Cc" for one in key):
        return "holds a control character"
    return ""
