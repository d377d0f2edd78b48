"""Secrets Manager: secrets by their full names, their versions and stages. Values go through, and stay nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stratolab.aws.errors import BusyError, calling, code_of, message_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_GONE = "ResourceNotFoundException"
_UNFIT = "InvalidRequestException"  # of a secret that is about to be deleted, among others
_THERE = "ResourceExistsException"


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """One version. `created` in seconds since the epoch."""

    id: str
    created: float
    stages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeptSecret:
    """A secret without its values. `rotated_by` is the ARN of the function that exchanges it, if there is one.

    `rotated` and `due` are when it was last exchanged and when that is to be done again (by the end of that day).
    """

    name: str
    arn: str
    versions: tuple[KeptVersion, ...]
    deleted: bool = False
    rotated_by: str = ""
    rotated: float | None = None
    due: float | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


class SecretVault:
    """The secrets of one region."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def find(self, name: str) -> KeptSecret | None:
        """A secret with its versions, also one that is about to be deleted; None if there is none."""
        with calling(f"looking at the secret {name}"):
            try:
                found = self._client.describe_secret(SecretId=name)
            except ClientError as error:
                if code_of(error) == _GONE:
                    return None
                raise
        return _secret(found, self._versions(name))

    def below(self, prefix: str) -> list[KeptSecret]:
        """All secrets whose names begin so. Their versions have the time at which the secret was last changed."""
        found: list[dict[str, Any]] = []
        mark: dict[str, str] = {}
        while True:
            with calling(f"listing the secrets {prefix}*"):
                page = self._client.list_secrets(Filters=[{"Key": "name", "Values": [prefix]}], **mark)
            found += [one for one in page["SecretList"] if one["Name"].startswith(prefix)]
            if not page.get("NextToken"):
                return [_secret(one, _listed(one)) for one in found]
            mark = {"NextToken": page["NextToken"]}

    def value(self, name: str, *, stage: str) -> str | None:
        """The text of the version in that stage; None if there is no such secret or version, or it is no text."""
        with calling(f"reading the secret {name}"):
            try:
                found = self._client.get_secret_value(SecretId=name, VersionStage=stage)
            except ClientError as error:
                if code_of(error) in {_GONE, _UNFIT}:
                    return None
                raise
        text = found.get("SecretString")
        return None if text is None else str(text)

    def create(self, name: str, *, key: str = "", tags: Mapping[str, str] | None = None) -> bool:
        """Make a secret without a value. False if there is one of that name already."""
        given = {"KmsKeyId": key} if key else {}
        with calling(f"making the secret {name}"):
            try:
                self._client.create_secret(
                    Name=name,
                    Tags=[{"Key": one, "Value": text} for one, text in (tags or {}).items()],
                    **given,
                )
            except ClientError as error:
                if code_of(error) == _THERE:
                    return False
                raise
        return True

    def put(self, name: str, value: str, *, token: str, stages: Sequence[str]) -> str:
        """Keep a version; its id. The same token makes no second one."""
        with calling(f"keeping a value of the secret {name}"):
            found = self._client.put_secret_value(
                SecretId=name, SecretString=value, ClientRequestToken=token, VersionStages=list(stages)
            )
        return str(found["VersionId"])

    def drop_stage(self, name: str, version: str, stage: str) -> None:
        """Take a stage from a version. One without a stage is forgotten."""
        with calling(f"changing the stages of {name}"):
            self._client.update_secret_version_stage(
                SecretId=name, VersionStage=stage, RemoveFromVersionId=version
            )

    def rotate(self, name: str, *, token: str) -> None:
        """Have Secrets Manager begin to exchange a secret; the new version's id will be the token.

        Raises `BusyError` while another rotation of it has not ended.
        """
        with calling(f"rotating the secret {name}"):
            try:
                self._client.rotate_secret(SecretId=name, ClientRequestToken=token)
            except ClientError as error:
                if code_of(error) == _UNFIT and "rotation" in message_of(error):
                    raise BusyError(
                        "another rotation of it has not ended", doing=f"rotating {name}"
                    ) from None
                raise

    def delete(self, name: str, *, days: int) -> None:
        """Delete a secret; within so many days it can be restored."""
        with calling(f"deleting the secret {name}"):
            self._client.delete_secret(SecretId=name, RecoveryWindowInDays=days)

    def restore(self, name: str) -> None:
        """Take a deletion back."""
        with calling(f"restoring the secret {name}"):
            self._client.restore_secret(SecretId=name)

    def _versions(self, name: str) -> tuple[KeptVersion, ...]:
        found: list[KeptVersion] = []
        mark: dict[str, str] = {}
        while True:
            with calling(f"looking at the versions of the secret {name}"):
                page = self._client.list_secret_version_ids(SecretId=name, **mark)
            found += [
                KeptVersion(
                    one["VersionId"], one["CreatedDate"].timestamp(), tuple(sorted(one["VersionStages"]))
                )
                for one in page.get("Versions", ())
                if one.get("VersionStages")
            ]
            if not page.get("NextToken"):
                return tuple(found)
            mark = {"NextToken": page["NextToken"]}


def _listed(entry: Mapping[str, Any]) -> tuple[KeptVersion, ...]:
    at = entry["LastChangedDate"].timestamp() if entry.get("LastChangedDate") else 0.0
    stages = entry.get("SecretVersionsToStages") or {}
    return tuple(KeptVersion(one, at, tuple(sorted(names))) for one, names in stages.items() if names)


def _secret(entry: Mapping[str, Any], versions: tuple[KeptVersion, ...]) -> KeptSecret:
    rotated, due = entry.get("LastRotatedDate"), entry.get("NextRotationDate")
    return KeptSecret(
        name=entry["Name"],
        arn=entry["ARN"],
        versions=versions,
        deleted=bool(entry.get("DeletedDate")),
        rotated_by=entry.get("RotationLambdaARN", "") if entry.get("RotationEnabled") else "",
        rotated=rotated.timestamp() if rotated else None,
        due=due.timestamp() if due else None,
        tags={tag["Key"]: tag["Value"] for tag in entry.get("Tags") or ()},
    )
