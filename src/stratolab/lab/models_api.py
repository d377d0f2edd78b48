"""The Python API of the registry: what `stratolab models` does, for scripts, notebooks and services.

from stratolab import Models

    Models().register("world-series", "model.json")      # inside a job: the model of this job
    Models().load("world-series@champion")                # opened, after its hash and signature have been checked
    Models().path("world-series@champion")                # only checked: the path of its file or folder
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError
from stratolab.jobs import store
from stratolab.lab import open_lab, registering
from stratolab.lab.local import LocalLab
from stratolab.models import delivery, opening, service
from stratolab.models.models import check_alias, parse_reference
from stratolab.models.schema import parse_sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.models.models import Version


class Models:
    """The registry of the project in `folder`; inside a job, by default, that of the lab that runs it.

    A model is named `name` (its latest version), `name/3` or `name@alias`.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        home = os.environ.get("STRATOLAB_HOME", "")
        inside = folder is None and home and registering.own_job()
        self._lab = LocalLab(Path(home).parents[2]) if inside else open_lab(Path(folder or "."))

    def register(
        self,
        name: str,
        path: str | Path = "",
        *,
        job: str = "",
        alias: str = "",
        sample: Any = None,
        description: str = "",
        allow_code: bool = False,
    ) -> Version:
        """Register a file or folder as a new version of `name`, tied to `job`: this one inside a job, else the latest.

        Without a path, the model that the job has logged to MLflow. The same bytes of the same job are the same
        version. `sample` is one input, from which a schema is made. What runs code when it is opened (a pickle) is
        refused with `RefusedError` unless `allow_code`.
        """
        if not self._lab.exists:
            raise InputError(
                "the lab's jobs are not to be found from here",
                doing="registering a model",
                hint="register it when the job has ended: stratolab models register NAME PATH",
            )
        wanted = job or registering.own_job()
        found = self._lab.database.read(lambda tx: store.find(tx, wanted))
        request = registering.Request(
            name=name,
            job=found,
            path=os.fspath(path),
            alias=alias,
            description=description,
            sample=None if sample is None else parse_sample(json.dumps(sample)),
            allow_code=allow_code,
        )
        return registering.register(self._lab, request)[0]

    def versions(self, name: str = "") -> list[Version]:
        """The versions of a model, newest first; without a name, those of all models."""
        return self._lab.models.versions(name)

    def find(self, model: str) -> Version:
        """The version that is meant. Raises `InputError` if there is none."""
        return service.find(self._lab.models, parse_reference(model))

    def promote(self, model: str, *, to: str) -> Version:
        """Let the alias `to` name this version, whichever it named before."""
        check_alias(to)
        found = self.find(model)
        if to not in found.aliases:
            self._lab.models.set_alias(found, to)
        return self.find(str(found.reference))

    def path(self, model: str) -> Path:
        """The model's file, or its folder, whose bytes are those that were registered. Do not change it.

        Raises `RefusedError` if they are not, or if opening it would run code that this lab has not signed.
        """
        folder, content = delivery.verified(self._lab.models, self.find(model))
        return opening.place(folder, content)

    def load(self, model: str, *, trusted: Sequence[str] = ()) -> Any:
        """The model, opened: JSON, NumPy arrays, skops, MLflow's own form, signed pickles.

        `trusted` are types that skops may load. Raises as `path` does, and `InputError` for formats that are opened
        by a library of their own, with the line that does it.
        """
        return opening.load(self._lab.models, self.find(model), trusted=trusted)

    def download(self, model: str, folder: str | Path, *, force: bool = False) -> Path:
        """Copy the model's files into `folder`, whole or not at all."""
        target = Path(folder)
        delivery.download(self._lab.models, self.find(model), target, force=force)
        return target
