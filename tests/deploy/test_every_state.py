"""Row P1: every state of CloudFormation against every verb, by the command line in this process, on the emulator.

The table is written out here, and not taken from `deploy.states`: it is what an owner may rely on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.control import REGION

from stratolab.aws.stacks import StackStatus
from stratolab.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

STACK = "acme-spending"
LAB = f'[lab]\nname = "acme"\nregion = "{REGION}"\nprofile = "lab"\n[budget]\nmonthly = 50\n'


@dataclass(frozen=True)
class Row:
    """What the verbs do. `then` is what AWS makes of a moving state; `ends` the state after `up`, which may refuse."""

    plan: str
    ends: str
    then: str = ""
    code: int = 0
    drift: bool = False  # whether drift is looked for
    hint: str = ""


MADE, SAME = "CREATE_COMPLETE", "UPDATE_COMPLETE"
TABLE = {
    "CREATE_IN_PROGRESS": Row("wait", MADE, then=MADE),
    "CREATE_FAILED": Row("clear", MADE),
    "CREATE_COMPLETE": Row("nothing", MADE, drift=True),
    "ROLLBACK_IN_PROGRESS": Row("wait", MADE, then="ROLLBACK_COMPLETE"),
    "ROLLBACK_FAILED": Row("clear", MADE),
    "ROLLBACK_COMPLETE": Row("clear", MADE),
    "DELETE_IN_PROGRESS": Row("wait", MADE, then="DELETE_COMPLETE"),
    "DELETE_FAILED": Row("refuse", "DELETE_FAILED", code=3, hint="stratolab down"),
    "DELETE_COMPLETE": Row("create", MADE),
    "UPDATE_IN_PROGRESS": Row("wait", SAME, then=SAME),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": Row("wait", SAME, then=SAME),
    "UPDATE_COMPLETE": Row("nothing", SAME, drift=True),
    "UPDATE_FAILED": Row("update", "UPDATE_FAILED", code=3, hint="rollback-stack"),
    "UPDATE_ROLLBACK_IN_PROGRESS": Row("wait", "UPDATE_ROLLBACK_COMPLETE", then="UPDATE_ROLLBACK_COMPLETE"),
    "UPDATE_ROLLBACK_FAILED": Row("roll back", "UPDATE_ROLLBACK_COMPLETE", drift=True),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": Row(
        "wait", "UPDATE_ROLLBACK_COMPLETE", then="UPDATE_ROLLBACK_COMPLETE"
    ),
    "UPDATE_ROLLBACK_COMPLETE": Row("nothing", "UPDATE_ROLLBACK_COMPLETE", drift=True),
    "REVIEW_IN_PROGRESS": Row("create", MADE),
    "IMPORT_IN_PROGRESS": Row("wait", "IMPORT_COMPLETE", then="IMPORT_COMPLETE"),
    "IMPORT_COMPLETE": Row("nothing", "IMPORT_COMPLETE"),
    "IMPORT_ROLLBACK_IN_PROGRESS": Row("wait", "IMPORT_ROLLBACK_COMPLETE", then="IMPORT_ROLLBACK_COMPLETE"),
    "IMPORT_ROLLBACK_FAILED": Row("refuse", "IMPORT_ROLLBACK_FAILED", code=3, hint="end the import"),
    "IMPORT_ROLLBACK_COMPLETE": Row("nothing", "IMPORT_ROLLBACK_COMPLETE"),
}


@dataclass
class Lab:
    """The lab as typed: `lab("plan")` gives the exit code, what was printed as JSON, and what was said."""

    folder: Path
    emulator: Any
    capture: Any

    def __call__(self, verb: str, *words: str) -> tuple[int, Any, str]:
        self.capture.readouterr()
        code = main(["-C", str(self.folder), verb, *words, "--json"])
        printed = self.capture.readouterr()
        return code, json.loads(printed.out) if printed.out else None, printed.err

    def begin(self, status: str) -> None:
        """The stack, and in that state. One in review was named by a change set and never made."""
        if status == "REVIEW_IN_PROGRESS":
            self.emulator.client("cloudformation").create_change_set(
                StackName=STACK,
                ChangeSetName="seen",
                ChangeSetType="CREATE",
                TemplateBody=json.dumps({"Resources": {"Some": {"Type": "AWS::SNS::Topic"}}}),
                Tags=[{"Key": "stratolab:lab", "Value": "acme"}],
            )
        else:
            assert self("up", "spending", "--yes")[0] == 0
            self.put(status)

    def put(self, status: str, then: str = "") -> None:
        """The stack that is there into a state; a moving one ends soon if `then` says how."""
        if status == "DELETE_COMPLETE":
            self.emulator.client("cloudformation").delete_stack(StackName=STACK)
        elif then == "DELETE_COMPLETE":  # its resources go too, slowly
            self.emulator.state(STACK, MADE)
            self.emulator.fault(type="AWS::Budgets::Budget", step="delete", reason="", seconds=0.3)
            self.emulator.client("cloudformation").delete_stack(StackName=STACK)
        else:
            self.emulator.state(STACK, status, then=then, seconds=0.3)

    def state(self) -> str | None:
        """How the stack stands."""
        (found,) = [one for one in self("status")[1]["stacks"] if one["stack"] == "spending"]
        return found["status"]


@pytest.fixture
def lab(tmp_path, emulator, capsys):
    (tmp_path / "lab.toml").write_text(LAB)
    return Lab(tmp_path, emulator, capsys)


def test_the_table_has_every_state():
    assert set(TABLE) == set(StackStatus)


@pytest.mark.timeout(200)
@pytest.mark.parametrize("status", TABLE)
def test_every_verb_says_what_it_means_and_does_what_it_should(lab, status):
    row = TABLE[status]
    lab.begin(status)
    _look(lab, row)
    if row.then:
        lab.put(status, row.then)
    _up(lab, row)
    if status not in {
        "REVIEW_IN_PROGRESS",
        "DELETE_COMPLETE",
    }:  # which only a stack that was not made can be in
        lab.put(status, row.then)
    _down(lab)


def _look(lab: Lab, row: Row) -> None:
    """What only looks changes nothing."""
    before = lab.state()
    code, plan, _ = lab("plan", "spending")
    assert (code, [stack["step"] for stack in plan["stacks"]]) == (0, [row.plan])
    assert plan["stacks"][0]["means"]
    code, drift, said = lab("drift", "spending")
    assert code == 0
    assert list(drift["drift"] if row.drift else drift["not_looked_at"]) == ["spending"]
    assert ("not looked at" in said) is not row.drift
    assert lab("outputs", "spending")[0] == 0
    assert lab.state() == before


def _up(lab: Lab, row: Row) -> None:
    """It comes to rest, or the next thing to type is named."""
    code, _, said = lab("up", "spending", "--yes")
    assert code == row.code, said
    assert row.hint in said
    assert lab.state() == row.ends
    if not row.code:
        assert lab("plan", "spending", "--check")[0] == 0


def _down(lab: Lab) -> None:
    """It is gone."""
    code, left, said = lab("down", "spending", "--yes")
    assert code == 0, said
    assert left["left"] == []
    assert lab.state() is None
