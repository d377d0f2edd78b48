"""What the owner of a lab may do by hand, against what the verbs about the account call."""

from __future__ import annotations

from tests.infra.policies import account, allowing, listed, of_group

from stratolab.aws.clients import Clients
from stratolab.aws.settings import settings


def test_admins_may_read_and_set_every_setting_of_the_account_and_put_it_back(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    template = account()
    statements = of_group(template, "AdminsGroup")
    for setting in settings(Clients("eu-central-1"), "111122223333").values():
        for action in (*setting.reading, *setting.writing, *setting.undoing):
            assert allowing(statements, action), f"{setting.name}: {action}"


def test_what_makes_an_account_less_safe_takes_a_second_factor():
    statements = of_group(account(), "AdminsGroup")
    (back,) = [one for one in statements if "iam:DeleteAccountPasswordPolicy" in listed(one["Action"])]
    assert back["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
