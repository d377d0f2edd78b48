"""plan, up, status, outputs, drift, down: as typed, on the emulator."""

from __future__ import annotations

import json
import time

import pytest
from tests.cli.terminal import on_a_terminal
from tests.emulator.control import ACCOUNT, REGION

from stratolab.deploy import lease

LAB = f"""
[lab]
name = "acme"
region = "{REGION}"
profile = "lab"
"""
NOBODY = {
    "AWS_ACCESS_KEY_ID": "",
    "AWS_SECRET_ACCESS_KEY": "",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}


@pytest.fixture
def lab(tmp_path):
    """A maker of folders with a lab.toml."""

    def make(text: str = LAB):
        (tmp_path / "lab.toml").write_text(text)
        return tmp_path

    return make


def test_without_a_lab_the_next_step_is_named(cli):
    answer = cli("plan")
    assert answer.code == 2
    assert "stratolab lab init" in answer.err


def test_a_plan_needs_no_account_and_reads_the_same_each_time(cli, lab):
    root = lab()
    answer = cli("plan", "--offline", folder=root)
    assert answer.code == 0, answer.err
    assert "an account that is still empty" in answer.out
    assert "foundation  create" in answer.out
    assert cli("plan", "--offline", folder=root).out == answer.out
    asked = cli("plan", folder=root, env=NOBODY)
    assert asked.out == answer.out
    assert "no AWS credentials" in asked.err
    markdown = cli("plan", "--offline", "--markdown", folder=root).out
    assert markdown.startswith("### Plan for the lab `acme`")
    found = json.loads(cli("plan", "--offline", "--json", folder=root).out)
    assert {stack["step"] for stack in found["stacks"]} == {"create"}
    assert cli("plan", "--offline", "--check", folder=root).code == 1


def test_a_plan_is_folded_to_the_terminal_and_tells_rights_in_short(lab):
    code, shown = on_a_terminal("plan", "--offline", folder=lab(), columns=80)
    assert code == 0, shown
    lines = shown.splitlines()
    assert [line for line in lines if len(line) > 80 and len(line.split()) > 2] == []
    (price,) = (place for place, line in enumerate(lines) if line.startswith("Price:"))
    assert lines[price + 1].startswith("  ")
    (admins,) = (line for line in lines if line.startswith("  group acme-admins: "))
    assert "changes access-analyzer, " in admins


@pytest.mark.usefixtures("emulator")
def test_a_stack_without_what_it_stands_on_is_not_passed_over(cli, lab):
    answer = cli("up", "account", "--yes", folder=lab(), timeout=100)
    assert answer.code == 2, answer.err
    assert "account cannot be made without foundation, which is not there" in answer.err
    assert "stratolab up foundation account" in answer.err


def test_a_wrong_configuration_is_shown_with_file_and_key(cli, lab):
    answer = cli("plan", "--offline", folder=lab(LAB.replace("profile", "profil")))
    assert answer.code == 2
    assert "lab.toml:5" in answer.err
    assert "profile" in answer.err


def test_an_unknown_stack_gets_the_nearest(cli, lab):
    answer = cli("plan", "foundatoin", "--offline", folder=lab())
    assert answer.code == 2
    assert "foundation" in answer.err


def test_another_account_than_the_labs_is_refused_before_anything_is_sent(cli, lab, emulator):
    answer = cli("up", "--yes", folder=lab(LAB + 'account = "999999999999"\n'))
    assert answer.code == 3
    assert f"these credentials are of account {ACCOUNT}, the lab is in 999999999999" in answer.err
    assert emulator.client("cloudformation").describe_stacks()["Stacks"] == []


