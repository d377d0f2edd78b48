"""Secrets Manager: secrets with every way to make a value up, their policies, their rotation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.emulator.extension.client import call, gently
from tests.emulator.extension.conversion import Rules, parameters, truth
from tests.emulator.extension.registry import Made, Result, resource

if TYPE_CHECKING:
    from collections.abc import Mapping


@resource("AWS::SecretsManager::Secret")
class Secret:
    """Ref is the ARN. A deleted one is gone at once."""

    @staticmethod
    def create(made: Made) -> Result:
        given = {
            key: value
            for key, value in made.properties.items()
            if key not in {"GenerateSecretString", "ReplicaRegions"}
        }
        value = _value(made)
        wanted = {
            **given,
            "Name": made.name("Name"),
            **({"SecretString": value} if value is not None else {}),
        }
        arn = call("secretsmanager", "CreateSecret", **parameters("secretsmanager", "CreateSecret", wanted))[
            "ARN"
        ]
        _replicate(arn, made)
        return arn, {"Id": arn}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        arn = made.physical_id
        changes = {
            key: made[key]
            for key in ("Description", "KmsKeyId")
            if made.get(key) != old.get(key) and made.get(key)
        }
        if any(made.get(key) != old.get(key) for key in ("SecretString", "GenerateSecretString")):
            changes["SecretString"] = _value(made)
        if changes:
            call("secretsmanager", "UpdateSecret", SecretId=arn, **changes)
        _retag(arn, old, made)
        _replicate(arn, made)
        return arn, {"Id": arn}

    @staticmethod
    def delete(made: Made) -> None:
        gently("secretsmanager", "DeleteSecret", SecretId=made.physical_id, ForceDeleteWithoutRecovery=True)

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        found = gently("secretsmanager", "DescribeSecret", SecretId=made.physical_id)
        if found is None or found.get("DeletedDate"):
            return None
        return {"Description": found.get("Description", ""), "KmsKeyId": found.get("KmsKeyId")}


def _value(made: Made) -> str | None:
    """The value that is given, or one made up as the template asks."""
    wanted = made.get("GenerateSecretString")
    if wanted is None:
        return made.get("SecretString")
    options = parameters(
        "secretsmanager",
        "GetRandomPassword",
        wanted,
        Rules(left_out=("SecretStringTemplate", "GenerateStringKey")),
    )
    password = str(call("secretsmanager", "GetRandomPassword", **options)["RandomPassword"])
    if "SecretStringTemplate" not in wanted:
        return password
    return json.dumps({**json.loads(wanted["SecretStringTemplate"]), wanted["GenerateStringKey"]: password})


def _retag(arn: str, old: Mapping[str, Any], made: Made) -> None:
    tags = [{"Key": tag["Key"], "Value": str(tag["Value"])} for tag in made.get("Tags") or []]
    gone = {tag["Key"] for tag in old.get("Tags") or []} - {tag["Key"] for tag in tags}
    if gone:
        call("secretsmanager", "UntagResource", SecretId=arn, TagKeys=sorted(gone))
    if tags:
        call("secretsmanager", "TagResource", SecretId=arn, Tags=tags)


def _replicate(arn: str, made: Made) -> None:
    if made.get("ReplicaRegions"):
        call(
            "secretsmanager",
            "ReplicateSecretToRegions",
            SecretId=arn,
            AddReplicaRegions=made["ReplicaRegions"],
        )


@resource("AWS::SecretsManager::RotationSchedule")
class Rotation:
    """Ref is the ARN of the secret. Rotation really calls the function, see services.rotation."""

    @staticmethod
    def create(made: Made) -> Result:
        given = {key: value for key, value in made.properties.items() if key != "RotateImmediatelyOnUpdate"}
        given["RotateImmediately"] = truth(made.get("RotateImmediatelyOnUpdate", True))
        if "HostedRotationLambda" in given:
            raise NotImplementedError(
                "the emulator has no hosted rotation functions: name one by RotationLambdaARN"
            )
        wanted = parameters("secretsmanager", "RotateSecret", given)
        arn = call("secretsmanager", "RotateSecret", **wanted)["ARN"]
        return arn, {"Id": arn}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        return Rotation.create(made)

    @staticmethod
    def delete(made: Made) -> None:
        gently("secretsmanager", "CancelRotateSecret", SecretId=made["SecretId"])


@resource("AWS::SecretsManager::ResourcePolicy")
class Policy:
    """Ref is the ARN of the secret."""

    @staticmethod
    def create(made: Made) -> Result:
        wanted = parameters("secretsmanager", "PutResourcePolicy", made.properties)
        arn = call("secretsmanager", "PutResourcePolicy", **wanted)["ARN"]
        return arn, {"Id": arn}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        return Policy.create(made)

    @staticmethod
    def delete(made: Made) -> None:
        gently("secretsmanager", "DeleteResourcePolicy", SecretId=made["SecretId"])

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        found = gently("secretsmanager", "GetResourcePolicy", SecretId=made["SecretId"])
        text = (found or {}).get("ResourcePolicy")
        return {"ResourcePolicy": json.loads(text)} if text else None
