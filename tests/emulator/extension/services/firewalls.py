"""The logs of WAF's firewalls, which ministack lacks: kept by the firewall's ARN, and told. Nothing is logged."""

from __future__ import annotations

from typing import Any

from tests.emulator.extension import stores
from tests.emulator.extension.services.json_api import ServiceError, serve_before

_logs = stores.table()


def _put(given: dict[str, Any]) -> dict[str, Any]:
    wanted = given["LoggingConfiguration"]
    _logs[wanted["ResourceArn"]] = wanted
    return {"LoggingConfiguration": wanted}


def _get(given: dict[str, Any]) -> dict[str, Any]:
    found = _logs.get(given["ResourceArn"])
    if found is None:
        raise ServiceError("WAFNonexistentItemException", "AWS WAF couldn't perform the operation")
    return {"LoggingConfiguration": found}


def _delete(given: dict[str, Any]) -> dict[str, Any]:
    _get(given)
    del _logs[given["ResourceArn"]]
    return {}


serve_before(
    "wafv2",
    {
        "PutLoggingConfiguration": _put,
        "GetLoggingConfiguration": _get,
        "DeleteLoggingConfiguration": _delete,
    },
)
