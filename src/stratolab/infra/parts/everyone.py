"""What every person may do, and may not do before he has proved himself with a second factor."""

from __future__ import annotations

from typing import Any

from stratolab.infra import names
from stratolab.infra.arns import everywhere, regional
from stratolab.infra.blocks.policies import Statement, all_but, allow

_WITHOUT_FACTOR = (
    "iam:CreateVirtualMFADevice",
    "iam:EnableMFADevice",
    "iam:GetMFADevice",
    "iam:GetUser",
    "iam:ListMFADevices",
    "iam:ListVirtualMFADevices",
    "iam:ResyncMFADevice",
    "sts:GetSessionToken",
)
"""What it takes to get a second factor, and nothing else."""
_OWN_KEYS = ("iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:ListAccessKeys", "iam:UpdateAccessKey")


def everyones(lab: str, *, access_keys: bool) -> list[Statement]:
    """What every person of the lab may do for himself."""
    return [
        nothing_without_second_factor(),
        enrol_own_factor(lab),
        make_a_factor(),
        lose_own_factor_with_it_only(lab),
        change_own_password(lab),
        know_the_rules(),
        sign_in_from_a_terminal(),
        find_the_lab(lab),
        *([keep_own_keys(lab)] if access_keys else []),
    ]


def nothing_without_second_factor() -> Statement:
    """Deny all but enrolling a factor to who has not used one.

    `BoolIfExists`, since a call with a long-lived key does not say at all whether there was one: with `Bool` it would
    pass. What a service does in a person's name, such as CloudFormation, does not say it either, and is let through.
    """
    unproved = {"aws:MultiFactorAuthPresent": "false", "aws:ViaAWSService": "false"}
    return all_but("Deny", "NothingWithoutSecondFactor", _WITHOUT_FACTOR, when={"BoolIfExists": unproved})


def enrol_own_factor(lab: str) -> Statement:
    """Switch on a factor of one's own."""
    actions = [
        "iam:EnableMFADevice",
        "iam:GetMFADevice",
        "iam:GetUser",
        "iam:ListMFADevices",
        "iam:ResyncMFADevice",
    ]
    return allow("EnrolOwnFactor", actions, _self(lab))


def make_a_factor() -> Statement:
    """Make a virtual factor, which belongs to nobody until it is switched on."""
    return allow("MakeFactor", ["iam:CreateVirtualMFADevice"], everywhere("iam", "mfa/*"))


def lose_own_factor_with_it_only(lab: str) -> Statement:
    """Switch off one's own factor, having just used it."""
    return allow(
        "LoseOwnFactor",
        ["iam:DeactivateMFADevice"],
        _self(lab),
        when={"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    )


def change_own_password(lab: str) -> Statement:
    """Change one's own password."""
    return allow("ChangeOwnPassword", ["iam:ChangePassword"], _self(lab))


def know_the_rules() -> Statement:
    """Read the rules for passwords, and which virtual factors there are."""
    return allow("KnowRules", ["iam:GetAccountPasswordPolicy", "iam:ListVirtualMFADevices"], "*")


def sign_in_from_a_terminal() -> Statement:
    """Get credentials of hours by way of the browser: `aws login`."""
    actions = ["signin:AuthorizeOAuth2Access", "signin:CreateOAuth2Token"]
    return allow("SignInFromTerminal", actions, regional("signin", "oauth2/public-client/*"))


def find_the_lab(lab: str) -> Statement:
    """Read what the lab publishes of itself: which buckets, queues and networks it has."""
    actions = ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"]
    return allow("FindTheLab", actions, regional("ssm", f"parameter{names.pathed('parameter', lab)}/*"))


def keep_own_keys(lab: str) -> Statement:
    """Make and withdraw one's own access keys, in a lab whose owner allows such keys."""
    return allow("KeepOwnKeys", _OWN_KEYS, _self(lab))


def _self(lab: str) -> Any:
    """The person's own user. The path is the lab's; the name is filled in when the policy is asked."""
    return everywhere("iam", f"user{names.people_path(lab)}${{!aws:username}}")
