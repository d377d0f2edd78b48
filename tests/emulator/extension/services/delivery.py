"""CodePipeline, CodeCommit, connections and SSM documents: records that can be read back."""

from __future__ import annotations

import json
import time
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid
from tests.emulator.extension import stores
from tests.emulator.extension.services.json_api import ServiceError, serve, serve_before

_pipelines, REPOSITORIES, _connections, _documents = (stores.table() for _ in range(4))


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{resource}"


# -- pipelines ----------------------------------------------------------------------------------------


def _pipeline(name: str) -> dict[str, Any]:
    if name not in _pipelines:
        raise ServiceError(
            "PipelineNotFoundException",
            f"Account '{get_account_id()}' does not have a pipeline with name '{name}'",
        )
    return dict(_pipelines[name])


def _create_pipeline(request: dict[str, Any]) -> dict[str, Any]:
    name = request["pipeline"]["name"]
    if name in _pipelines:
        raise ServiceError("PipelineNameInUseException", f"A pipeline with the name '{name}' already exists")
    _pipelines[name] = {**request["pipeline"], "version": 1}
    return {"pipeline": _pipelines[name], "tags": request.get("tags", [])}


def _update_pipeline(request: dict[str, Any]) -> dict[str, Any]:
    old = _pipeline(request["pipeline"]["name"])
    _pipelines[old["name"]] = {**request["pipeline"], "version": old["version"] + 1}
    return {"pipeline": _pipelines[old["name"]]}


serve(
    "codepipeline",
    {
        "CreatePipeline": _create_pipeline,
        "UpdatePipeline": _update_pipeline,
        "GetPipeline": lambda request: {
            "pipeline": _pipeline(request["name"]),
            "metadata": {"pipelineArn": _arn("codepipeline", request["name"])},
        },
        "DeletePipeline": lambda request: _pipelines.pop(request["name"], None) and None,
        "ListPipelines": lambda _: {
            "pipelines": [{"name": one["name"], "version": one["version"]} for one in _pipelines.values()]
        },
    },
)


# -- repositories -------------------------------------------------------------------------------------


def _repository(request: dict[str, Any]) -> dict[str, Any]:
    name = request["repositoryName"]
    if name not in REPOSITORIES:
        raise ServiceError("RepositoryDoesNotExistException", f"{name} does not exist")
    return {"repositoryMetadata": REPOSITORIES[name]}


def _create_repository(request: dict[str, Any]) -> dict[str, Any]:
    name = request["repositoryName"]
    if name in REPOSITORIES:
        raise ServiceError("RepositoryNameExistsException", f"Repository named {name} already exists")
    place = f"git-codecommit.{get_region()}.amazonaws.com/v1/repos/{name}"
    REPOSITORIES[name] = {
        "accountId": get_account_id(),
        "repositoryId": new_uuid(),
        "repositoryName": name,
        "repositoryDescription": request.get("repositoryDescription"),
        "Arn": _arn("codecommit", name),
        "cloneUrlHttp": f"https://{place}",
        "cloneUrlSsh": f"ssh://{place}",
        "kmsKeyId": request.get("kmsKeyId"),
        "creationDate": time.time(),
        "lastModifiedDate": time.time(),
    }
    return {"repositoryMetadata": REPOSITORIES[name]}


def _delete_repository(request: dict[str, Any]) -> dict[str, Any]:
    gone = REPOSITORIES.pop(request["repositoryName"], None)
    return {"repositoryId": gone["repositoryId"]} if gone else {}


serve(
    "codecommit",
    {
        "CreateRepository": _create_repository,
        "GetRepository": _repository,
        "DeleteRepository": _delete_repository,
        "ListRepositories": lambda _: {
            "repositories": [
                {"repositoryName": one["repositoryName"], "repositoryId": one["repositoryId"]}
                for one in REPOSITORIES.values()
            ]
        },
    },
)


# -- connections, under their old and their new name ---------------------------------------------------


def _connection(request: dict[str, Any]) -> dict[str, Any]:
    if request["ConnectionArn"] not in _connections:
        raise ServiceError("ResourceNotFoundException", f"Connection {request['ConnectionArn']} not found")
    return {"Connection": _connections[request["ConnectionArn"]]}


def _connecting(service: str) -> Any:
    def create(request: dict[str, Any]) -> dict[str, Any]:
        arn = _arn(service, f"connection/{new_uuid()}")
        _connections[arn] = {
            "ConnectionArn": arn,
            "ConnectionName": request["ConnectionName"],
            "ProviderType": request.get("ProviderType"),
            "HostArn": request.get("HostArn"),
            "OwnerAccountId": get_account_id(),
            "ConnectionStatus": "PENDING",
        }
        return {"ConnectionArn": arn}

    return create


def _delete_connection(request: dict[str, Any]) -> None:
    _connection(request)
    del _connections[request["ConnectionArn"]]


for _service in ("codestar-connections", "codeconnections"):
    serve(
        _service,
        {
            "CreateConnection": _connecting(_service),
            "GetConnection": _connection,
            "DeleteConnection": _delete_connection,
            "ListConnections": lambda _: {"Connections": list(_connections.values())},
        },
    )


# -- SSM documents ------------------------------------------------------------------------------------


def _description(name: str) -> dict[str, Any]:
    if name not in _documents:
        raise ServiceError("InvalidDocument", f"Document with name {name} does not exist.")
    kept = _documents[name]
    return {
        "Name": name,
        "DocumentType": kept.get("DocumentType", "Command"),
        "DocumentFormat": kept.get("DocumentFormat", "JSON"),
        "DocumentVersion": "1",
        "LatestVersion": "1",
        "DefaultVersion": "1",
        "Status": "Active",
        "Owner": get_account_id(),
        "CreatedDate": kept["CreatedDate"],
        "Tags": kept.get("Tags", []),
        "TargetType": kept.get("TargetType"),
    }


def _create_document(request: dict[str, Any]) -> dict[str, Any]:
    name = request["Name"]
    if name in _documents:
        raise ServiceError("DocumentAlreadyExists", "The specified document already exists.")
    if request.get("DocumentFormat", "JSON") == "JSON":
        try:
            json.loads(request["Content"])
        except ValueError as error:
            raise ServiceError("InvalidDocumentContent", f"JSON not well-formed. {error}") from error
    _documents[name] = {**request, "CreatedDate": time.time()}
    return {"DocumentDescription": _description(name)}


def _delete_document(request: dict[str, Any]) -> None:
    _description(request["Name"])
    del _documents[request["Name"]]


serve_before(
    "ssm",
    {
        "CreateDocument": _create_document,
        "DescribeDocument": lambda request: {"Document": _description(request["Name"])},
        "GetDocument": lambda request: {
            **_description(request["Name"]),
            "Content": _documents[request["Name"]]["Content"],
        },
        "DeleteDocument": _delete_document,
    },
)
