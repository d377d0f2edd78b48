from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from tests.jobs.engines.test_slots import task

from stratolab.jobs.engines.verdict import RETRIED, KernelKills, judge
from stratolab.jobs.models import Reason

if TYPE_CHECKING:
    from pathlib import Path


class Killed(KernelKills):
    """A kernel that has killed so many."""

    def __init__(self, count: int) -> None:
        super().__init__(time.monotonic)
        self.count = count

    def now(self) -> int:
        return self.count


def verdict(status: int | None, *, home: Path, log: bytes = b"", kills: int = 0, **more: object) -> Reason:
    one = task("job")
    one.home, one.exit_status, one.oom_before = str(home), status, 3
    for name, value in more.items():
        setattr(one, name, value)
    (home / "log").write_bytes(log)
    return Reason(judge(one, Killed(kills))[0])


EXIT_1 = 1 << 8

LAST_LINES = {
    b"MemoryError\n": Reason.OUT_OF_MEMORY,
    b"MemoryError: too much": Reason.OUT_OF_MEMORY,
    b"x\nnumpy._core._exceptions._ArrayMemoryError: Unable to allocate 8. TiB\n\n": Reason.OUT_OF_MEMORY,
    b"MemoryError\nbut then something else": Reason.EXIT,
    b"torch.OutOfMemoryError: CUDA out of memory": Reason.EXIT,  # of the GPU: more memory does not help
    b"\xff\xfe\x00": Reason.EXIT,
    b"": Reason.EXIT,
}


@pytest.mark.parametrize(("log", "reason"), LAST_LINES.items())
def test_last_lines(tmp_path: Path, log: bytes, reason: Reason) -> None:
    assert verdict(EXIT_1, home=tmp_path, log=log) is reason


def test_an_earlier_attempt_s_last_line_does_not_count(tmp_path: Path) -> None:
    log = b"MemoryError\n"
    assert verdict(EXIT_1, home=tmp_path, log=log, log_start=len(log)) is Reason.EXIT


def test_the_kernel_s_killer(tmp_path: Path) -> None:
    assert verdict(9, home=tmp_path, kills=3) is Reason.SIGNAL
    assert verdict(9, home=tmp_path, kills=4) is Reason.OUT_OF_MEMORY
    assert verdict(15, home=tmp_path, kills=4) is Reason.SIGNAL
    assert verdict(9, home=tmp_path, kills=4, asked_end="cancelled") is Reason.CANCELLED


def test_no_log(tmp_path: Path) -> None:
    assert verdict(EXIT_1, home=tmp_path, log_start=10**9) is Reason.EXIT
    assert judge(task("job"), Killed(0))[0] == Reason.LOST


def test_the_kernel_s_count() -> None:
    now = 0.0
    kills = KernelKills(lambda: now)
    assert kills.lately() == kills.now() >= 0


def test_reasons_are_those_of_the_models() -> None:
    assert {Reason(word) for word in RETRIED} == {Reason.EXIT, Reason.SIGNAL, Reason.OUT_OF_MEMORY}