def test_a_lab_begins_with_its_file(cli, tmp_path):
    words = ("lab", "init", "ground", "--name", "acme", "--region", REGION, "--environments", "dev,prod")
    answer = cli(*words, "--mail", "owner@mail.example", "--defaults", folder=tmp_path)
    assert answer.code == 0, answer.err
    assert "stratolab plan" in answer.err
    plan = cli("plan", "--offline", "--json", folder=tmp_path / "ground")
    assert [one["key"] for one in json.loads(plan.out)["stacks"]] == [
        "foundation",
        "account",
        "spending",
        "network.dev",
        "network.prod",
    ]
    again = cli(*words, folder=tmp_path)
    assert again.code == 3
    wrong = cli("lab", "init", "other", "--name", "Not A Name", "--region", REGION, folder=tmp_path)
    assert wrong.code == 2
    assert "lab.name" in wrong.err
    assert not (tmp_path / "other" / "lab.toml").exists()


def test_policies_can_be_read(cli, lab):
    root = lab()
    listed = cli("lab", "policy", folder=root).out
    assert "operators-network" in listed
    found = json.loads(cli("lab", "policy", "people", folder=root).out)
    assert {one["Effect"] for one in found["Statement"]} == {"Allow", "Deny"}
    assert "Fn::" not in json.dumps(found)
    assert cli("lab", "policy", "operators-netwrok", folder=root).code == 2


@pytest.mark.timeout(300)
def test_a_lab_comes_changes_and_goes(cli, lab, emulator):
    root = lab()
    unasked = cli("up", "foundation", folder=root)
    assert unasked.code == 3
    assert "--yes" in unasked.err

    made = cli("up", "--yes", "--json", folder=root, timeout=200)
    assert made.code == 0, made.err
    assert json.loads(made.out)["outputs"]["foundation"]["DataBucket"].startswith("acme-data-")
    assert "foundation: done in" in made.err
    assert cli("plan", "--check", folder=root).code == 0
    status = json.loads(cli("status", "--json", folder=root).out)
    assert {stack["status"] for stack in status["stacks"]} == {"CREATE_COMPLETE"}
    bucket = cli("outputs", "--get", "foundation.DataBucket", folder=root).out.strip()
    assert bucket.startswith("acme-data-")
    assert bucket in cli("outputs", folder=root).out

    drifted = cli("drift", folder=root)
    assert (drifted.code, drifted.out.splitlines()) == (0, ["no drift in 4 stacks"])
    policy = emulator.client("s3").get_bucket_policy(Bucket=bucket)["Policy"]
    emulator.client("s3").delete_bucket_policy(Bucket=bucket)
    drifted = cli("drift", "foundation", folder=root)
    assert drifted.code == 1
    assert "DataBucketPolicy" in drifted.out
    emulator.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)

    lab(LAB + "[buckets]\nold_versions = 30\n")
    assert "LifecycleConfiguration" in cli("plan", folder=root).out
    assert cli("up", "--yes", folder=root, timeout=200).code == 0
    assert cli("plan", "--check", folder=root).code == 0

    emulator.client("s3").put_object(Bucket=bucket, Key="a", Body=b"1")
    shown = cli("down", "--dry-run", folder=root)
    assert f"bucket {bucket}: 1 object" in shown.out
    wrong = cli("down", "--yes", "--delete-data", "other", folder=root)
    assert wrong.code == 2
    somebody = {"holder": "bob@desk, process 7", "token": "b", "since": 1, "until": time.time() + 600}
    code = cli("outputs", "--get", "foundation.CodeBucket", folder=root).out.strip()
    emulator.client("s3").put_object(Bucket=code, Key=lease.KEY, Body=json.dumps(somebody).encode())
    busy = cli("down", "--yes", "--delete-data", "acme", folder=root)
    assert (busy.code, "bob@desk, process 7 is applying to this lab" in busy.err) == (3, True)
    emulator.client("s3").delete_object(Bucket=code, Key=lease.KEY)
    gone = cli("down", "--yes", "--delete-data", "acme", folder=root, timeout=200)
    assert gone.code == 0, gone.err
    ended = cli("down", folder=root).out
    assert "no stack of the lab acme is in account" in ended
    assert "nothing of the lab acme is left" in ended
    again = cli("down", "spending", folder=root)
    assert (again.code, again.out.splitlines()) == (
        0,
        [f"no stack spending is in account {ACCOUNT}", "nothing of what was deleted is left"],
    )
    assert cli("down", "spendign", folder=root).code == 2
