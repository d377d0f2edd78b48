"""Settings of the account that CloudFormation cannot make, each read and written as one JSON value.

The value of a setting that was never made is None; writing None takes it back. So what was there before can be kept
in a file and put back. Settings of EC2 and ECS are of one region; the others of the whole account.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stratolab.aws.errors import DeniedError, calling, code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from stratolab.aws.clients import Clients

    Value = dict[str, Any] | str | bool | None

_ABSENT = {"NoSuchEntity", "NoSuchPublicAccessBlockConfiguration"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: what it is called, how it is read and written, and IAM's names for that.

    `undoing` are the actions that writing takes besides, where a former value is put back.
    """

    name: str
    read: Callable[[], Value]
    write: Callable[[Any], None]
    reading: tuple[str, ...]
    writing: tuple[str, ...]
    undoing: tuple[str, ...] = ()


def settings(clients: Clients, account: str) -> Mapping[str, Setting]:
    """Every setting of an account and region, by name, in the order in which to set them."""
    iam, s3, ec2 = clients.of("iam"), clients.of("s3control"), clients.of("ec2")
    found = (*_of_iam(iam), _of_s3(s3, account), *_of_ec2(ec2), _of_ecs(clients.of("ecs")))
    return {one.name: _guarded(one) for one in found}


def default_groups(clients: Clients, tag: tuple[str, str]) -> Mapping[str, Setting]:
    """The rules of the security group that AWS makes in each VPC with this tag, by name: `default-group:vpc-...`."""
    ec2 = clients.of("ec2")
    with _naming(("ec2:DescribeVpcs",)), calling("listing the lab's networks"):
        pages = ec2.get_paginator("describe_vpcs").paginate(
            Filters=[{"Name": f"tag:{tag[0]}", "Values": [tag[1]]}]
        )
        found = sorted(vpc["VpcId"] for page in pages for vpc in page["Vpcs"])
    return {one.name: _guarded(one) for one in (_default_group(ec2, vpc) for vpc in found)}


def _guarded(setting: Setting) -> Setting:
    """The same, with errors of ours, and None for what is not there."""

    def read() -> Value:
        with _naming(setting.reading), calling(f"reading the account's {setting.name}"):
            try:
                return setting.read()
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return None
                raise

    def write(value: Any) -> None:
        with _naming((*setting.writing, *setting.undoing)), calling(f"setting the account's {setting.name}"):
            setting.write(value)

    return Setting(setting.name, read, write, setting.reading, setting.writing, setting.undoing)


@contextmanager
def _naming(actions: tuple[str, ...]) -> Iterator[None]:
    """A denial in here names the right that is missing, which AWS tells of some calls only."""
    try:
        yield
    except DeniedError as error:
        error.action = error.action if error.action in actions else actions[0]
        error.hint = (
            f"it takes the right {error.action}; what the lab's admins have: stratolab lab policy admins"
        )
        raise


# -- IAM --------------------------------------------------------------------------------------------


def _of_iam(iam: Any) -> Iterator[Setting]:
    yield Setting(
        "password-policy",
        lambda: _password_policy(iam),
        lambda value: _set_password_policy(iam, value),
        reading=("iam:GetAccountPasswordPolicy",),
        writing=("iam:UpdateAccountPasswordPolicy",),
        undoing=("iam:DeleteAccountPasswordPolicy",),
    )
    yield Setting(
        "alias",
        lambda: _alias(iam),
        lambda value: _set_alias(iam, value),
        reading=("iam:ListAccountAliases",),
        writing=("iam:CreateAccountAlias",),
        undoing=("iam:DeleteAccountAlias",),
    )


_POLICY = (
    "MinimumPasswordLength",
    "RequireSymbols",
    "RequireNumbers",
    "RequireUppercaseCharacters",
    "RequireLowercaseCharacters",
    "AllowUsersToChangePassword",
    "MaxPasswordAge",
    "PasswordReusePrevention",
    "HardExpiry",
)


def _password_policy(iam: Any) -> Value:
    found = iam.get_account_password_policy()["PasswordPolicy"]
    return {key: found[key] for key in _POLICY if key in found}


def _set_password_policy(iam: Any, value: Mapping[str, Any] | None) -> None:
    if value is None:
        iam.delete_account_password_policy()
    else:
        iam.update_account_password_policy(**value)


def _alias(iam: Any) -> Value:
    found = iam.list_account_aliases()["AccountAliases"]
    return str(found[0]) if found else None


def _set_alias(iam: Any, value: str | None) -> None:
    """IAM keeps one alias: a new one takes the old one's place."""
    if value:
        iam.create_account_alias(AccountAlias=value)
        return
    there = _alias(iam)
    if there:
        iam.delete_account_alias(AccountAlias=there)


# -- S3 ---------------------------------------------------------------------------------------------


def _of_s3(s3: Any, account: str) -> Setting:
    return Setting(
        "s3-public-access-block",
        lambda: s3.get_public_access_block(AccountId=account)["PublicAccessBlockConfiguration"],
        lambda value: (
            s3.put_public_access_block(AccountId=account, PublicAccessBlockConfiguration=value)
            if value is not None
            else s3.delete_public_access_block(AccountId=account)
        ),
        reading=("s3:GetAccountPublicAccessBlock",),
        writing=("s3:PutAccountPublicAccessBlock",),  # deleting it takes the same
    )


