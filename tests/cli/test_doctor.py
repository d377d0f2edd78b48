"""doctor, where there is a lab.toml: what it says of an account, and of one that it cannot see."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.emulator.control import ACCOUNT, REGION
from tests.emulator.people import allow, device_of, user
from tests.emulator.stacks import Stacks, template

from stratolab.aws.clients import Clients
from stratolab.lab.account import doctor
from stratolab.lab.aws import AwsLab

LAB = f"""
[lab]
name = "acme"
region = "{REGION}"
profile = "lab"
account = "{ACCOUNT}"

[budget]
mail = ["owner@mail.example"]
"""
NOBODY = {
    "AWS_ACCESS_KEY_ID": "",
    "AWS_SECRET_ACCESS_KEY": "",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "lab.toml").write_text(LAB)
    return tmp_path


@pytest.fixture
def checks(folder, emulator, monkeypatch):
    """The checks of the account, by name; as somebody, at some time."""

    def checks(key=None, clock=None, text=LAB):
        (folder / "lab.toml").write_text(text)
        if key:
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", key[0])
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key[1])
        found: dict[str, list[doctor.Check]] = {}
        more = {"clock": clock} if clock else {}
        for check in doctor.examine(AwsLab(folder / "lab.toml"), offline=False, **more):
            found.setdefault(check.name, []).append(check)
        return found

    return checks


def levels(found):
    return {name: [one.level for one in several] for name, several in found.items()}


def test_every_trouble_says_why_and_what_to_do(checks):
    found = [one for several in checks().values() for one in several]
    assert {one.name for one in found} >= {"credentials", "root user", "settings", "stacks", "quotas"}
    assert all(one.matters and one.fix for one in found if one.level != "ok")


def test_root_is_an_error_and_so_is_root_without_a_second_factor(checks):
    found = checks()
    assert found["credentials"][0].found.startswith("the root user's")
    assert found["root user"][0].found == "it has no second factor"
    assert levels(found)["credentials"] == levels(found)["root user"] == ["error"]


def test_a_user_with_all_that_is_needed(checks, emulator):
    key = user(emulator, "ana", allow("*"))
    device_of(emulator, "ana")
    found = checks(key)
    assert found["credentials"][0].level == "warning"  # a key that does not run out
    assert "stratolab shell" in found["credentials"][0].fix
    assert (found["second factor"][0].level, found["rights"][0].level) == ("ok", "ok")
    assert found["account"][0].found == f"{ACCOUNT}, as lab.toml says"
    assert found["people"][0].found == "with access keys: ana"


def test_what_a_user_may_not_deploy_is_named_with_the_group_that_may(checks, emulator):
    stacks = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/acme-network*"
    key = user(emulator, "ana", allow("cloudformation:*", on=stacks))
    (rights,) = checks(key)["rights"]
    assert rights.level == "warning"
    assert rights.found == "ana may not change: foundation, account, spending"
    assert "admins" in rights.fix
    key = user(emulator, "ben", allow("iam:*"))
    assert "admins, operators-network" in checks(key)["rights"][0].fix


def test_people_with_a_password_alone(checks, emulator):
    iam = emulator.client("iam")
    iam.create_user(UserName="ana")
    iam.create_login_profile(UserName="ana", Password="Wisent-harbour-17!")
    (found,) = checks()["people"]
    assert (found.level, found.found) == ("error", "with a password and no second factor: ana")


def test_old_keys_where_keys_are_wanted(checks, emulator):
    user(emulator, "robot", allow("s3:*"))
    text = LAB + "[access]\naccess_keys = true\n"
    assert levels(checks(text=text))["people"] == ["ok"]
    later = datetime.now(UTC) + timedelta(days=91)
    (found,) = checks(text=text, clock=later.timestamp)["people"]
    assert found.found == "with a key of more than 90 days: robot"


@pytest.mark.parametrize(
    ("seconds", "level"), [(0, "ok"), (120, "warning"), (-120, "warning"), (400, "error")]
)
def test_a_clock_that_is_off(checks, seconds, level):
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    assert levels(checks(clock=at.timestamp))["clock"] == [level]


def test_a_clock_that_is_so_far_off_that_aws_takes_no_call(checks, emulator):
    said = "Signature expired: 20261124T093000Z is now earlier than 20261124T103000Z"
    emulator.fault(call="sts:GetCallerIdentity", code="SignatureDoesNotMatch", status=403, reason=said)
    found = checks()
    assert list(found) == ["lab.toml", "clock"]
    assert "timedatectl" in found["clock"][0].fix


def test_credentials_that_run_out_soon_or_on_the_way(checks, emulator, monkeypatch):
    """R18: the rest is not looked at, and not taken to be well."""
    soon = datetime.now(UTC) + timedelta(minutes=5)
    monkeypatch.setenv("STRATOLAB_SHELL_UNTIL", soon.isoformat())
    key = user(emulator, "ana", allow("*"))
    assert "they run out in" in checks(key)["credentials"][0].found
    emulator.fault(call="iam:GetAccountSummary", code="ExpiredToken", status=403)
    found = checks(key)
    assert list(found)[-1] == "root user"
    assert (found["root user"][0].level, found["root user"][0].matters) == (
        "error",
        "the rest was not looked at",
    )


def test_settings_before_and_after_hardening(checks, cli, folder):
    (found,) = checks()["settings"]
    assert (found.level, found.fix) == ("warning", "stratolab account harden")
    assert "password-policy" in found.found
    assert cli("account", "harden", "--yes", folder=folder).code == 0
    assert levels(checks())["settings"] == ["ok"]


def test_stacks_as_they_stand(checks, emulator):
    stacks = Stacks(emulator)
    tags = [{"Key": "stratolab:lab", "Value": "acme"}]
    emulator.fault(type="AWS::SNS::Topic", step="create")
    ends = [
        stacks.deploy(name, template(T=("AWS::SNS::Topic", {})), Tags=tags)
        for name in ("acme-foundation", "acme-account", "acme-old")
    ]
    assert ends == ["ROLLBACK_COMPLETE", "CREATE_COMPLETE", "CREATE_COMPLETE"]
    found = {one.found: one for one in checks()["stacks"]}
    assert found["foundation: ROLLBACK_COMPLETE"].level == "error"
    assert found["acme-old is there, and lab.toml does not want it"].level == "warning"
    assert found["not there yet: spending, network.dev"].level == "warning"
    assert found["1 of 4 as they were last wanted"].level == "ok"


def test_a_quota_that_will_not_suffice_is_named_before_anything_is_made(checks, emulator):
    """P7."""
    assert levels(checks())["quotas"] == ["ok"]
    emulator.quota("vpc", "L-F678F1CE", 1)
    (found,) = checks()["quotas"]
    assert found.level == "error"
    assert "1 in use, 1 more wanted, and the quota is 1" in found.found
    assert "--quota-code L-F678F1CE --desired-value 2" in found.fix


def test_what_may_not_be_looked_at_is_said_and_the_rest_is(checks, emulator):
    emulator.fault(call="iam:GetAccountSummary", code="AccessDenied", reason="no")
    found = checks()
    assert found["root user"][0].found.startswith("not looked at")
    assert "quotas" in found


def test_the_region_of_other_tools(checks, emulator, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    (found,) = checks()["region"]
    assert found.level == "warning"
    assert "your AWS settings say eu-west-1" in found.found


def test_without_credentials_it_says_that_it_did_not_look(cli, folder):
    answer = cli("doctor", folder=folder, env=NOBODY)
    assert answer.code == 0, answer.out
    assert "account: not looked at: there are no AWS credentials here" in answer.out
    assert "fix: aws login" in answer.out
    offline = cli("doctor", "--offline", folder=folder)
    assert "account: not looked at, as --offline says" in offline.out


def test_without_a_network_it_says_so_soon(cli, folder):
    nowhere = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y",
    }
    answer = cli("doctor", folder=folder, env=nowhere, timeout=40)
    assert answer.code == 0, answer.out
    assert "account: not looked at: Could not connect" in answer.out


def test_a_wrong_file_and_a_wrong_account_are_errors(cli, folder, emulator):
    (folder / "lab.toml").write_text(LAB.replace(ACCOUNT, "999999999999"))
    answer = cli("doctor", "--json", folder=folder)
    assert answer.code == 1
    found = {one["name"]: one for one in json.loads(answer.out)["checks"]}
    assert found["account"]["level"] == "error"
    assert f"credentials are of account {ACCOUNT}" in found["account"]["found"]
    (folder / "lab.toml").write_text(LAB.replace("profile", "profil"))
    answer = cli("doctor", folder=folder)
    assert answer.code == 1
    assert "lab.toml" in answer.out
    assert "fix: stratolab config check" in answer.out


def test_what_it_says_of_a_new_account(cli, folder, emulator, snapshot):
    answer = cli("doctor", folder=folder)
    assert answer.code == 1
    told = answer.out.splitlines()
    start = next(number for number, line in enumerate(told) if "lab.toml:" in line)
    assert told[start:] == snapshot


def test_credentials_are_told_by_where_they_come_from(emulator, monkeypatch, home):
    kind = Clients(REGION).kind()
    assert (kind.method, kind.lasting, kind.until) == ("env", True, None)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(
        "[lab]\naws_access_key_id = x\naws_secret_access_key = y\naws_session_token = z\n"
    )
    monkeypatch.setenv("AWS_PROFILE", "lab")
    kind = Clients(REGION).kind()
    assert (kind.method, kind.profile, kind.lasting) == ("shared-credentials-file", "lab", False)
