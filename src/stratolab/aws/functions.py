"""Lambda functions, called by a person who waits for the answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stratolab.aws.errors import GoneError, calling
from stratolab.core.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Mapping

WAITS = 930.0
"""Seconds to read an answer: no function runs longer than 900."""


class Functions:
    """Functions of one region. `client` should wait for an answer (`WAITS`) and not ask again if there is none."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def call(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Call a function, and give what it answers.

        Raises `GoneError` if there is no such function, `RemoteError` with Lambda's words if it failed or ran out of
        time.
        """
        doing = f"calling the function {name}"
        try:
            with calling(doing):
                said = self._client.invoke(FunctionName=name, Payload=json.dumps(given).encode())
                body = said["Payload"].read()
        except GoneError:
            raise GoneError(
                f"there is no function {name} any more",
                doing=doing,
                hint="whoever looks after the lab brings it back: stratolab up database",
            ) from None
        answer = json.loads(body or b"null")
        if said.get("FunctionError"):
            told = answer if isinstance(answer, dict) else {}
            raise RemoteError(
                str(told.get("errorMessage") or said["FunctionError"]),
                doing=doing,
                hint="its log group, /stratolab/LAB/ENVIRONMENT/functions/..., has more",
            )
        if not isinstance(answer, dict):
            raise RemoteError("its answer is no object", doing=doing)
        return answer
