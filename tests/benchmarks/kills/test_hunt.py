"""The killer at work on our own sweep, and what it would count of a search that loses and doubles points."""

import sys
from dataclasses import dataclass

import pytest

from benchmarks.kills.hunt import Hunt, hunt
from benchmarks.kills.sides import Ours, Told


@pytest.mark.timeout(300)
def test_our_sweep_loses_nothing_to_a_kill(tmp_path):
    loss = hunt(Ours(), tmp_path, Hunt(points=8, drivers=1, kills=1, seed=2))
    assert (loss.points, loss.lost, loss.doubled, loss.running, loss.hung) == (8, 0, 0, 0, 0)


@dataclass
class Forgetful:
    """Evaluates all points in one go, starts over when killed, and tells what it is told to tell."""

    complete: list[int]

    def prepare(self, task):
        """Nothing to prepare."""

    def driver(self, task):
        code = (
            "import sys, time\n"
            f"for point in range({task.points}):\n"
            f"    time.sleep({task.seconds})\n"
            f"    print(point, file=open({str(task.note)!r}, 'a'), flush=True)\n"
        )
        return [sys.executable, "-I", "-S", "-c", code]

    def told(self, task):  # noqa: ARG002 - it tells what it was told to tell
        return Told(self.complete, running=1)


def test_losses_doubles_and_repeats_are_counted(tmp_path):
    loss = hunt(Forgetful([0, 1, 1, 2, 99]), tmp_path, Hunt(points=6, drivers=1, kills=0, seed=1))
    assert (loss.lost, loss.doubled, loss.running, loss.kills) == (3, 1, 1, 0)
    assert loss.repeated == 6  # the driver at the end, which finds what is left, does it all again


def test_a_killed_driver_is_followed_by_another(tmp_path):
    loss = hunt(Forgetful([]), tmp_path, Hunt(points=20, drivers=1, kills=2, seed=5))
    assert loss.kills in {1, 2}
    assert loss.repeated > 20
