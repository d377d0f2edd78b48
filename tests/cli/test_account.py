"""account harden: as typed, on the emulator."""

from __future__ import annotations

import json

import pytest
from tests.emulator.control import ACCOUNT, REGION

from stratolab.aws.clients import Clients
from stratolab.aws.settings import settings

LAB = f'[lab]\nname = "acme"\nregion = "{REGION}"\nprofile = "lab"\n'


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "lab.toml").write_text(LAB)
    return tmp_path


def there():
    """What the account's settings are."""
    return {name: one.read() for name, one in settings(Clients(REGION), ACCOUNT).items()}


def states(answer):
    return {one["name"]: one["state"] for one in json.loads(answer.out)["settings"]}


def test_it_shows_sets_keeps_what_was_and_puts_it_back(cli, lab, emulator, snapshot):
    before = there()
    shown = cli("account", "harden", "--dry-run", folder=lab)
    assert shown.code == 0, shown.err
    assert shown.out == snapshot
    assert there() == before
    assert not list(lab.glob("*.undo.json"))

    unasked = cli("account", "harden", folder=lab)
    assert unasked.code == 3
    assert "--yes" in unasked.err
    assert there() == before

    done = cli("account", "harden", "--yes", "--json", folder=lab)
    assert done.code == 0, done.err
    assert set(states(done).values()) == {"changed"}
    (kept,) = lab.glob("*.undo.json")
    assert json.loads(done.out)["undo"] == str(kept)
    assert kept.stat().st_mode & 0o777 == 0o600
    after = there()
    assert after["password-policy"]["MinimumPasswordLength"] == 14
    assert (after["alias"], after["ebs-encryption"]) == ("acme", True)

    again = cli("account", "harden", folder=lab)
    assert (again.code, again.out) == (
        0,
        f"account {ACCOUNT} in {REGION}: nothing to do, 8 settings as wanted\n",
    )
    assert there() == after

    back = cli("account", "harden", "--undo", kept.name, "--yes", folder=lab)
    assert back.code == 0, back.err
    assert "was changed again" not in back.err
    assert there() == before
    assert len(list(lab.glob("*.undo.json"))) == 1


def test_what_is_stricter_stays(cli, lab, emulator):
    iam = emulator.client("iam")
    iam.update_account_password_policy(MinimumPasswordLength=20, MaxPasswordAge=30, PasswordReusePrevention=5)
    iam.create_account_alias(AccountAlias="theirs")
    assert cli("account", "harden", "--yes", folder=lab).code == 0
    found = there()
    assert found["alias"] == "theirs"
    policy = found["password-policy"]
    assert (policy["MinimumPasswordLength"], policy["MaxPasswordAge"]) == (20, 30)
    assert policy["PasswordReusePrevention"] == 24


def test_a_setting_that_fails_does_not_stop_the_others_and_is_made_the_next_time(cli, lab, emulator):
    emulator.fault(call="ec2:EnableEbsEncryptionByDefault", code="InternalError", status=400)
    broken = cli("account", "harden", "--yes", "--json", folder=lab)
    assert broken.code == 4
    assert "7 of 8 set; the same command again goes on with the rest" in broken.err
    assert "setting the account's ebs-encryption" in broken.err
    assert states(broken)["ebs-encryption"] == "failed"
    again = cli("account", "harden", "--yes", "--json", folder=lab)
    assert again.code == 0, again.err
    assert [name for name, state in states(again).items() if state == "changed"] == ["ebs-encryption"]


def test_a_right_that_lacks_is_named(cli, lab, emulator):
    emulator.fault(call="ec2:EnableImageBlockPublicAccess", code="UnauthorizedOperation", reason="no")
    emulator.fault(call="iam:UpdateAccountPasswordPolicy", code="AccessDenied", reason="no")
    denied = cli("account", "harden", "--yes", "--json", folder=lab)
    assert denied.code == 4
    assert "ec2:EnableImageBlockPublicAccess, iam:UpdateAccountPasswordPolicy" in denied.err
    rights = {one["name"]: one["right"] for one in json.loads(denied.out)["settings"]}
    assert rights["image-sharing"] == "ec2:EnableImageBlockPublicAccess"
    assert rights["alias"] is None


def test_what_may_not_be_read_is_named_and_the_rest_is_set(cli, lab, emulator):
    emulator.fault(call="iam:ListAccountAliases", code="AccessDenied", reason="no")
    answer = cli("account", "harden", "--yes", "--json", folder=lab)
    assert answer.code == 4
    assert "iam:ListAccountAliases" in answer.err
    assert states(answer)["alias"] == "unread"
    assert states(answer)["ebs-encryption"] == "changed"


@pytest.mark.parametrize("call", ["iam:CreateAccountAlias", "ec2:EnableEbsEncryptionByDefault"])
def test_credentials_that_run_out_on_the_way_stop_it_and_it_goes_on_with_others(cli, lab, emulator, call):
    """R18: what was there is in the undo file, nothing is tried any more, the next run does what is left."""
    before = there()
    emulator.fault(call=call, code="ExpiredToken", status=403, reason="The token has expired")
    stopped = cli("account", "harden", "--yes", folder=lab)
    assert stopped.code == 4
    assert "aws login" in stopped.err
    assert "of 8 set; the same command again goes on with the rest" in stopped.err
    assert cli("account", "harden", "--yes", folder=lab).code == 0
    assert cli("account", "harden", folder=lab).out.endswith("8 settings as wanted\n")
    for kept in sorted(lab.glob("*.undo.json"), reverse=True):
        assert cli("account", "harden", "--undo", kept.name, "--yes", folder=lab).code == 0
    assert there() == before


def test_throttling_is_waited_for(cli, lab, emulator):
    """R16, as far as a verb about the account meets it."""
    emulator.fault(call="iam:*", code="Throttling", reason="Rate exceeded", times=3)
    emulator.fault(call="ec2:*", code="RequestLimitExceeded", status=503, reason="slower", times=3)
    answer = cli("account", "harden", "--yes", "--json", folder=lab, timeout=90)
    assert answer.code == 0, answer.err
    assert set(states(answer).values()) == {"changed"}


def test_a_file_of_another_account_is_refused(cli, lab, emulator):
    assert cli("account", "harden", "--yes", folder=lab).code == 0
    (kept,) = lab.glob("*.undo.json")
    kept.write_text(kept.read_text().replace(ACCOUNT, "999999999999"))
    answer = cli("account", "harden", "--undo", kept.name, "--yes", folder=lab)
    assert answer.code == 3
    assert "is of account 999999999999" in answer.err


def test_a_change_made_since_is_pointed_out_before_it_is_lost(cli, lab, emulator):
    assert cli("account", "harden", "--yes", folder=lab).code == 0
    (kept,) = lab.glob("*.undo.json")
    emulator.client("iam").update_account_password_policy(MinimumPasswordLength=30)
    answer = cli("account", "harden", "--undo", kept.name, folder=lab)
    assert answer.code == 3
    assert "password-policy was changed again after" in answer.err
    assert there()["password-policy"]["MinimumPasswordLength"] == 30
