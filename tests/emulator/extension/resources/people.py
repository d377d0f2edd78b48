"""IAM: groups, memberships, policies that stand alone, access keys; and what roles and profiles lack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.emulator.extension import readers
from tests.emulator.extension.client import call, gently
from tests.emulator.extension.registry import Made, Result, resource

if TYPE_CHECKING:
    from collections.abc import Mapping


@resource("AWS::IAM::Group")
class Group:
    """Ref is the name."""

    @staticmethod
    def create(made: Made) -> Result:
        name = made.name("GroupName")
        found = call("iam", "CreateGroup", GroupName=name, Path=made.get("Path", "/"))["Group"]
        _give(name, {}, made.properties)
        return name, {"Arn": found["Arn"]}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        name, path = made.physical_id, made.get("Path", "/")
        if old.get("Path", "/") != path:
            call("iam", "UpdateGroup", GroupName=name, NewPath=path)
        _give(name, old, made.properties)
        return name, {"Arn": call("iam", "GetGroup", GroupName=name)["Group"]["Arn"]}

    @staticmethod
    def delete(made: Made) -> None:
        if gently("iam", "GetGroup", GroupName=made.physical_id) is not None:
            _give(made.physical_id, made.properties, {})
            call("iam", "DeleteGroup", GroupName=made.physical_id)

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        found = gently("iam", "GetGroup", GroupName=made.physical_id)
        if found is None:
            return None
        state: dict[str, Any] = {"Path": found["Group"]["Path"]}
        if made.get("ManagedPolicyArns"):
            attached = call("iam", "ListAttachedGroupPolicies", GroupName=made.physical_id)[
                "AttachedPolicies"
            ]
            elsewhere = readers._attached_by_stack("Groups", made.physical_id)
            arns = readers.arns_of(attached)
            state["ManagedPolicyArns"] = [arn for arn in arns if arn not in elsewhere]
        return state


def _give(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Attach and put what is new, take what is gone."""
    was, wanted = (set(one.get("ManagedPolicyArns") or []) for one in (old, new))
    for arn in sorted(wanted - was):
        call("iam", "AttachGroupPolicy", GroupName=name, PolicyArn=arn)
    for arn in sorted(was - wanted):
        gently("iam", "DetachGroupPolicy", GroupName=name, PolicyArn=arn)
    inline_was, inline = (
        {policy["PolicyName"]: policy["PolicyDocument"] for policy in one.get("Policies") or []}
        for one in (old, new)
    )
    for policy, document in inline.items():
        call("iam", "PutGroupPolicy", GroupName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
    for policy in inline_was.keys() - inline.keys():
        gently("iam", "DeleteGroupPolicy", GroupName=name, PolicyName=policy)


@resource("AWS::IAM::UserToGroupAddition")
class Membership:
    """Ref is a made-up name."""

    @staticmethod
    def create(made: Made) -> Result:
        for user in made["Users"]:
            call("iam", "AddUserToGroup", GroupName=made["GroupName"], UserName=user)
        return made.name(""), {}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        moved = old["GroupName"] != made["GroupName"]
        for user in old["Users"]:
            if moved or user not in made["Users"]:
                gently("iam", "RemoveUserFromGroup", GroupName=old["GroupName"], UserName=user)
        for user in made["Users"]:
            call("iam", "AddUserToGroup", GroupName=made["GroupName"], UserName=user)
        return made.physical_id, {}

    @staticmethod
    def delete(made: Made) -> None:
        for user in made["Users"]:
            gently("iam", "RemoveUserFromGroup", GroupName=made["GroupName"], UserName=user)

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        found = gently("iam", "GetGroup", GroupName=made["GroupName"])
        if found is None:
            return None
        present = [user["UserName"] for user in found["Users"]]
        return {"Users": [user for user in made["Users"] if user in present]}


@resource("AWS::IAM::AccessKey")
class AccessKey:
    """Ref is the key's id."""

    @staticmethod
    def create(made: Made) -> Result:
        key = call("iam", "CreateAccessKey", UserName=made["UserName"])["AccessKey"]
        if made.get("Status"):
            _set_status(made["UserName"], key["AccessKeyId"], made["Status"])
        return key["AccessKeyId"], {"SecretAccessKey": key["SecretAccessKey"]}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        _set_status(made["UserName"], made.physical_id, made.get("Status", "Active"))
        return made.physical_id, {}

    @staticmethod
    def delete(made: Made) -> None:
        gently("iam", "DeleteAccessKey", UserName=made["UserName"], AccessKeyId=made.physical_id)


def _set_status(user: str, key: str, status: str) -> None:
    call("iam", "UpdateAccessKey", UserName=user, AccessKeyId=key, Status=status)


def _inline(noun: str) -> type:
    """`AWS::IAM::GroupPolicy` and its siblings: one inline policy of one principal."""

    class InlinePolicy:
        @staticmethod
        def create(made: Made) -> Result:
            document = json.dumps(made["PolicyDocument"])
            call("iam", f"Put{noun}Policy", **_whose(made), PolicyDocument=document)
            return f"{made['PolicyName']}|{made[f'{noun}Name']}", {}

        @staticmethod
        def update(made: Made, old: Mapping[str, Any]) -> Result:
            return InlinePolicy.create(made)

        @staticmethod
        def delete(made: Made) -> None:
            gently("iam", f"Delete{noun}Policy", **_whose(made))

        @staticmethod
        def read(made: Made) -> dict[str, Any] | None:
            found = gently("iam", f"Get{noun}Policy", **_whose(made))
            return None if found is None else {"PolicyDocument": found["PolicyDocument"]}

    def _whose(made: Made) -> dict[str, str]:
        return {f"{noun}Name": made[f"{noun}Name"], "PolicyName": made["PolicyName"]}

    return InlinePolicy


for _noun in ("Group", "Role", "User"):
    resource(f"AWS::IAM::{_noun}Policy")(_inline(_noun))
