r"""Pickles, found by what they would do and never run.

Whoever opens a pickle lets it import names and call them. Unpickling executes what stands before an error too,
so a pickle that breaks off is still one. Hence the opcodes are followed from the first byte on, with the depth of
the stack and the memo, for as long as a real unpickler would go on. It is a pickle if it has a pickle's header
and goes on, if something is done with an import, or if it ends as a pickle does. Plain text can look like the
oldest protocol ("cat\ndog\n"); an import counts there only if both of its words could be names in Python.

The names it would import are listed for a reader. The list is advice: what stands behind raw arrays (joblib) is
found by a search for the shape of an import, and a name may be put together while unpickling. The guard is the
signature (`stratolab.models.signing`), never this list.
"""

from __future__ import annotations

import pickletools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stratolab.models.streams import TooMuchError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stratolab.models.streams import Stream

OPCODES_LIMIT: Final = 500_000
GLOBALS_LIMIT: Final = 200
_LONGEST_NAME: Final = 1024  # bytes of a string that may be part of an import; longer ones are passed over
_CHUNK: Final = 1 << 20
_OVERLAP: Final = 256
_NEWEST: Final = 5

_OPCODES: Final = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}
_STRINGS: Final = {
    "SHORT_BINUNICODE",
    "BINUNICODE",
    "BINUNICODE8",
    "UNICODE",
    "SHORT_BINSTRING",
    "BINSTRING",
    "STRING",
}
_SAVES: Final = {"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"}
_LOADS: Final = {"GET", "BINGET", "LONG_BINGET"}
_IMPORTS: Final = {"GLOBAL", "INST"}
_ACTS: Final = {
    "REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD", "SETITEM", "SETITEMS", "APPEND", "APPENDS", "ADDITEMS",
}  # fmt: skip
_NAME: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_LATER: Final = re.compile(
    rb"\x8c.([\w.]{1,100})(?:\x94|q.|r....)?\x8c.([\w.]{1,100})(?:\x94|q.|r....)?\x93"
    rb"|c([A-Za-z_][\w.]{0,100})\n([A-Za-z_][\w.]{0,100})\n",
    re.DOTALL,
)
_MARK: Final = object()
_THING: Final = ""  # on the stack: anything but a mark and a string


@dataclass(frozen=True, slots=True)
class Pickle:
    """What a pickle would import ("os system"), sorted. `whole` is False where it could not be read to its end."""

    imports: tuple[str, ...] = ()
    whole: bool = True


@dataclass(slots=True)
class _Walk:
    """How far we are. Strings stand on the stack and in the memo as they are, everything else as `_THING`."""

    imports: set[str] = field(default_factory=set)
    stack: list[object] = field(default_factory=list)
    memo: dict[int, object] = field(default_factory=dict)
    header: bool = False
    imported: bool = False  # by words that could be names
    acted: bool = False  # something was done with an import
    count: int = 0
    stopped: bool = False

    @property
    def is_pickle(self) -> bool:
        """Whether this is enough to call it one, whatever follows."""
        return self.acted or (self.header and self.count > 1) or self.count >= OPCODES_LIMIT


def find(stream: Stream) -> Pickle | None:
    """The pickle that the stream is, from its first byte on; None if it is none.

    Raises `TooMuchError` if the budget ends before that is known.
    """
    walk = _Walk()
    try:
        _follow(stream, walk)
        while walk.stopped and stream.peek(1):  # several in a row, as in torch's old form
            walk.stopped, walk.stack, walk.memo = False, [], {}
            _follow(stream, walk)
        whole = walk.stopped and not stream.peek(1)
        if not whole and walk.is_pickle:
            _search(stream, walk.imports)
    except TooMuchError:
        if not walk.is_pickle:
            raise
        whole = False
    if not (walk.is_pickle or whole):
        return None
    found = sorted(walk.imports)
    return Pickle(tuple(found[:GLOBALS_LIMIT]), whole and len(found) <= GLOBALS_LIMIT)


def _follow(stream: Stream, walk: _Walk) -> None:
    """Go from opcode to opcode until the pickle ends, or until an unpickler would give up."""
    while walk.count < OPCODES_LIMIT:
        opcode = _OPCODES.get(stream.read(1))
        if opcode is None:
            return
        argument = _argument(stream, opcode)
        if argument is None or not _take(walk, opcode, argument):
            return
        walk.count += 1
        if opcode.name == "STOP":
            walk.stopped = True
            return


