"""ECS: a setting that nobody has made has AWS's default, which ministack tells wrongly of some."""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import ecs
from tests.emulator.extension.services.json_api import serve_before

_DEFAULTS = {
    "containerInsights": "disabled",
    "defaultLogDriverMode": "non-blocking",
    "fargateTaskRetirementWaitPeriod": "7",
    "tagResourceAuthorization": "off",
}


def _listed(request: dict[str, Any]) -> dict[str, Any]:
    names = [request["name"]] if request.get("name") else sorted({*_DEFAULTS, *ecs._account_settings})
    owner = f"arn:aws:iam::{get_account_id()}:root"
    values = {name: ecs._account_settings.get(name, _DEFAULTS.get(name, "disabled")) for name in names}
    return {
        "settings": [
            {"name": name, "value": value, "principalArn": owner, "type": "user"}
            for name, value in values.items()
        ]
    }


serve_before("ecs", {"ListAccountSettings": _listed})
