"""What builds and delivers: CodeBuild, CodePipeline, CodeCommit, connections, SSM documents. Records: nothing runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ministack.core.responses import get_account_id
from tests.emulator.extension.conversion import Rules
from tests.emulator.extension.resources.plain import Plain, plain

if TYPE_CHECKING:
    from tests.emulator.extension.registry import Made


def _project(made: Made) -> dict[str, Any]:
    given = {
        key: value
        for key, value in made.properties.items()
        if key not in {"Triggers", "Visibility", "ResourceAccessRole"}
    }
    return {**given, "Name": made.get("Name") or made.physical_id or made.name("Name")}


plain(
    "AWS::CodeBuild::Project",
    Plain(
        "codebuild",
        "CreateProject",
        "DeleteProject",
        change="UpdateProject",
        ref=lambda _, answer: answer["project"]["name"],
        key=lambda made: {"name": made.physical_id},
        attributes=lambda _made, answer, _ref: {
            "Arn": answer["project"]["arn"],
            "Id": answer["project"]["name"],
        },
        wrap=_project,
        rules=Rules(renamed={"Source.BuildSpec": "buildspec"}),
    ),
)


def _pipeline(made: Made) -> dict[str, Any]:
    apart = {"Tags", "RestartExecutionOnUpdate", "DisableInboundStageTransitions", "ArtifactStores"}
    pipeline = {key: value for key, value in made.properties.items() if key not in apart}
    pipeline["Name"] = made.get("Name") or made.physical_id or made.name("Name")
    if made.get("ArtifactStores"):
        pipeline["ArtifactStores"] = {one["Region"]: one["ArtifactStore"] for one in made["ArtifactStores"]}
    return {"pipeline": pipeline}


def _pipeline_with_tags(made: Made) -> dict[str, Any]:
    # the changing call knows no tags
    return {
        **_pipeline(made),
        **({"tags": made["Tags"]} if made.get("Tags") and not made.physical_id else {}),
    }


plain(
    "AWS::CodePipeline::Pipeline",
    Plain(
        "codepipeline",
        "CreatePipeline",
        "DeletePipeline",
        change="UpdatePipeline",
        tell="GetPipeline",
        ref=lambda _, answer: answer["pipeline"]["name"],
        key=lambda made: {"name": made.physical_id},
        attributes=lambda _made, answer, _ref: {"Version": str(answer["pipeline"]["version"])},
        wrap=_pipeline_with_tags,
    ),
)
plain(
    "AWS::CodeCommit::Repository",
    Plain(
        "codecommit",
        "CreateRepository",
        "DeleteRepository",
        tell="GetRepository",
        ref=lambda _, answer: answer["repositoryMetadata"]["repositoryId"],
        key=lambda made: {"repositoryName": made["RepositoryName"]},
        attributes=lambda made, answer, _ref: {
            "Arn": answer["repositoryMetadata"]["Arn"],
            "Name": made["RepositoryName"],
            "CloneUrlHttp": answer["repositoryMetadata"]["cloneUrlHttp"],
            "CloneUrlSsh": answer["repositoryMetadata"]["cloneUrlSsh"],
        },
        rules=Rules(left_out=("Code", "Triggers")),
    ),
)
for service, type_ in (
    ("codestar-connections", "AWS::CodeStarConnections::Connection"),
    ("codeconnections", "AWS::CodeConnections::Connection"),
):
    plain(
        type_,
        Plain(
            service,
            "CreateConnection",
            "DeleteConnection",
            tell="GetConnection",
            ref=lambda _, answer: answer["ConnectionArn"],
            key=lambda made: {"ConnectionArn": made.physical_id},
            attributes=lambda _made, _answer, ref: {
                "ConnectionArn": ref,
                "ConnectionStatus": "PENDING",
                "OwnerAccountId": get_account_id(),
            },
        ),
    )


def _document(made: Made) -> dict[str, Any]:
    content = made["Content"]
    given = {key: value for key, value in made.properties.items() if key != "UpdateMethod"}
    text = content if isinstance(content, str) else json.dumps(content)
    return {**given, "Name": made.get("Name") or made.name("Name"), "Content": text}


plain(
    "AWS::SSM::Document",
    Plain(
        "ssm",
        "CreateDocument",
        "DeleteDocument",
        tell="DescribeDocument",
        ref=lambda _, answer: answer["DocumentDescription"]["Name"],
        key=lambda made: {"Name": made.physical_id},
        wrap=_document,
    ),
)
