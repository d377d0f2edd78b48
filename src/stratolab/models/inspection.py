"""What a model's files are, and whether opening them runs code: every file looked into, archives too, none opened.

    file -> a pickle?  -> an archive? each member is a file -> compressed? what is inside is a file -> its kind

What cannot be looked into counts like code, and a file that two readers could read differently (a zip that begins
as a pickle) is looked at as both. All that is unpacked for one model shares a budget.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from stratolab.core.errors import RefusedError
from stratolab.models import archives, kinds, mlmodel, onnx, pickles
from stratolab.models.models import Content, Opening
from stratolab.models.streams import Budget, Guarded, Stream, TooMuchError
from stratolab.models.tree import MLMODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stratolab.models.streams import Readable
    from stratolab.models.tree import Tree

UNPACKED: Final = 1 << 30  # bytes that all archives of a model may unpack to, as far as they are looked at
MEMBERS: Final = 50_000
DEPTH: Final = 3
ON_DISK: Final = 4 << 30  # bytes of one file that are looked at; tensors and arrays are passed over
_REASONS: Final = 20
_NAMED: Final = 6
_INNER: Final = 32 << 20  # bytes of an archive inside of another one


@dataclass(frozen=True, slots=True)
class Finding:
    """What the files are: see `Content`. `inputs` is MLflow's signature, if it wrote one."""

    format: str
    opening: Opening
    reasons: tuple[str, ...]
    inputs: list[object] | None = None


@dataclass(slots=True)
class _Look:
    budget: Budget
    reasons: list[str] = field(default_factory=list)
    tensors: set[str] = field(default_factory=set)  # files that an ONNX model keeps beside it

    def cannot(self, name: str, why: str) -> None:
        self.reasons.append(f"{name}: cannot be looked into ({why})")

    @contextmanager
    def careful(self, name: str) -> Iterator[None]:
        """What an archive makes Python's readers raise, as a reason; a name that leads out of it is refused."""
        try:
            yield
        except archives.EscapeError as error:
            raise RefusedError(
                f"{name} holds {str(error)!r}, which would be unpacked outside of its folder",
                doing="looking into the model",
                hint="no model needs that: ask whoever made the file",
            ) from error
        except archives.BROKEN:
            self.cannot(name, "damaged")


@dataclass(frozen=True, slots=True)
class _File:
    """A file to look at: `again` gives it as a stream, `file` for readers of archives. `size` in bytes."""

    name: str
    size: int
    again: Callable[[], Stream]
    file: Guarded
    depth: int = 0


def inspect(folder: Path, tree: Tree) -> Finding:
    """Look into the files of `tree` below `folder`.

    Raises `RefusedError` for what nobody should keep: an archive or a model whose names lead out of its folder.
    """
    look = _Look(Budget(UNPACKED, MEMBERS))
    found = {file.name: _on_disk(look, folder / file.name, file.name, file.size) for file in tree.files}
    found |= {name: "tensors" for name in look.tensors if found.get(name) == "binary"}
    safe = set(found.values()) <= kinds.SAFE
    if MLMODEL in found:
        said = mlmodel.read(folder / MLMODEL)
        look.reasons[:0] = said.reasons
        named = f"mlflow {'+'.join(said.flavors) or 'unreadable'}"
        return Finding(named, _opening(look, safe=safe and said.data_only), _told(look), said.inputs)
    own = {kind for kind in found.values() if kind not in kinds.PLAIN} or set(found.values())
    return Finding(own.pop() if len(own) == 1 else "mixed", _opening(look, safe=safe), _told(look))


def content(tree: Tree, found: Finding, path: str) -> Content:
    """Files and what was found of them as one value; `path` is what they were called."""
    return Content(
        sha256=tree.sha256,
        size=tree.size,
        files=len(tree.files),
        format=found.format,
        opening=found.opening,
        reasons=found.reasons,
        path=path,
    )


def _opening(look: _Look, *, safe: bool) -> Opening:
    if look.reasons:
        return Opening.CODE
    return Opening.SAFE if safe else Opening.UNKNOWN


def _told(look: _Look) -> tuple[str, ...]:
    more = len(look.reasons) - _REASONS
    return (*look.reasons[:_REASONS], *([f"and {more} more"] if more > 0 else []))


def _on_disk(look: _Look, path: Path, name: str, size: int) -> str:
    with path.open("rb") as raw:

        def again() -> Stream:
            raw.seek(0)
            return Stream(raw, Budget(ON_DISK), jump=lambda step: raw.seek(step, io.SEEK_CUR) <= size)

        return _look_at(look, _File(name, size, again, Guarded(raw)))


