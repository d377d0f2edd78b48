"""CodeBuild: projects keep and tell everything that they were given, not only what ministack knows of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.services import codebuild

if TYPE_CHECKING:
    from collections.abc import Callable

_MORE = (
    "vpcConfig",
    "logsConfig",
    "cache",
    "queuedTimeoutInMinutes",
    "concurrentBuildLimit",
    "fileSystemLocations",
    "secondarySources",
    "secondaryArtifacts",
    "buildBatchConfig",
    "autoRetryLimit",
)


def _keeping(action: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def kept(request: Any) -> Any:
        before = codebuild._projects.get(request.get("name", ""))
        more = {key: before[key] for key in _MORE if before and key in before}
        more |= {key: request[key] for key in _MORE if key in request}
        codebuild_answer = action(request)
        record = codebuild._projects.get(request.get("name", ""))
        if codebuild_answer[0] == 200 and record is not None:
            record.update(more)
        return codebuild_answer

    return kept


def _telling(shape: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda record: {**shape(record), **{key: record[key] for key in _MORE if key in record}}


codebuild._create_project = _keeping(codebuild._create_project)
codebuild._update_project = _keeping(codebuild._update_project)
codebuild._project_shape = _telling(codebuild._project_shape)
