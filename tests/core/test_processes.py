from __future__ import annotations

import subprocess
import sys

from stratolab.core import processes


def test_a_process_lives_until_it_ends():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        known = processes.identity(child.pid)
        assert processes.alive(known) is True
        child.communicate(b"\n")
    assert processes.alive(known) is False


def test_another_process_with_the_same_number_is_not_it():
    machine, pid, start = processes.identity().rsplit("/", 2)
    assert processes.alive(f"{machine}/{pid}/{int(start) + 1}") is False


def test_nothing_is_known_of_another_machine():
    assert processes.alive("elsewhere-0/1/1") is None
