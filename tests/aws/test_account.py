"""Who we are, who signs in, and the settings that CloudFormation cannot make."""

from __future__ import annotations

import pytest
from tests.emulator.control import ACCOUNT

from stratolab.aws.identity import Caller, Identity
from stratolab.aws.parameters import Parameters
from stratolab.aws.people import People
from stratolab.aws.quotas import Quotas
from stratolab.aws.settings import default_groups, settings


def test_who_we_are(clients):
    caller = Identity(clients.of("sts")).caller()
    assert caller.account == ACCOUNT
    assert caller.partition == "aws"


@pytest.mark.parametrize(
    ("arn", "root", "name"),
    [
        ("arn:aws:iam::1:root", True, "root"),
        ("arn:aws:iam::1:user/people/ana", False, "people/ana"),
        ("arn:aws-cn:sts::1:assumed-role/admin/ana", False, "admin/ana"),
    ],
)
def test_names_of_callers(arn, root, name):
    caller = Caller("1", arn, "x")
    assert (caller.is_root, caller.name) == (root, name)


POLICY = {
    "MinimumPasswordLength": 14,
    "RequireSymbols": True,
    "RequireNumbers": True,
    "RequireUppercaseCharacters": True,
    "RequireLowercaseCharacters": True,
    "AllowUsersToChangePassword": True,
    "MaxPasswordAge": 90,
    "PasswordReusePrevention": 24,
}
BLOCK = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("password-policy", POLICY),
        ("alias", "acme-lab"),
        ("s3-public-access-block", BLOCK),
        ("ebs-encryption", True),
        ("snapshot-sharing", "block-all-sharing"),
        ("image-sharing", "block-new-sharing"),
        ("instance-metadata", {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}),
        ("ecs-tag-rights", "on"),
    ],
)
def test_a_setting_is_read_written_and_taken_back(clients, name, wanted):
    setting = settings(clients, ACCOUNT)[name]
    before = setting.read()
    setting.write(wanted)
    found = setting.read()
    if isinstance(wanted, dict):
        assert wanted.items() <= found.items()
    else:
        assert found == wanted
    setting.write(before)
    assert setting.read() == before


def test_the_default_group_of_the_labs_networks_is_closed_and_opened_again(clients):
    ec2 = clients.of("ec2")
    ours, others = (ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"] for _ in range(2))
    ec2.create_tags(Resources=[ours], Tags=[{"Key": "stratolab:lab", "Value": "acme"}])
    (setting,) = default_groups(clients, ("stratolab:lab", "acme")).values()
    assert setting.name == f"default-group:{ours}"
    before = setting.read()
    assert before["egress"]
    setting.write({"ingress": [], "egress": []})
    assert setting.read() == {"ingress": [], "egress": []}
    setting.write(before)
    assert setting.read() == before
    (other,) = default_groups(clients, ("stratolab:lab", "acme")).values()
    assert others not in other.name


def test_people_who_sign_in(clients):
    iam = clients.of("iam")
    iam.create_user(UserName="ana")
    iam.create_login_profile(UserName="ana", Password="Wisent-harbour-17!")
    iam.create_user(UserName="robot")
    iam.create_access_key(UserName="robot")
    people = People(iam, sleep=lambda _: None)
    root, ana, robot = people.logins()
    assert root.is_root
    assert (ana.name, ana.password, ana.keys, ana.mfa) == ("ana", True, 0, False)
    assert (robot.password, robot.keys) == (False, 1)
    assert robot.oldest_key is not None
    assert people.has_password("ana")
    assert not people.has_password("robot")
    assert isinstance(people.root_is_safe(), tuple)


def test_parameters_by_path(clients):
    ssm = clients.of("ssm")
    for number in range(15):
        ssm.put_parameter(Name=f"/stratolab/acme/dev/p{number}", Value=str(number), Type="String")
    ssm.put_parameter(Name="/stratolab/acmes/x", Value="other", Type="String")
    parameters = Parameters(ssm)
    assert parameters.below("/stratolab/acme") == {f"dev/p{number}": str(number) for number in range(15)}
    assert parameters.get("/stratolab/acme/dev/p3") == "3"
    assert parameters.get("/stratolab/none") is None


def test_an_unknown_quota_is_none(clients):
    assert Quotas(clients.of("service-quotas")).value("ec2", "L-00000000") is None