def _argument(stream: Stream, opcode: pickletools.OpcodeInfo) -> bytes | None:
    """The opcode's argument, cut where it is too long to be a name; None where the file ends before it does."""
    if opcode.arg is None:
        return b""
    size = opcode.arg.n
    if size == pickletools.UP_TO_NEWLINE:
        lines = [stream.line(_LONGEST_NAME) for _ in range(2 if opcode.name in _IMPORTS else 1)]
        return None if None in lines else b"".join(line for line in lines if line is not None)
    if size >= 0:
        argument = stream.read(size)
        return argument if len(argument) == size else None
    width = {pickletools.TAKEN_FROM_ARGUMENT1: 1, pickletools.TAKEN_FROM_ARGUMENT8U: 8}.get(size, 4)
    head = stream.read(width)
    if len(head) < width:
        return None
    length = int.from_bytes(head, "little")
    argument = stream.read(min(length, _LONGEST_NAME))
    rest = length - len(argument)
    return argument if not rest or (len(argument) == _LONGEST_NAME and stream.skip(rest)) else None


def _take(walk: _Walk, opcode: pickletools.OpcodeInfo, argument: bytes) -> bool:
    """Do to stack and memo what the opcode would; False where an unpickler raises an error."""
    name = opcode.name
    if name == "PROTO":
        walk.header = True
        return argument[0] <= _NEWEST
    if name in _SAVES or name in _LOADS or name == "DUP":
        return _remember(walk, name, argument)
    taken = _pop(walk.stack, opcode)
    if taken is None:
        return False
    if name in _IMPORTS:
        module, _, word = argument.decode("utf-8", "replace").strip("\n").partition("\n")
        _import(walk, module, word, sure=False)
    elif name == "STACK_GLOBAL":
        if _MARK in taken:
            return False
        _import(walk, *map(str, taken), sure=True)
    walk.acted = walk.acted or (walk.imported and name in _ACTS)
    if name in _STRINGS:
        walk.stack.append(argument.decode("utf-8", "replace").strip("\n'\""))
    else:
        walk.stack.extend(_MARK if kind is pickletools.markobject else _THING for kind in opcode.stack_after)
    return True


def _remember(walk: _Walk, name: str, argument: bytes) -> bool:
    """Put the top of the stack into the memo, or onto the stack once more; or something from the memo there."""
    index = _index(walk, name, argument)
    if name in _LOADS:
        walk.stack.extend([walk.memo[index]] if index in walk.memo else [])
        return index in walk.memo
    if not walk.stack:
        return False
    if name == "DUP":
        walk.stack.append(walk.stack[-1])
    else:
        walk.memo[index] = walk.stack[-1]
    return True


def _import(walk: _Walk, module: str, name: str, *, sure: bool) -> None:
    if sure or (_NAME.fullmatch(module) and _NAME.fullmatch(name)):
        walk.imported = True
        walk.imports.add(f"{module or '?'} {name or '?'}")


def _pop(stack: list[object], opcode: pickletools.OpcodeInfo) -> list[object] | None:
    """What the opcode takes from the stack; None if it is not there."""
    before = opcode.stack_before
    if opcode.name == "POP" and stack and stack[-1] is _MARK:
        return [stack.pop()]
    if pickletools.markobject in before:
        for place in range(len(stack) - 1, -1, -1):
            if stack[place] is _MARK:
                below = before.index(pickletools.markobject)
                start = max(0, place - below)
                taken = stack[start:]
                del stack[start:]
                return taken
        return None
    if len(stack) < len(before):
        return None
    taken = stack[len(stack) - len(before) :]
    del stack[len(stack) - len(before) :]
    return taken


def _index(walk: _Walk, name: str, argument: bytes) -> int:
    if name == "MEMOIZE":
        return len(walk.memo)
    if name not in {"PUT", "GET"}:
        return int.from_bytes(argument, "little")
    try:
        return int(argument)
    except ValueError:
        return -1


def _search(stream: Stream, found: set[str]) -> None:
    """Imports by their shape, in what could not be followed."""
    for window in _windows(stream):
        for match in _LATER.finditer(window):
            module, name = (match[1], match[2]) if match[1] else (match[3], match[4])
            found.add(f"{module.decode('latin-1')} {name.decode('latin-1')}")
        if len(found) > GLOBALS_LIMIT:
            return


def _windows(stream: Stream) -> Iterator[bytes]:
    tail = b""
    while chunk := stream.read(_CHUNK):
        yield tail + chunk
        tail = chunk[-_OVERLAP:]
