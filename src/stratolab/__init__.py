"""stratolab: from a script on a laptop to a secure, affordable lab in your own AWS account, and back.

The public Python API. Importing it loads nothing heavy; each name is fetched when it is first used.

    import stratolab
    stratolab.report(log_loss=0.41, step=3)     # inside a job: hand a metric to the sweep
    best = stratolab.Sweep("tune").run().best   # outside: run a sweep of this folder's project
    password = stratolab.secret("db:password")  # anywhere: a secret, files, tables of the lab
    stratolab.upload("prices", "data/prices")
    stratolab.write_table(frame, "results", if_exists="append")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stratolab.lab.access import (
        connect,
        ddl,
        download,
        read_query,
        read_table,
        secret,
        upload,
        write_table,
    )
    from stratolab.lab.api import Sweep
    from stratolab.lab.models_api import Models
    from stratolab.runtime.report import report

__all__ = [
    "Models",
    "Sweep",
    "__version__",
    "connect",
    "ddl",
    "download",
    "read_query",
    "read_table",
    "report",
    "secret",
    "upload",
    "write_table",
]

_ACCESS = ("connect", "ddl", "download", "read_query", "read_table", "secret", "upload", "write_table")
_PLACES = {
    "report": "stratolab.runtime.report",
    "Sweep": "stratolab.lab.api",
    "Models": "stratolab.lab.models_api",
    **dict.fromkeys(_ACCESS, "stratolab.lab.access"),
}


def __getattr__(name: str) -> object:
    import importlib  # noqa: PLC0415 - not needed by most who import this package

    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("stratolab")
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'stratolab' has no attribute {name!r}")
