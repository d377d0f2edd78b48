"""Asking MLflow itself, for stores whose tables are not known here: one request, one process.

The process holds the registry's lock for as long as it lives, so that a command that is killed in the middle does
not let the next one in while MLflow still writes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

from stratolab.core.errors import InputError, RemoteError
from stratolab.models.models import Logged
from stratolab.models.tags import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LONGEST: Final = 180.0  # seconds; a first import of MLflow on a cold disk takes ten
_OTHERS: Final = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_NAME",
                  "MLFLOW_EXPERIMENT_ID", "MLFLOW_WORKSPACE")  # fmt: skip
_QUIET: Final = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "GIT_PYTHON_REFRESH": "quiet"}
_DOING: Final = "asking MLflow"


class Client:
    """MLflow's client for the store in a file, a process a request, which inherits the handles `holding`.

    Does what `tables.Tables` does. Raises `RemoteError` with what MLflow says; without MLflow installed `InputError`.
    """

    def __init__(self, store: Path, holding: Sequence[int] = ()) -> None:
        self._store = store
        self._holding = tuple(holding)

    def create(self, name: str, source: str, *, run: str, tags: Mapping[str, str], description: str) -> int:
        """Make a version, whole or not at all, and give its number."""
        request = {"name": name, "source": source, "run": run, "tags": dict(tags), "description": description}
        return int(self._ask("create", request)["version"])

    def update(self, name: str, version: int, *, tags: Mapping[str, str], description: str) -> None:
        """Set these tags of a version, and its description unless that is empty."""
        self._ask(
            "update", {"name": name, "version": version, "tags": dict(tags), "description": description}
        )

    def set_alias(self, name: str, alias: str, version: int) -> None:
        """Let `alias` name this version; it then names no other one."""
        self._ask("alias", {"name": name, "alias": alias, "version": version})

    def rows(self, name: str = "") -> list[Row]:
        """What `Tables.rows` gives."""
        found = self._ask("read", {"name": name})["rows"]
        return [Row(**{**row, "aliases": tuple(row["aliases"])}) for row in found]

    def logged(self, job: str, run: str) -> list[Logged]:
        """What `Tables.logged` gives."""
        return [Logged(**row) for row in self._ask("logged", {"job": job, "run": run})["logged"]]

    def metrics(self, run: str) -> dict[str, float]:
        """What `Tables.metrics` gives."""
        found: dict[str, float] = self._ask("metrics", {"run": run})["metrics"]
        return found

    def _env(self) -> dict[str, str]:
        """The environment of MLflow's process: nothing of a script's own MLflow, and nothing sent to anybody."""
        env = {name: value for name, value in os.environ.items() if name not in _OTHERS}
        uri = f"sqlite:///{self._store.absolute()}"
        return {**_QUIET, **env, "MLFLOW_TRACKING_URI": uri, "MLFLOW_REGISTRY_URI": uri}

    def _ask(self, what: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "stratolab.models.by_mlflow"],
                input=json.dumps({"do": what, **request}) + "\n",
                env=self._env(),
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=LONGEST,
                check=False,
                pass_fds=self._holding,
            )
        except subprocess.TimeoutExpired as error:
            raise RemoteError(f"no answer within {LONGEST:g} s", doing=_DOING, hint="try again") from error
        return answer_of(done.stdout, done.stderr)


def answer_of(line: str, said: str = "") -> Mapping[str, Any]:
    """What MLflow's process answered; `said` is what else it said.

    Raises as `Client` does.
    """
    try:
        answer: Mapping[str, Any] = json.loads(line)
    except ValueError:
        words = said.strip().splitlines()[-1:] or ["it said nothing"]
        raise RemoteError(
            f"it broke off: {words[0]}", doing=_DOING, hint="try again: nothing is half written"
        ) from None
    if answer.get("missing"):
        raise InputError(
            "a registry is kept by MLflow, which is not installed here",
            doing=_DOING,
            hint="pip install 'stratolab[tracking]'",
        )
    if "error" in answer:
        raise RemoteError(str(answer["error"]), doing=_DOING, hint="look at the store: mlflow doctor")
    return answer
