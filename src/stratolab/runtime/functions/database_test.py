"""The function that tries the way to a database: the secret, the name, the port, TLS, the login, a query.

Each step is timed; the first that fails says why, and those after it are not tried. It is called by `stratolab db test`
and changes nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import RemoteError
from stratolab.runtime.databases.examining import Step, examine
from stratolab.runtime.functions import entering

if TYPE_CHECKING:
    from collections.abc import Mapping


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - as Lambda calls it
    """What Lambda calls."""
    database = entering.database()
    return {
        "address": str(database),
        "steps": [
            {"step": one.name, "ok": one.ok, "seconds": one.seconds, "found": one.found, "hint": one.hint}
            for one in steps(database)
        ],
    }


def steps(database: entering.Database, secrets: Any = None) -> list[Step]:
    """The steps, up to the first that fails. `secrets` is a client of Secrets Manager."""
    began = time.perf_counter()
    try:
        who = entering.login(database.secret, secrets)
    except RemoteError as error:
        return [
            Step("secret", ok=False, seconds=time.perf_counter() - began, found=error.what, hint=error.hint)
        ]
    first = Step("secret", ok=True, seconds=time.perf_counter() - began, found=f"user {who.user}")
    return [first, *examine(database.place, lambda: entering.connect(database, who))]
