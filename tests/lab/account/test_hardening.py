"""The rules of an account's settings: never looser than found, and nothing to do the second time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.config.labs.load import lab_from_mapping
from stratolab.lab.account.hardening import wanted

NAMES = (
    "password-policy",
    "alias",
    "s3-public-access-block",
    "ebs-encryption",
    "snapshot-sharing",
    "image-sharing",
    "instance-metadata",
    "ecs-tag-rights",
    "default-group:vpc-1",
)
POLICIES = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "MinimumPasswordLength": st.integers(6, 128),
        "PasswordReusePrevention": st.integers(1, 24),
        "MaxPasswordAge": st.integers(1, 1095),
        "RequireSymbols": st.booleans(),
        "RequireNumbers": st.booleans(),
        "HardExpiry": st.booleans(),
        "AllowUsersToChangePassword": st.booleans(),
    },
)


def lab(name="acme", alias=None, **access):
    given = {"name": name, "region": "eu-central-1", **({"alias": alias} if alias else {})}
    return lab_from_mapping({"lab": given, "access": access}, "lab.toml")


@pytest.mark.parametrize("name", NAMES)
def test_what_was_set_needs_nothing_more(name):
    after = wanted(name, None, lab())
    assert after is not None
    assert wanted(name, after, lab()) == after


@given(before=POLICIES, days=st.integers(0, 1095))
def test_rules_for_passwords_never_become_looser(before, days):
    after = wanted("password-policy", before, lab(password_days=days))
    there = before or {}
    assert after["MinimumPasswordLength"] >= max(14, there.get("MinimumPasswordLength", 0))
    assert after["PasswordReusePrevention"] == 24
    assert all(after[key] for key in ("RequireSymbols", "RequireNumbers", "RequireUppercaseCharacters"))
    assert after.get("HardExpiry") == there.get("HardExpiry")
    ages = [age for age in (there.get("MaxPasswordAge"), days) if age]
    assert after.get("MaxPasswordAge") == min(ages, default=None)
    assert wanted("password-policy", after, lab(password_days=days)) == after


@pytest.mark.parametrize(
    ("before", "given", "after"),
    [
        (None, lab(), "acme"),
        (None, lab("ab"), "ab-lab"),
        ("theirs", lab(), "theirs"),
        ("theirs", lab(alias="ours"), "ours"),
    ],
)
def test_a_name_that_people_sign_in_with_stays_unless_the_file_gives_one(before, given, after):
    assert wanted("alias", before, given) == after


def test_a_chosen_number_of_hops_stays():
    after = wanted("instance-metadata", {"HttpTokens": "optional", "HttpPutResponseHopLimit": 2}, lab())
    assert after == {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
