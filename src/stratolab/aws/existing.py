"""Things of an account by the name that a template gives them: there is one of each name, whoever made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stratolab.aws.errors import DeniedError, GoneError, calling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Identifier = dict[str, str]
"""What CloudFormation's import knows a thing by: its type's primary identifier, as in the type's schema."""


class Existing:
    """The things of one region. `of` gives boto3's client for a service."""

    def __init__(self, of: Callable[[str], Any]) -> None:
        self._of = of

    def find(self, kind: str, properties: Mapping[str, Any]) -> Identifier | None:
        """The thing of this type whose name stands in these properties.

        None if there is none, if it may not be looked at, for a name that is no plain text and for every type but those
        of `KINDS`.
        """
        key, ask = KINDS.get(kind, ("", None))
        name = properties.get(key)
        if ask is None or not isinstance(name, str):
            return None
        try:
            with calling(f"looking for {name}"):
                return ask(self._of, name)
        except (GoneError, DeniedError):
            return None


def _secret(of: Callable[[str], Any], name: str) -> Identifier | None:
    found = of("secretsmanager").describe_secret(SecretId=name)
    return None if found.get("DeletedDate") else {"Id": found["ARN"]}


def _images(of: Callable[[str], Any], name: str) -> Identifier | None:
    of("ecr").describe_repositories(repositoryNames=[name])
    return {"RepositoryName": name}


def _source(of: Callable[[str], Any], name: str) -> Identifier | None:
    found = of("codecommit").get_repository(repositoryName=name)
    return {"RepositoryId": found["repositoryMetadata"]["repositoryId"]}


KINDS: Mapping[str, tuple[str, Callable[[Callable[[str], Any], str], Identifier | None]]] = {
    "AWS::CodeCommit::Repository": ("RepositoryName", _source),
    "AWS::ECR::Repository": ("RepositoryName", _images),
    "AWS::SecretsManager::Secret": ("Name", _secret),
}
"""The types that outlive their stacks under a name of the lab's choice: the property that holds it, and how to ask."""
