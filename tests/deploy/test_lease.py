from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from tests.deploy.conftest import bucket, stack

from stratolab.core.errors import RefusedError
from stratolab.core.processes import alive, identity, machine
from stratolab.deploy import lease

BUCKET = "acme-code"


@pytest.fixture
def objects(account):
    account.up([stack("ground", {"Code": bucket(BUCKET)})])
    return account.tools.objects


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_only_one_applies_at_a_time(objects):
    clock = Clock()
    with lease.alone(objects, BUCKET, holder="ana@laptop", token="a", doing="up", clock=clock):
        clock.now += 60
        with (
            pytest.raises(RefusedError, match=r"ana@laptop is applying .*1m") as caught,
            lease.alone(objects, BUCKET, holder="bob@desk", token="b", doing="down", clock=clock),
        ):
            raise AssertionError
        assert "ends by itself in 1m" in caught.value.hint
    assert lease.held(objects, BUCKET) is None
    with lease.alone(objects, BUCKET, holder="bob@desk", token="b", doing="down", clock=clock):
        found = lease.held(objects, BUCKET)
        assert found is not None
        assert found[0].holder == "bob@desk"


def test_what_a_killed_command_left_ends_by_itself(objects):
    clock = Clock()
    held = lease.alone(objects, BUCKET, holder="ana@laptop", token="a", doing="up", clock=clock)
    held.__enter__()
    clock.now += lease.SECONDS + 1
    with lease.alone(objects, BUCKET, holder="bob@desk", token="b", doing="up", clock=clock):
        held.__exit__(None, None, None)  # ana's command wakes up: it does not take bob's lease away
        found = lease.held(objects, BUCKET)
        assert found is not None
        assert found[0].token == "b"


def test_what_a_killed_command_left_on_this_machine_is_over_at_once(objects):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        here = str(Path("/proc/self/ns/pid").readlink())
        left = lease.Lease("ana@laptop", "a", 990.0, 1100.0, "up", identity(child.pid), here)
        assert not left.over(1000.0)
        child.kill()
    objects.put(BUCKET, lease.KEY, json.dumps(asdict(left)).encode())
    with lease.alone(objects, BUCKET, holder="bob@desk", token="b", doing="up", clock=Clock()):
        found = lease.held(objects, BUCKET)
        assert found is not None
        assert found[0].holder == "bob@desk"


@pytest.mark.parametrize("beside", ["", "pid:[1]"])
def test_a_process_of_another_container_is_not_taken_for_dead(beside):
    """Its number means nothing here, even if its host has our name."""
    gone = f"{machine()}/999999999/1"
    assert alive(gone) is False
    assert not lease.Lease("ana@laptop", "a", 990.0, 1100.0, "up", gone, beside).over(1000.0)
    ours = str(Path("/proc/self/ns/pid").readlink())
    assert lease.Lease("ana@laptop", "a", 990.0, 1100.0, "up", gone, ours).over(1000.0)
    assert not lease.Lease("ana@laptop", "a", 990.0, 1100.0, "up", "nonsense", ours).over(1000.0)


def test_of_two_who_find_an_old_lease_one_gets_it(objects):
    clock = Clock()
    objects.put(BUCKET, lease.KEY, b'{"holder": "x", "token": "x", "since": 1, "until": 2}')
    found = objects.tagged(BUCKET, lease.KEY)
    assert found is not None
    with (
        lease.alone(objects, BUCKET, holder="ana", token="a", doing="up", clock=clock),
        pytest.raises(RefusedError),
    ):
        lease._take(objects, BUCKET, lease.Lease("bob", "b", 1000, 1120), clock)


def test_a_lease_that_cannot_be_read_is_as_good_as_none(objects):
    objects.put(BUCKET, lease.KEY, b"no json")
    with lease.alone(objects, BUCKET, holder="ana", token="a", doing="up", clock=Clock()):
        found = lease.held(objects, BUCKET)
        assert found is not None
        assert found[0].holder == "ana"
