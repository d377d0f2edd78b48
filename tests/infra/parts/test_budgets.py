from __future__ import annotations

from stratolab.infra.catalogue import find
from stratolab.testing.labs import sample


def budgets(name):
    resources = find(sample(name), "spending").template["Resources"].values()
    return {
        one["Properties"]["Budget"]["BudgetName"].split("-")[1]: one["Properties"]
        for one in resources
        if one["Type"] == "AWS::Budgets::Budget"
    }


def notices(budget):
    return [
        (
            one["Notification"]["NotificationType"],
            one["Notification"]["ComparisonOperator"],
            one["Notification"]["Threshold"],
        )
        for one in budget["NotificationsWithSubscribers"]
    ]


def test_levels_rise_and_too_little_is_a_signal():
    """R13."""
    made = budgets("standard")
    assert notices(made["monthly"]) == [("ACTUAL", "GREATER_THAN", level) for level in (25, 50, 80, 100)]
    assert notices(made["forecast"]) == [("FORECASTED", "GREATER_THAN", 100)]
    assert notices(made["low"]) == [("FORECASTED", "LESS_THAN", 10)]
    assert made["monthly"]["Budget"]["BudgetLimit"] == {"Amount": 400.0, "Unit": "USD"}


def test_people_are_mailed_and_programs_are_told():
    for budget in budgets("standard").values():
        for one in budget["NotificationsWithSubscribers"]:
            assert [subscriber["SubscriptionType"] for subscriber in one["Subscribers"]] == [
                "SNS",
                "EMAIL",
                "EMAIL",
            ]


def test_forecast_and_low_can_be_left_out():
    assert set(budgets("bare")) == {"monthly"}


def test_a_lab_alone_is_measured_by_its_tag():
    assert budgets("hardened")["monthly"]["Budget"]["CostFilters"] == {
        "TagKeyValue": ["user:stratolab:lab$acme"]
    }
    assert "CostFilters" not in budgets("standard")["monthly"]["Budget"]
