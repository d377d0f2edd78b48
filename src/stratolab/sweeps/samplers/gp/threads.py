"""One thread for linear algebra while a question is answered.

On matrices of a few hundred rows the BLAS's own threads cost more than they give: beside two busy trials they were
seen to multiply a question's CPU time by 3 to 9, because they spin while they wait for each other. NumPy's wheels bring
OpenBLAS, whose number of threads can be asked and set at any time; under another BLAS nothing is changed. One thread
also rounds the same way on every machine with that processor.
"""

from __future__ import annotations

import ctypes
import threading
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NAMES = (
    ("scipy_openblas_get_num_threads64_", "scipy_openblas_set_num_threads64_"),
    ("openblas_get_num_threads64_", "openblas_set_num_threads64_"),
    ("openblas_get_num_threads", "openblas_set_num_threads"),
)


class _Users:
    """How many questions are being answered now, and how many threads to go back to after the last."""

    lock = threading.Lock()
    count = 0
    before = 1


@contextmanager
def one_thread() -> Iterator[None]:
    """Let NumPy use one thread within; for all threads of this process, and back when the last user leaves."""
    controls = _controls()
    if controls is None:
        yield
        return
    read, write = controls
    with _Users.lock:
        if _Users.count == 0:
            _Users.before = read()
            write(1)
        _Users.count += 1
    try:
        yield
    finally:
        with _Users.lock:
            _Users.count -= 1
            if _Users.count == 0:
                write(_Users.before)


@cache
def _controls() -> tuple[Callable[[], int], Callable[[int], object]] | None:
    """How to read and write the number of threads of the OpenBLAS that NumPy brought; None if it brought none."""
    package = Path(np.__file__).parent
    for folder in (package.parent / "numpy.libs", package / ".dylibs"):
        for path in sorted(folder.glob("*openblas*")):
            try:
                library = ctypes.CDLL(str(path))  # loaded already: this finds it again
            except OSError:
                continue
            for read, write in _NAMES:
                if hasattr(library, read) and hasattr(library, write):
                    return getattr(library, read), getattr(library, write)
    return None
