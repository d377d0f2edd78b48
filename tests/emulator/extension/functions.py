"""Lambda functions: what a test puts into their environment, and that Lambda calls a killed one again.

CloudFormation calls the function of a custom resource without waiting for what it returns, as an event. Lambda itself
calls such a function twice more if it fails; ministack does not.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ministack.services import lambda_svc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CALLS = 3
_stays: set[str] = set()
_once: list[Mapping[str, str]] = []


def put(variables: Mapping[str, str], *, once: bool) -> None:
    """Put variables into the environment of functions that begin from now on; `once`: of the next call alone."""
    if once:
        _once.append(variables)
        return
    _stays.update(variables)
    os.environ.update(variables)


def clear() -> None:
    """Take them all out again."""
    for name in _stays:
        os.environ.pop(name, None)
    _stays.clear()
    _once.clear()


def attach() -> None:
    execute = lambda_svc._execute_function_with_config_scope

    def executed(function: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
        again = CALLS if "ResponseURL" in event else 1
        while True:
            again -= 1
            with _for_one_call():
                result: dict[str, Any] = execute(function, event)
            if not again or not result.get("error"):
                return result

    lambda_svc._execute_function_with_config_scope = executed


@contextmanager
def _for_one_call() -> Iterator[None]:
    variables = _once.pop(0) if _once else {}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)