def _look_at(look: _Look, file: _File) -> str:
    """The kind of a file that can be read again; what of it runs code is added to the look's reasons."""
    try:
        head = file.again().read(kinds.HEAD)
        pickle = _pickle_or_code(look, file.name, head, file.again())
        kind = _archive(look, file, head) or kinds.of_file(file.name, head, file.size, file.again)
        if kind == "npy":
            _numpy(look, file.name, file.again())
        if kind == "onnx":
            _onnx(look, file.name, file.again())
    except TooMuchError:
        look.cannot(file.name, "too much to look through")
        return "binary"
    return "pickle" if pickle and kind in {"binary", "text"} else kind


def _pickle_or_code(look: _Look, name: str, head: bytes, stream: Stream) -> bool:
    pickle = pickles.find(stream)
    if pickle:
        look.reasons.append(f"{name}: {_pickle_told(pickle)}")
    elif told := kinds.code(name, head):
        look.reasons.append(f"{name}: {told}")
    return pickle is not None


def _pickle_told(pickle: pickles.Pickle) -> str:
    if not pickle.imports:
        return "a pickle" if pickle.whole else "a pickle that cannot be read to its end"
    named = ", ".join(word.replace(" ", ".") for word in pickle.imports[:_NAMED])
    more = len(pickle.imports) - _NAMED
    others = f" and {more} more" if more > 0 else ""
    return f"a pickle that imports {named}{others}{'' if pickle.whole else ', and perhaps others'}"


def _archive(look: _Look, file: _File, head: bytes) -> str:
    """The kind of an archive or a compressed file, each file in it looked at; empty if it is none."""
    if told := archives.closed(head):
        look.cannot(file.name, told)
        return "compressed"
    if archives.is_zip(file.file):
        return _zip(look, file)
    if archives.is_tar(head):
        with look.careful(file.name):
            for member in archives.tar_members(file.file, look.budget):
                _inner(look, f"{file.name}!{member.name}", member.open, file.depth)
        return "tar"
    return _packed(look, file, head)


def _zip(look: _Look, file: _File) -> str:
    names, schema = [], b""
    with look.careful(file.name):
        for member in archives.zip_members(file.file, look.budget):
            name = f"{file.name}!{member.name}"
            names.append(member.name)
            if member.closed:
                look.cannot(name, member.closed)
                continue
            _inner(look, name, member.open, file.depth)
            if member.name == "schema.json":
                schema = Stream(member.open(), look.budget).read(_INNER)
    return kinds.of_zip(names, schema)


def _packed(look: _Look, file: _File, head: bytes) -> str:
    unpack = archives.unpacker(head)
    if unpack is None:
        return ""

    def opened() -> Readable:
        file.file.seek(0)
        return unpack(file.file)

    try:
        opened().read(1)
    except archives.BROKEN:
        return ""  # it only begins like one
    _inner(look, f"{file.name}!", opened, file.depth)
    return "compressed"


def _inner(look: _Look, name: str, opened: Callable[[], Readable], depth: int) -> None:
    """Look at a file inside of another one: as a stream, or in memory if it is an archive itself."""
    if depth >= DEPTH:
        look.cannot(name, "archives in archives in archives")
        return
    with look.careful(name):
        head = Stream(opened(), look.budget).read(kinds.HEAD)
        _pickle_or_code(look, name, head, Stream(opened(), look.budget))
        if head.startswith(b"\x93NUMPY"):
            _numpy(look, name, Stream(opened(), look.budget))
        elif told := archives.closed(head):
            look.cannot(name, told)
        elif head.startswith(b"PK") or archives.is_tar(head) or archives.unpacker(head):
            whole = Stream(opened(), look.budget).read(_INNER)
            if len(whole) == _INNER:
                look.cannot(name, "a large archive in an archive")
            else:
                memory = io.BytesIO(whole)
                again = lambda: Stream(io.BytesIO(whole), Budget(ON_DISK))  # noqa: E731
                _archive(look, _File(name, len(whole), again, Guarded(memory), depth + 1), head)


def _numpy(look: _Look, name: str, stream: Stream) -> None:
    if not kinds.holds_objects(kinds.numpy_header(stream)):
        return
    pickle = pickles.find(stream)
    look.reasons.append(
        f"{name}: an array of Python objects, {_pickle_told(pickle) if pickle else 'a pickle'}"
    )


def _onnx(look: _Look, name: str, stream: Stream) -> None:
    for place in onnx.places(stream):
        if onnx.escapes(place):
            raise RefusedError(
                f"{name} reads tensors from {place!r}, outside of its folder",
                doing="looking into the model",
                hint="save the model again with its tensors beside it",
            )
        look.tensors.add(str(PurePosixPath(name).parent / place))
