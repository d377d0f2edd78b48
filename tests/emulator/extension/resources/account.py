"""What watches over an account: budgets, the audit trail, threat detection, analyzers, sets of addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.core.responses import get_account_id
from tests.emulator.extension.client import call, gently
from tests.emulator.extension.conversion import Rules, parameters, truth
from tests.emulator.extension.registry import Made, Result, resource

if TYPE_CHECKING:
    from collections.abc import Mapping


# -- budgets ------------------------------------------------------------------------------------------


@resource("AWS::Budgets::Budget")
class Budget:
    """Ref is the name. Notifications are kept; nothing is ever spent, so none is sent."""

    @staticmethod
    def create(made: Made) -> Result:
        name = made["Budget"].get("BudgetName") or made.name("")
        call("budgets", "CreateBudget", **_budget(made, name))
        return name, {"Id": name}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        """In place go the amount and the like; new notifications make a new budget, as the schema says."""
        wanted = made["Budget"].get("BudgetName")
        if wanted and wanted != made.physical_id:
            return Budget.create(made)
        new = _budget(made, made.physical_id)
        call("budgets", "UpdateBudget", AccountId=get_account_id(), NewBudget=new["Budget"])
        return made.physical_id, {"Id": made.physical_id}

    @staticmethod
    def delete(made: Made) -> None:
        gently("budgets", "DeleteBudget", AccountId=get_account_id(), BudgetName=made.physical_id)

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        found = gently("budgets", "DescribeBudget", AccountId=get_account_id(), BudgetName=made.physical_id)
        if found is None:
            return None
        budget = dict(found["Budget"])
        limit = budget.get("BudgetLimit")
        if limit:  # the service writes amounts in its own way: 10 becomes 10.0
            budget["BudgetLimit"] = {"Amount": f"{float(limit['Amount']):g}", "Unit": limit["Unit"]}
        return {"Budget": budget}


def _budget(made: Made, name: str) -> dict[str, Any]:
    given = {
        **made.properties,
        "AccountId": get_account_id(),
        "Budget": {**made["Budget"], "BudgetName": name},
    }
    return parameters("budgets", "CreateBudget", given)


# -- the audit trail ----------------------------------------------------------------------------------

_TRAIL = Rules(
    renamed={"KMSKeyId": "KmsKeyId"},
    left_out=(
        "TrailName",
        "IsLogging",
        "EventSelectors",
        "AdvancedEventSelectors",
        "InsightSelectors",
        "Tags",
    ),
)


@resource("AWS::CloudTrail::Trail")
class Trail:
    """Ref is the name."""

    @staticmethod
    def create(made: Made) -> Result:
        name = made.name("TrailName")
        tags = [{"Key": tag["Key"], "Value": str(tag["Value"])} for tag in made.get("Tags") or []]
        wanted = parameters("cloudtrail", "CreateTrail", made.properties, _TRAIL)
        found = call("cloudtrail", "CreateTrail", Name=name, **wanted, **({"TagsList": tags} if tags else {}))
        _follow(name, made)
        return name, {"Arn": found["TrailARN"], "SnsTopicArn": found.get("SnsTopicARN", "")}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        wanted = parameters("cloudtrail", "UpdateTrail", made.properties, _TRAIL)
        found = call("cloudtrail", "UpdateTrail", Name=made.physical_id, **wanted)
        _follow(made.physical_id, made)
        return made.physical_id, {"Arn": found["TrailARN"], "SnsTopicArn": found.get("SnsTopicARN", "")}

    @staticmethod
    def delete(made: Made) -> None:
        gently("cloudtrail", "DeleteTrail", Name=made.physical_id)

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        found = gently("cloudtrail", "GetTrail", Name=made.physical_id)
        if found is None:
            return None
        trail = found["Trail"]
        return {
            "IsLogging": call("cloudtrail", "GetTrailStatus", Name=made.physical_id)["IsLogging"],
            "S3BucketName": trail["S3BucketName"],
            "IsMultiRegionTrail": trail.get("IsMultiRegionTrail", False),
            "EnableLogFileValidation": trail.get("LogFileValidationEnabled", False),
        }


def _follow(name: str, made: Made) -> None:
    call("cloudtrail", "StartLogging" if truth(made["IsLogging"]) else "StopLogging", Name=name)
    for key, operation in (
        ("EventSelectors", "PutEventSelectors"),
        ("AdvancedEventSelectors", "PutEventSelectors"),
        ("InsightSelectors", "PutInsightSelectors"),
    ):
        if made.get(key):
            wanted = parameters("cloudtrail", operation, {key: made[key]})
            call("cloudtrail", operation, TrailName=name, **wanted)


# -- GuardDuty, Access Analyzer, Security Hub ---------------------------------------------------------


@resource("AWS::GuardDuty::Detector")
class Detector:
    """Ref is the id."""

    @staticmethod
    def create(made: Made) -> Result:
        wanted = parameters("guardduty", "CreateDetector", made.properties)
        identity = call("guardduty", "CreateDetector", **wanted)["DetectorId"]
        return identity, {"Id": identity}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        wanted = parameters("guardduty", "UpdateDetector", made.properties, Rules(left_out=("Tags",)))
        call("guardduty", "UpdateDetector", DetectorId=made.physical_id, **wanted)
        return made.physical_id, {"Id": made.physical_id}

    @staticmethod
    def delete(made: Made) -> None:
        if made.physical_id in call("guardduty", "ListDetectors")["DetectorIds"]:
            call("guardduty", "DeleteDetector", DetectorId=made.physical_id)

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        if made.physical_id not in call("guardduty", "ListDetectors")["DetectorIds"]:
            return None
        found = call("guardduty", "GetDetector", DetectorId=made.physical_id)
        return {
            "Enable": found["Status"] == "ENABLED",
            "FindingPublishingFrequency": found["FindingPublishingFrequency"],
        }


@resource("AWS::AccessAnalyzer::Analyzer")
class Analyzer:
    """Ref is the ARN."""

    @staticmethod
    def create(made: Made) -> Result:
        renamed = {"AnalyzerConfiguration": "configuration"}
        given = {**made.properties, "AnalyzerName": made.name("AnalyzerName", longest=255)}
        arn = call(
            "accessanalyzer",
            "CreateAnalyzer",
            **parameters("accessanalyzer", "CreateAnalyzer", given, Rules(renamed)),
        )["arn"]
        return arn, {"Arn": arn}

    @staticmethod
    def delete(made: Made) -> None:
        gently("accessanalyzer", "DeleteAnalyzer", analyzerName=made.physical_id.rpartition("/")[2])

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        found = gently("accessanalyzer", "GetAnalyzer", analyzerName=made.physical_id.rpartition("/")[2])
        return None if found is None else {"Type": found["analyzer"]["type"]}


@resource("AWS::SecurityHub::Hub")
class Hub:
    """Ref is the ARN."""

    @staticmethod
    def create(made: Made) -> Result:
        call(
            "securityhub",
            "EnableSecurityHub",
            **parameters(
                "securityhub", "EnableSecurityHub", made.properties, Rules(left_out=("AutoEnableControls",))
            ),
        )
        if "AutoEnableControls" in made.properties:
            call(
                "securityhub",
                "UpdateSecurityHubConfiguration",
                AutoEnableControls=truth(made["AutoEnableControls"]),
            )
        found = call("securityhub", "DescribeHub")
        return found["HubArn"], {"ARN": found["HubArn"], "SubscribedAt": found["SubscribedAt"]}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        rules = Rules(left_out=("Tags", "EnableDefaultStandards"))
        wanted = parameters("securityhub", "UpdateSecurityHubConfiguration", made.properties, rules)
        call("securityhub", "UpdateSecurityHubConfiguration", **wanted)
        found = call("securityhub", "DescribeHub")
        return made.physical_id, {"ARN": found["HubArn"], "SubscribedAt": found["SubscribedAt"]}

    @staticmethod
    def delete(made: Made) -> None:
        call("securityhub", "DisableSecurityHub")


@resource("AWS::SecurityHub::Standard")
class Standard:
    """Ref is the ARN of the subscription."""

    @staticmethod
    def create(made: Made) -> Result:
        found = call(
            "securityhub",
            "BatchEnableStandards",
            StandardsSubscriptionRequests=[{"StandardsArn": made["StandardsArn"]}],
        )
        arn = found["StandardsSubscriptions"][0]["StandardsSubscriptionArn"]
        return arn, {"StandardsSubscriptionArn": arn}

    @staticmethod
    def delete(made: Made) -> None:
        call("securityhub", "BatchDisableStandards", StandardsSubscriptionArns=[made.physical_id])


# -- sets of addresses for the firewall ----------------------------------------------------------------


@resource("AWS::WAFv2::IPSet")
class AddressSet:
    """Ref is `name|id|scope`."""

    @staticmethod
    def create(made: Made) -> Result:
        given = {**made.properties, "Name": made.name("Name")}
        found = call("wafv2", "CreateIPSet", **parameters("wafv2", "CreateIPSet", given))["Summary"]
        return f"{found['Name']}|{found['Id']}|{made['Scope']}", {"Arn": found["ARN"], "Id": found["Id"]}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        key = _set_key(made.physical_id)
        found = call("wafv2", "GetIPSet", **key)
        told = {"Description": made["Description"]} if made.get("Description") else {}
        call("wafv2", "UpdateIPSet", **key, Addresses=made["Addresses"], LockToken=found["LockToken"], **told)
        return made.physical_id, {"Arn": found["IPSet"]["ARN"], "Id": key["Id"]}

    @staticmethod
    def delete(made: Made) -> None:
        key = _set_key(made.physical_id)
        found = gently("wafv2", "GetIPSet", **key)
        if found is not None:
            call("wafv2", "DeleteIPSet", **key, LockToken=found["LockToken"])

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        found = gently("wafv2", "GetIPSet", **_set_key(made.physical_id))
        return None if found is None else {"Addresses": found["IPSet"]["Addresses"]}


def _set_key(physical_id: str) -> dict[str, str]:
    return dict(zip(("Name", "Id", "Scope"), physical_id.split("|"), strict=True))


@resource("AWS::WAFv2::WebACLAssociation")
class FirewallAssociation:
    """Ref is `firewall|resource`."""

    @staticmethod
    def create(made: Made) -> Result:
        call("wafv2", "AssociateWebACL", ResourceArn=made["ResourceArn"], WebACLArn=made["WebACLArn"])
        return f"{made['WebACLArn']}|{made['ResourceArn']}", {}

    @staticmethod
    def delete(made: Made) -> None:
        gently("wafv2", "DisassociateWebACL", ResourceArn=made["ResourceArn"])


@resource("AWS::WAFv2::LoggingConfiguration")
class FirewallLog:
    """Ref is the firewall's ARN."""

    @staticmethod
    def create(made: Made) -> Result:
        given = parameters("wafv2", "PutLoggingConfiguration", {"LoggingConfiguration": made.properties})
        call("wafv2", "PutLoggingConfiguration", **given)
        return str(made["ResourceArn"]), {}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        return FirewallLog.create(made)

    @staticmethod
    def delete(made: Made) -> None:
        gently("wafv2", "DeleteLoggingConfiguration", ResourceArn=made["ResourceArn"])
