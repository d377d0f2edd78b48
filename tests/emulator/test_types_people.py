"""Users, groups, roles, policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.control import ACCOUNT
from tests.emulator.types import MINE, OTHER_TAGS, OTHERS, TAGS, Case, Cases, World, live, own, policy, trust

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

READ, WRITE = policy("s3:GetObject"), policy("s3:PutObject")
case = Cases()


def _role(world: World, ref: str) -> Any:
    iam = world.client("iam")
    role = iam.get_role(RoleName=ref)["Role"]
    boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn") == world.managed_policy
    inline = {
        name: iam.get_role_policy(RoleName=ref, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=ref)["PolicyNames"]
    }
    attached = [
        one["PolicyName"] for one in iam.list_attached_role_policies(RoleName=ref)["AttachedPolicies"]
    ]
    return role["Path"], role["MaxSessionDuration"], boundary, inline, attached, own(role["Tags"])


def _role_properties(hours: int, inline: Any, tags: Any, *, boundary: bool) -> Any:
    return lambda world: {
        "RoleName": "worker",
        "Path": "/lab/",
        "MaxSessionDuration": hours * 3600,
        "Tags": tags,
        "AssumeRolePolicyDocument": trust("ec2"),
        "ManagedPolicyArns": [world.managed_policy],
        "Policies": [{"PolicyName": "own", "PolicyDocument": inline}],
        **({"PermissionsBoundary": world.managed_policy} if boundary else {}),
    }


case(
    "AWS::IAM::Role",
    _role_properties(2, READ, TAGS, boundary=True),
    _role,
    ("/lab/", 7200, True, {"own": READ}, ["base"], MINE),
    _role_properties(1, WRITE, OTHER_TAGS, boundary=False),
    ("/lab/", 3600, False, {"own": WRITE}, ["base"], OTHERS),
    "worker",
    attributes={"Arn": f"arn:aws:iam::{ACCOUNT}:role/lab/worker", "RoleId": "AROA"},
)


def _managed(world: World, ref: str) -> Any:
    iam = world.client("iam")
    found = iam.get_policy(PolicyArn=ref)["Policy"]
    document = iam.get_policy_version(PolicyArn=ref, VersionId=found["DefaultVersionId"])["PolicyVersion"][
        "Document"
    ]
    return document["Statement"][0]["Action"], found["AttachmentCount"]


case(
    "AWS::IAM::ManagedPolicy",
    lambda world: {
        "ManagedPolicyName": "may",
        "Path": "/lab/",
        "Description": "d",
        "PolicyDocument": READ,
        "Groups": [world.people],
    },
    _managed,
    ("s3:GetObject", 1),
    lambda world: {"ManagedPolicyName": "may", "Path": "/lab/", "Description": "d", "PolicyDocument": WRITE},
    ("s3:PutObject", 0),
    f"arn:aws:iam::{ACCOUNT}:policy/lab/may",
)


def _group(world: World, ref: str) -> Any:
    iam = world.client("iam")
    attached = [
        one["PolicyName"] for one in iam.list_attached_group_policies(GroupName=ref)["AttachedPolicies"]
    ]
    return (
        iam.get_group(GroupName=ref)["Group"]["Path"],
        attached,
        iam.list_group_policies(GroupName=ref)["PolicyNames"],
    )


case(
    "AWS::IAM::Group",
    lambda world: {
        "GroupName": "them",
        "Path": "/lab/",
        "ManagedPolicyArns": [world.managed_policy],
        "Policies": [{"PolicyName": "own", "PolicyDocument": READ}],
    },
    _group,
    ("/lab/", ["base"], ["own"]),
    lambda _: {"GroupName": "them", "Path": "/other/"},
    ("/other/", [], []),
    "them",
    attributes={"Arn": f"arn:aws:iam::{ACCOUNT}:group/"},
)


def _user(world: World, ref: str) -> Any:
    iam = world.client("iam")
    user = iam.get_user(UserName=ref)["User"]
    boundary = user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn") == world.managed_policy
    groups = [one["GroupName"] for one in iam.list_groups_for_user(UserName=ref)["Groups"]]
    return (
        user["Path"],
        boundary,
        groups,
        iam.list_user_policies(UserName=ref)["PolicyNames"],
        own(user["Tags"]),
    )


case(
    "AWS::IAM::User",
    lambda world: {
        "UserName": "ann",
        "Path": "/lab/",
        "Groups": [world.people],
        "PermissionsBoundary": world.managed_policy,
        "Policies": [{"PolicyName": "own", "PolicyDocument": READ}],
        "Tags": TAGS,
    },
    _user,
    ("/lab/", True, ["base"], ["own"], MINE),
    lambda world: {
        "UserName": "ann",
        "Path": "/lab/",
        "PermissionsBoundary": world.managed_policy,
        "Tags": OTHER_TAGS,
    },
    ("/lab/", True, [], [], OTHERS),
    "ann",
    attributes={"Arn": f"arn:aws:iam::{ACCOUNT}:user/lab/ann"},
)
case(
    "AWS::IAM::UserToGroupAddition",
    lambda world: {"GroupName": world.people, "Users": [world.user]},
    lambda world, _: [
        one["UserName"] for one in world.client("iam").get_group(GroupName=world.people)["Users"]
    ],
    ["base"],
)
case(
    "AWS::IAM::Policy",
    lambda world: {"PolicyName": "own", "PolicyDocument": READ, "Groups": [world.people]},
    lambda world, _: world.client("iam").get_group_policy(GroupName=world.people, PolicyName="own")[
        "PolicyDocument"
    ],
    READ,
    lambda world: {"PolicyName": "own", "PolicyDocument": WRITE, "Groups": [world.people]},
    WRITE,
)
for noun, holder in (("Group", "people"), ("User", "user"), ("Role", "role")):
    case(
        f"AWS::IAM::{noun}Policy",
        lambda world, noun=noun, holder=holder: {
            "PolicyName": "own",
            "PolicyDocument": READ,
            f"{noun}Name": getattr(world, holder).rpartition("/")[2],
        },
        lambda world, _, noun=noun, holder=holder: getattr(world.client("iam"), f"get_{noun.lower()}_policy")(
            **{f"{noun}Name": getattr(world, holder).rpartition("/")[2], "PolicyName": "own"}
        )["PolicyDocument"],
        READ,
        lambda world, noun=noun, holder=holder: {
            "PolicyName": "own",
            "PolicyDocument": WRITE,
            f"{noun}Name": getattr(world, holder).rpartition("/")[2],
        },
        WRITE,
    )
case(
    "AWS::IAM::InstanceProfile",
    lambda world: {"InstanceProfileName": "it", "Roles": [world.role.rpartition("/")[2]]},
    lambda world, ref: [
        one["RoleName"]
        for one in world.client("iam").get_instance_profile(InstanceProfileName=ref)["InstanceProfile"][
            "Roles"
        ]
    ],
    ["base"],
    lambda world: {"InstanceProfileName": "it", "Roles": [_second_role(world)]},
    ["second"],
    "it",
    attributes={"Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/it"},
)
case(
    "AWS::IAM::AccessKey",
    lambda world: {"UserName": world.user},
    lambda world, _: [
        one["Status"]
        for one in world.client("iam").list_access_keys(UserName=world.user)["AccessKeyMetadata"]
    ],
    ["Active"],
    lambda world: {"UserName": world.user, "Status": "Inactive"},
    ["Inactive"],
    "AKIA",
)


def _second_role(world: World) -> str:
    made = world.client("iam").create_role(
        RoleName="second", AssumeRolePolicyDocument=json.dumps(trust("ec2"))
    )
    return str(made["Role"]["RoleName"])


@pytest.mark.parametrize("one", case, ids=str)
def test_its_life(one: Case, emulator: Emulator) -> None:
    live(one, emulator)
