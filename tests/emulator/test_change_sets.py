"""Change sets, exports and imports."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.emulator.stacks import Stacks, template

QUEUE = ("AWS::SQS::Queue", {})


def exporting(value: Any = "1", name: str = "shared") -> dict[str, Any]:
    return template(Q=QUEUE, outputs={"Out": {"Value": value, "Export": {"Name": name}}})


def importing(name: str = "shared") -> dict[str, Any]:
    value = {"Fn::ImportValue": name}
    return template(P=("AWS::SSM::Parameter", {"Name": "/i", "Type": "String", "Value": value}))


def test_a_new_stack_is_under_review_until_its_change_set_is_executed(stacks: Stacks) -> None:
    first = stacks.change("new", template(Q=QUEUE), "CREATE")
    assert (first["Status"], first["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert [change["ResourceChange"]["Action"] for change in first["Changes"]] == ["Add"]
    assert stacks.status("new") == "REVIEW_IN_PROGRESS"
    with pytest.raises(ClientError, match=r"Stack \[new\] does not exist"):
        stacks.change("new", template(Q=QUEUE), "UPDATE")
    second = stacks.change("new", template(Q=QUEUE, R=QUEUE), "CREATE")
    assert second["StackId"] == first["StackId"]
    with pytest.raises(ClientError):
        stacks.change("new", {"Resources": {"X": {"Type": "AWS::No::Such"}}}, "CREATE")
    assert stacks.status("new") == "REVIEW_IN_PROGRESS"
    stacks.client.execute_change_set(ChangeSetName=second["ChangeSetId"])
    assert stacks.settled("new") == "CREATE_COMPLETE"
    assert stacks.client.describe_stacks(StackName="new")["Stacks"][0]["StackId"] == first["StackId"]


def test_an_empty_change_set_fails_in_aws_words(stacks: Stacks) -> None:
    stacks.deploy("s", template(Q=QUEUE))
    made = stacks.change("s", template(Q=QUEUE))
    assert (made["Status"], made["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert made["StatusReason"] == (
        "The submitted information didn't contain changes. Submit different information to create a change set."
    )
    with pytest.raises(ClientError, match=r"cannot be executed in its current status of \[FAILED\]"):
        stacks.client.execute_change_set(ChangeSetName=made["ChangeSetId"])


def test_a_change_of_outputs_alone_is_a_change(stacks: Stacks) -> None:
    stacks.deploy("s", template(Q=QUEUE))
    made = stacks.change("s", template(Q=QUEUE, outputs={"Out": {"Value": "1"}}))
    assert (made["Status"], made["Changes"]) == ("CREATE_COMPLETE", [])
    stacks.client.execute_change_set(ChangeSetName=made["ChangeSetId"])
    assert stacks.settled("s") == "UPDATE_COMPLETE"
    assert stacks.outputs("s") == {"Out": "1"}


def test_changes_are_told_apart(stacks: Stacks) -> None:
    parameter = {"Name": "/a", "Type": "String", "Value": "1"}
    stacks.deploy("s", template(P=("AWS::SSM::Parameter", parameter), Gone=QUEUE, Same=QUEUE))
    made = stacks.change(
        "s", template(P=("AWS::SSM::Parameter", parameter | {"Value": "2"}), Same=QUEUE, New=QUEUE)
    )
    found = {
        change["ResourceChange"]["LogicalResourceId"]: (
            change["ResourceChange"]["Action"],
            change["ResourceChange"].get("Replacement"),
        )
        for change in made["Changes"]
    }
    assert found == {"P": ("Modify", "False"), "Gone": ("Remove", None), "New": ("Add", None)}


def test_an_export_in_use_cannot_go(stacks: Stacks) -> None:
    stacks.deploy("giver", exporting())
    for name in ("taker", "other"):
        body = importing()
        body["Resources"]["P"]["Properties"]["Name"] = f"/{name}"
        assert stacks.deploy(name, body) == "CREATE_COMPLETE"
    imports = stacks.client.list_imports(ExportName="shared")["Imports"]
    assert sorted(imports) == ["other", "taker"]

    stacks.client.delete_stack(StackName="giver")
    assert stacks.settled("giver") == "CREATE_COMPLETE"
    reason = "Delete canceled. Cannot delete export shared as it is in use by taker and other."
    assert stacks.events("giver")[-1] == ("giver", "CREATE_COMPLETE", reason)

    assert stacks.deploy("giver", template(Q=QUEUE)) == "UPDATE_ROLLBACK_COMPLETE"
    why = [reason for _, status, reason in stacks.events("giver") if status == "UPDATE_ROLLBACK_IN_PROGRESS"]
    assert why == ["Cannot delete export shared as it is in use by taker and other."]
    assert stacks.deploy("giver", exporting("2")) == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.outputs("giver") == {"Out": "1"}

    for name in ("taker", "other"):
        assert stacks.delete(name) == "DELETE_COMPLETE"
    assert stacks.deploy("giver", template(Q=QUEUE)) == "UPDATE_COMPLETE"
    assert stacks.client.list_exports()["Exports"] == []
    assert stacks.delete("giver") == "DELETE_COMPLETE"


def test_an_export_has_one_owner(stacks: Stacks) -> None:
    stacks.deploy("one", exporting())
    assert stacks.deploy("two", exporting()) == "ROLLBACK_COMPLETE"
    (why,) = [reason for _, status, reason in stacks.events("two") if status == "ROLLBACK_IN_PROGRESS"]
    assert why == "Export with name shared is already exported by stack one. Rollback requested by user."


def test_an_import_of_nothing_fails_the_change_set(stacks: Stacks) -> None:
    made = stacks.change("taker", importing("nowhere"), "CREATE")
    assert (made["Status"], made["StatusReason"]) == ("FAILED", "No export named nowhere found.")
