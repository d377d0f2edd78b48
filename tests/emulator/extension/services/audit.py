"""GuardDuty, IAM Access Analyzer and Security Hub: records only. Nothing is watched, nothing is ever found."""

from __future__ import annotations

import time
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid
from tests.emulator.extension import stores
from tests.emulator.extension.services.json_api import ServiceError, serve

_detectors, _analyzers, _hubs, _standards = (stores.table() for _ in range(4))
_HUB = "hub"
_SERVICE_ROLE = (
    "arn:aws:iam::{}:role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty"
)
_BEST_PRACTICES = "arn:aws:securityhub:{}::standards/aws-foundational-security-best-practices/v/1.0.0"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{resource}"


# -- GuardDuty ----------------------------------------------------------------------------------------


def _detector(request: dict[str, Any]) -> dict[str, Any]:
    found = _detectors.get(request["DetectorId"])
    if found is None:
        raise ServiceError(
            "BadRequestException",
            "The request is rejected because the input detectorId is not owned by the current account.",
        )
    return dict(found)


def _create_detector(request: dict[str, Any]) -> dict[str, Any]:
    if len(_detectors):
        raise ServiceError(
            "BadRequestException",
            "The request is rejected because a detector already exists for the current account.",
        )
    identity = new_uuid().replace("-", "")
    _detectors[identity] = _detector_record(request) | {"CreatedAt": _now()}
    return {"DetectorId": identity}


def _detector_record(request: dict[str, Any]) -> dict[str, Any]:
    return {
        "Status": "ENABLED" if request.get("Enable") else "DISABLED",
        "FindingPublishingFrequency": request.get("FindingPublishingFrequency", "SIX_HOURS"),
        "DataSources": request.get("DataSources"),
        "Features": request.get("Features", []),
        "Tags": request.get("Tags", {}),
        "ServiceRole": _SERVICE_ROLE.format(get_account_id()),
        "UpdatedAt": _now(),
    }


def _update_detector(request: dict[str, Any]) -> None:
    old = _detector(request)
    given = {name: value for name, value in request.items() if name not in {"DetectorId", "Enable"}}
    if "Enable" in request:
        given["Status"] = "ENABLED" if request["Enable"] else "DISABLED"
    _detectors[request["DetectorId"]] = {**old, **given, "UpdatedAt": _now()}


def _delete_detector(request: dict[str, Any]) -> None:
    _detector(request)
    del _detectors[request["DetectorId"]]


serve(
    "guardduty",
    {
        "CreateDetector": _create_detector,
        "GetDetector": _detector,
        "UpdateDetector": _update_detector,
        "DeleteDetector": _delete_detector,
        "ListDetectors": lambda _: {"DetectorIds": list(_detectors.keys())},
        "ListFindings": lambda request: _detector(request) and {"FindingIds": []},
    },
)


# -- Access Analyzer ----------------------------------------------------------------------------------


def _analyzer(request: dict[str, Any]) -> dict[str, Any]:
    found = _analyzers.get(request["analyzerName"])
    if found is None:
        raise ServiceError(
            "ResourceNotFoundException", f"Analyzer {request['analyzerName']} was not found", 404
        )
    return dict(found)


def _create_analyzer(request: dict[str, Any]) -> dict[str, Any]:
    name = request["analyzerName"]
    if name in _analyzers:
        raise ServiceError("ConflictException", f"Analyzer {name} already exists", 409)
    if any(one["type"] == request["type"] for one in _analyzers.values()):
        raise ServiceError(
            "ServiceQuotaExceededException", f"There is an analyzer of type {request['type']}", 402
        )
    arn = _arn("access-analyzer", f"analyzer/{name}")
    _analyzers[name] = {
        "arn": arn,
        "name": name,
        "type": request["type"],
        "createdAt": _now(),
        "status": "ACTIVE",
        "tags": request.get("tags", {}),
        "configuration": request.get("configuration"),
        "rules": request.get("archiveRules", []),
    }
    return {"arn": arn}