# -- EC2 --------------------------------------------------------------------------------------------


def _of_ec2(ec2: Any) -> Iterator[Setting]:
    yield Setting(
        "ebs-encryption",
        lambda: bool(ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"]),
        lambda value: (
            ec2.enable_ebs_encryption_by_default() if value else ec2.disable_ebs_encryption_by_default()
        ),
        reading=("ec2:GetEbsEncryptionByDefault",),
        writing=("ec2:EnableEbsEncryptionByDefault",),
        undoing=("ec2:DisableEbsEncryptionByDefault",),
    )
    yield Setting(
        "snapshot-sharing",
        lambda: str(ec2.get_snapshot_block_public_access_state()["State"]),
        lambda value: (
            ec2.disable_snapshot_block_public_access()
            if value in {None, "unblocked"}
            else ec2.enable_snapshot_block_public_access(State=value)
        ),
        reading=("ec2:GetSnapshotBlockPublicAccessState",),
        writing=("ec2:EnableSnapshotBlockPublicAccess",),
        undoing=("ec2:DisableSnapshotBlockPublicAccess",),
    )
    yield Setting(
        "image-sharing",
        lambda: str(ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"]),
        lambda value: (
            ec2.disable_image_block_public_access()
            if value in {None, "unblocked"}
            else ec2.enable_image_block_public_access(ImageBlockPublicAccessState=value)
        ),
        reading=("ec2:GetImageBlockPublicAccessState",),
        writing=("ec2:EnableImageBlockPublicAccess",),
        undoing=("ec2:DisableImageBlockPublicAccess",),
    )
    yield Setting(
        "instance-metadata",
        lambda: _metadata(ec2),
        lambda value: _set_metadata(ec2, value),
        reading=("ec2:GetInstanceMetadataDefaults",),
        writing=("ec2:ModifyInstanceMetadataDefaults",),
    )


_METADATA = ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "InstanceMetadataTags")


def _metadata(ec2: Any) -> Value:
    found = ec2.get_instance_metadata_defaults().get("AccountLevel", {})
    return {key: found[key] for key in _METADATA if key in found} or None


def _set_metadata(ec2: Any, value: Mapping[str, Any] | None) -> None:
    """What is not given goes back to nobody's preference: the call leaves alone what it does not name."""
    nothing = {
        "HttpTokens": "no-preference",
        "HttpPutResponseHopLimit": -1,
        "HttpEndpoint": "no-preference",
        "InstanceMetadataTags": "no-preference",
    }
    ec2.modify_instance_metadata_defaults(**{**nothing, **(value or {})})


_RULES = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}


def _default_group(ec2: Any, vpc: str) -> Setting:
    return Setting(
        f"default-group:{vpc}",
        lambda: {way: _default_of(ec2, vpc)[key] for way, key in _RULES.items()},
        lambda value: _set_rules(ec2, _default_of(ec2, vpc), value),
        reading=("ec2:DescribeVpcs", "ec2:DescribeSecurityGroups"),
        writing=("ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress"),
        undoing=("ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress"),
    )


def _default_of(ec2: Any, vpc: str) -> Mapping[str, Any]:
    """The group itself. Each VPC has one of this name, and nobody can delete it."""
    wanted = {"vpc-id": vpc, "group-name": "default"}
    filters = [{"Name": name, "Values": [value]} for name, value in wanted.items()]
    (found,) = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    return {**found, **{key: [_plain(rule) for rule in found[key]] for key in _RULES.values()}}


def _plain(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule without its empty lists, which AWS tells and does not take."""
    return {key: value for key, value in rule.items() if value != []}


def _set_rules(ec2: Any, group: Mapping[str, Any], value: Mapping[str, Any]) -> None:
    """First what is too much goes, then comes what is missing: between the two calls nothing more is let through."""
    calls = {
        "ingress": (ec2.authorize_security_group_ingress, ec2.revoke_security_group_ingress),
        "egress": (ec2.authorize_security_group_egress, ec2.revoke_security_group_egress),
    }
    for way, (authorize, revoke) in calls.items():
        there = group[_RULES[way]]
        too_much = [rule for rule in there if rule not in value[way]]
        missing = [rule for rule in value[way] if rule not in there]
        if too_much:
            revoke(GroupId=group["GroupId"], IpPermissions=too_much)
        if missing:
            authorize(GroupId=group["GroupId"], IpPermissions=missing)


# -- ECS --------------------------------------------------------------------------------------------

_TAG_RIGHTS = "tagResourceAuthorization"


def _of_ecs(ecs: Any) -> Setting:
    return Setting(
        "ecs-tag-rights",
        lambda: _ecs(ecs, _TAG_RIGHTS),
        lambda value: ecs.put_account_setting_default(name=_TAG_RIGHTS, value=value or "off"),
        reading=("ecs:ListAccountSettings",),
        writing=("ecs:PutAccountSettingDefault",),
    )


def _ecs(ecs: Any, name: str) -> Value:
    found = ecs.list_account_settings(name=name, effectiveSettings=True)["settings"]
    return str(found[0]["value"]) if found else None
