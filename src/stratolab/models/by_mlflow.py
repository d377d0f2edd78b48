"""The program that uses MLflow's client, a process of its own: requests as lines of JSON in, an answer each out.

    python -P -m stratolab.models.by_mlflow < requests > answers

Only this imports MLflow: it takes seconds and 150 MB, and it would bring MLflow's global settings into the process of
a script that has its own. What MLflow prints goes to standard error.
"""

from __future__ import annotations

import json
import math
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

_MODELS = "models:/"
_LINKS = "mlflow.modelVersions"
_OURS = "stratolab."
_PAGE = 1000


def main() -> int:
    """Do what each line of standard input asks, and answer it with a line."""
    os.umask(0o077)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            answer = _answer(json.loads(line))
        except ImportError:
            answer = {"missing": True}
        except Exception as error:  # noqa: BLE001 - whatever MLflow raises is told to whoever asked
            answer = {"error": str(error) or type(error).__name__}
        answers.write(json.dumps(answer) + "\n")
    return 0


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    from mlflow import MlflowClient  # noqa: PLC0415 - in the try of whoever calls

    return _REQUESTS[request["do"]](MlflowClient(), request)


def _alias(client: MlflowClient, request: Mapping[str, Any]) -> dict[str, Any]:
    client.set_registered_model_alias(request["name"], request["alias"], str(request["version"]))
    return {}


def _create(client: MlflowClient, request: Mapping[str, Any]) -> dict[str, Any]:
    """One version with all its tags, in one transaction; the model first, if there is none of this name."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - imports MLflow

    try:
        client.create_registered_model(request["name"])
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.create_model_version(
        request["name"],
        request["source"],
        run_id=request["run"] or None,
        tags=request["tags"],
        description=request["description"] or None,
        await_creation_for=0,
    )
    if request["source"].startswith(_MODELS):
        _link(client, request["source"].removeprefix(_MODELS), made)
    return {"version": int(made.version)}


def _link(client: MlflowClient, model: str, made: ModelVersion) -> None:
    """Note the version with the model that was logged, as MLflow's own `register_model` does."""
    there = json.loads(client.get_logged_model(model).tags.get(_LINKS, "[]"))
    links = [*there, {"name": made.name, "version": int(made.version)}]
    client.set_logged_model_tags(model, {_LINKS: json.dumps(links)})


def _update(client: MlflowClient, request: Mapping[str, Any]) -> dict[str, Any]:
    version = str(request["version"])
    for key, value in request["tags"].items():
        client.set_model_version_tag(request["name"], version, key, value)
    if request["description"]:
        client.update_model_version(request["name"], version, request["description"])
    return {}


def _rows(client: MlflowClient, request: Mapping[str, Any]) -> dict[str, Any]:
    name = request["name"]
    query = f"name = '{name}'" if name and "'" not in name else None
    pages = _pages(lambda token: client.search_model_versions(query, max_results=_PAGE, page_token=token))
    found = [version for version in pages if name in {"", version.name}]
    models = {version.name: client.get_registered_model(version.name).aliases for version in found}
    runs = {version.run_id: _run(client, version.run_id) for version in found if version.run_id}
    return {
        "rows": [
            _row(client, version, models[version.name], runs.get(version.run_id))
            for version in sorted(found, key=lambda version: (version.name, -int(version.version)))
        ]
    }


def _row(
    client: MlflowClient, version: ModelVersion, aliases: Mapping[str, str], run: Run | None
) -> dict[str, Any]:
    run_tags = run.data.tags if run else {}
    return {
        "name": version.name,
        "version": int(version.version),
        "created": version.creation_timestamp or 0,
        "description": version.description or "",
        "source": version.source or "",
        "storage": client.get_model_version_download_uri(version.name, version.version) or "",
        "run": version.run_id or "",
        "tags": dict(version.tags),
        "aliases": [alias for alias, number in aliases.items() if str(number) == str(version.version)],
        "run_tags": {key: value for key, value in run_tags.items() if key.startswith(_OURS)},
    }


def _logged(client: MlflowClient, request: Mapping[str, Any]) -> dict[str, Any]:
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments, f"tags.`stratolab.job` = '{request['job']}'")
    wanted = {request["run"], *(found.info.run_id for found in runs)}
    pages = _pages(
        lambda token: client.search_logged_models(experiments, max_results=_PAGE, page_token=token)
    )
    found = [model for model in pages if model.source_run_id in wanted and str(model.status) == "READY"]
    return {
        "logged": [
            {
                "id": model.model_id,
                "name": model.name,
                "location": model.artifact_location,
                "run": model.source_run_id,
            }
            for model in sorted(found, key=lambda model: model.creation_timestamp)
        ]
    }


def _metrics(client: MlflowClient, request: Mapping[str, Any]) -> dict[str, Any]:
    run = _run(client, request["run"])
    found = run.data.metrics if run else {}
    return {"metrics": {name: value for name, value in sorted(found.items()) if not math.isnan(value)}}


def _run(client: MlflowClient, run: str) -> Run | None:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - imports MLflow

    try:
        return client.get_run(run)
    except MlflowException:
        return None


def _pages(search: Callable[[str | None], Any]) -> Iterator[Any]:
    """What all pages of a search hold."""
    token = None
    while True:
        page = search(token)
        yield from page
        token = page.token
        if not token:
            return


_REQUESTS: dict[str, Callable[[MlflowClient, Mapping[str, Any]], dict[str, Any]]] = {
    "create": _create,
    "update": _update,
    "alias": _alias,
    "read": _rows,
    "logged": _logged,
    "metrics": _metrics,
}

if __name__ == "__main__":
    sys.exit(main())