def _delete_analyzer(request: dict[str, Any]) -> None:
    _analyzer(request)
    del _analyzers[request["analyzerName"]]


def _archive_rules(request: dict[str, Any]) -> dict[str, Any]:
    rules = _analyzer(request)["rules"]
    return {"archiveRules": [{**rule, "createdAt": _now(), "updatedAt": _now()} for rule in rules]}


serve(
    "accessanalyzer",
    {
        "CreateAnalyzer": _create_analyzer,
        "GetAnalyzer": lambda request: {"analyzer": _analyzer(request)},
        "DeleteAnalyzer": _delete_analyzer,
        "ListAnalyzers": lambda _: {"analyzers": list(_analyzers.values())},
        "ListArchiveRules": _archive_rules,
        "ListFindingsV2": lambda _: {"findings": []},
        "ListFindings": lambda _: {"findings": []},
    },
)


# -- Security Hub -------------------------------------------------------------------------------------


def _hub(_request: dict[str, Any]) -> dict[str, Any]:
    found = _hubs.get(_HUB)
    if found is None:
        raise ServiceError("InvalidAccessException", "Account is not subscribed to AWS Security Hub", 401)
    return dict(found)


def _enable_hub(request: dict[str, Any]) -> None:
    if _HUB in _hubs:
        raise ServiceError("ResourceConflictException", "Account is already subscribed to Security Hub", 409)
    _hubs[_HUB] = {
        "HubArn": _arn("securityhub", "hub/default"),
        "SubscribedAt": _now(),
        "AutoEnableControls": request.get("AutoEnableControls", True),
        "ControlFindingGenerator": request.get("ControlFindingGenerator", "SECURITY_CONTROL"),
    }
    if request.get("EnableDefaultStandards", True):
        _enable_standards(
            {"StandardsSubscriptionRequests": [{"StandardsArn": _BEST_PRACTICES.format(get_region())}]}
        )


def _update_hub(request: dict[str, Any]) -> None:
    _hubs[_HUB] = {**_hub(request), **request}


def _disable_hub(request: dict[str, Any]) -> None:
    _hub(request)
    del _hubs[_HUB]
    for arn in list(_standards.keys()):
        del _standards[arn]


def _enable_standards(request: dict[str, Any]) -> dict[str, Any]:
    made = []
    for wanted in request["StandardsSubscriptionRequests"]:
        name = wanted["StandardsArn"].split(":", 5)[5].removeprefix("standards/").removeprefix("ruleset/")
        arn = _arn("securityhub", f"subscription/{name}")
        _standards[arn] = {
            "StandardsSubscriptionArn": arn,
            "StandardsArn": wanted["StandardsArn"],
            "StandardsInput": wanted.get("StandardsInput", {}),
            "StandardsStatus": "READY",
        }
        made.append(_standards[arn])
    return {"StandardsSubscriptions": made}


def _disable_standards(request: dict[str, Any]) -> dict[str, Any]:
    gone = [_standards.pop(arn) for arn in request["StandardsSubscriptionArns"] if arn in _standards]
    return {"StandardsSubscriptions": gone}


def _get_standards(request: dict[str, Any]) -> dict[str, Any]:
    wanted = request.get("StandardsSubscriptionArns")
    return {"StandardsSubscriptions": [one for arn, one in _standards.items() if not wanted or arn in wanted]}


serve(
    "securityhub",
    {
        "EnableSecurityHub": _enable_hub,
        "DescribeHub": _hub,
        "UpdateSecurityHubConfiguration": _update_hub,
        "DisableSecurityHub": _disable_hub,
        "BatchEnableStandards": _enable_standards,
        "BatchDisableStandards": _disable_standards,
        "GetEnabledStandards": _get_standards,
        "GetFindings": lambda request: _hub(request) and {"Findings": []},
    },
)
