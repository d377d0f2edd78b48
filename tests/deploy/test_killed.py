"""An `up` or `down` that was killed at any labelled point is finished by typing it again (row P2); two at once (P3)."""

from __future__ import annotations

import json
import signal

import pytest
from tests.emulator.control import REGION

PROJECT = '[projects.ws]\nsecrets = ["token"]\n'
VALUE = "a value that outlives the lab"
LAB = f'[lab]\nname = "acme"\nregion = "{REGION}"\nprofile = "lab"\n'


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "lab.toml").write_text(LAB)
    return tmp_path


def statuses(cli, lab):
    answer = cli("status", "--json", folder=lab)
    assert answer.code == 0, answer.err
    return {one["stack"]: one["status"] for one in json.loads(answer.out)["stacks"]}


@pytest.mark.timeout(200)
@pytest.mark.parametrize("label", ["up.before-change-set", "up.before-execute", "up.executing"])
def test_an_up_that_was_killed_goes_on(cli, lab, emulator, label):
    emulator.fault(
        type="AWS::S3::Bucket", step="create", reason="", seconds=1
    )  # so that AWS is still at work
    killed = cli("up", "foundation", "--yes", folder=lab, env={"STRATOLAB_CRASH_AT": label})
    assert killed.code == -signal.SIGKILL
    again = cli("up", "foundation", "--yes", folder=lab, timeout=120)
    assert again.code == 0, again.err
    assert statuses(cli, lab)["foundation"] == "CREATE_COMPLETE"
    assert len(emulator.client("cloudformation").describe_stacks()["Stacks"]) == 1
    assert cli("plan", "foundation", "--check", folder=lab).code == 0


@pytest.mark.timeout(200)
@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("label", ["up.before-import", "up.importing"])
def test_an_up_that_was_killed_while_it_took_in_what_was_kept_goes_on(cli, lab, label):
    (lab / "lab.toml").write_text(LAB + PROJECT)
    assert cli("up", "--yes", folder=lab, timeout=120).code == 0
    assert cli("secrets", "set", "ws/token", folder=lab, typed=VALUE).code == 0
    assert cli("down", "--yes", "--delete-data", "acme", folder=lab, timeout=120).code == 0
    planned = cli("plan", folder=lab)
    assert "3 to import" in planned.out, planned.out
    killed = cli("up", "--yes", folder=lab, env={"STRATOLAB_CRASH_AT": label}, timeout=120)
    assert killed.code == -signal.SIGKILL
    again = cli("up", "--yes", folder=lab, timeout=120)
    assert again.code == 0, again.err
    assert cli("plan", "--check", folder=lab).code == 0
    assert cli("secrets", "get", "ws/token", "--show", folder=lab).out.strip() == VALUE


@pytest.mark.timeout(200)
@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("label", ["down.before-delete", "down.deleting"])
def test_a_down_that_was_killed_goes_on(cli, lab, label):
    assert cli("up", "foundation", "--yes", folder=lab, timeout=120).code == 0
    words = ("down", "--yes", "--delete-data", "acme")
    killed = cli(*words, folder=lab, env={"STRATOLAB_CRASH_AT": label})
    assert killed.code == -signal.SIGKILL
    again = cli(*words, folder=lab, timeout=120)
    assert again.code == 0, again.err
    assert statuses(cli, lab)["foundation"] is None


@pytest.mark.timeout(200)
def test_two_at_once_make_one_lab(cli, lab, emulator):
    emulator.fault(type="AWS::S3::Bucket", step="create", reason="", seconds=1)
    first = cli.start("up", "foundation", "--yes", folder=lab)
    second = cli.start("up", "foundation", "--yes", folder=lab)
    told = [process.communicate(timeout=120) for process in (first, second)]
    ends = {first.returncode, second.returncode}
    assert 0 in ends, told
    assert ends <= {0, 3}, told
    assert statuses(cli, lab)["foundation"] == "CREATE_COMPLETE"


@pytest.mark.timeout(200)
def test_ctrl_c_tells_what_aws_goes_on_with(cli, lab, emulator):
    emulator.fault(type="AWS::S3::Bucket", step="create", reason="", seconds=4)
    process = cli.start("up", "foundation", "--yes", folder=lab)
    for line in process.stderr:
        if "creating" in line:
            break
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    assert process.wait(timeout=30) == 130
    assert "AWS is still creating foundation" in said
    assert "the same command again goes on" in said
    again = cli("up", "foundation", "--yes", folder=lab, timeout=120)
    assert again.code == 0, again.err
