"""Imports of what outlives its stack: the types that ministack can make and, by itself, not take in again.

An import is asked for and carried out on the event loop, where no service can be called: these look at what is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.services import ecr, secretsmanager
from ministack.services.cloudformation import changesets, provisioners
from tests.emulator.extension.services import delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.extension.registry import Result


def _secret(arn: str) -> Result | None:
    _, found = secretsmanager._resolve(arn)
    return (found["ARN"], {"Id": found["ARN"]}) if found else None


def _images(name: str) -> Result | None:
    found = ecr._repositories.get(name)
    if not found:
        return None
    return name, {"Arn": found["repositoryArn"], "RepositoryUri": found["repositoryUri"]}


def _source(repository: str) -> Result | None:
    for one in delivery.REPOSITORIES.values():
        if one["repositoryId"] == repository:
            urls = {"CloneUrlHttp": one["cloneUrlHttp"], "CloneUrlSsh": one["cloneUrlSsh"]}
            return repository, {"Arn": one["Arn"], "Name": one["repositoryName"], **urls}
    return None


KINDS: dict[str, tuple[str, Callable[[str], Result | None]]] = {
    "AWS::CodeCommit::Repository": ("RepositoryId", _source),
    "AWS::ECR::Repository": ("RepositoryName", _images),
    "AWS::SecretsManager::Secret": ("Id", _secret),
}
"""By type: the key of the identifier (the schema's primary one), and what it leads to; None if there is none."""


def attach() -> None:
    """Let ministack's import change sets take these types."""
    for type_, (key, look) in KINDS.items():
        provisioners._RESOURCE_HANDLERS[type_]["import"] = _importing(key, look)
        changesets._IMPORT_LOOKUPS[type_] = ((key,), _problem(type_, look))


def _importing(key: str, look: Callable[[str], Result | None]) -> Callable[[dict[str, Any]], Result]:
    def take_in(identifier: dict[str, Any]) -> Result:
        found = look(identifier[key])
        assert found is not None  # the engine has asked
        return found

    return take_in


def _problem(type_: str, look: Callable[[str], Result | None]) -> Callable[[str], str | None]:
    def problem(one: str) -> str | None:
        return None if look(one) else str(changesets._IMPORT_NOT_FOUND.format(type=type_, value=one))

    return problem
