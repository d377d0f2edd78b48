"""Waivers: what they cover, and that the file of them holds nothing that is wrong, expired, or about nothing."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from tests.gates.finding import Finding, Subject, subjects
from tests.gates.waivers import Waiver, expired, read, shipped, unexplained, unused

READ_ME = Path(__file__).parents[2] / "README.md"
REASON = "a reason that somebody who audits us accepts"
LATER = dt.date(2030, 1, 1)
WAIVER = Waiver("checkov", "CKV_AWS_18", "foundation/LogsBucket", REASON, LATER)
FINDING = Finding("checkov", "CKV_AWS_18", "LogsBucket", "has no access log")


def one(lab: str, key: str) -> Subject:
    (found,) = [subject for subject in subjects([lab]) if subject.stack.key == key]
    return found


def text(**other: str) -> str:
    row = {
        "tool": '"checkov"',
        "rule": '"CKV_1"',
        "resource": '"network/*"',
        "reason": f'"{REASON}"',
        "until": "2030-01-01",
    }
    return "[[waiver]]\n" + "".join(f"{key} = {value}\n" for key, value in (row | other).items())


@pytest.mark.parametrize(
    ("changed", "covered"),
    [
        (FINDING, True),
        (FINDING._replace(resource="DataBucket"), False),
        (FINDING._replace(rule="CKV_AWS_19"), False),
        (FINDING._replace(tool="guard"), False),
    ],
)
def test_a_waiver_covers_what_it_names(changed: Finding, covered: bool) -> None:  # noqa: FBT001 - a column
    assert WAIVER.covers(changed, one("standard", "foundation")) is covered


def test_a_waiver_for_a_profile_covers_no_other() -> None:
    waiver = read(text(rule='"CKV_AWS_18"', resource='"foundation/*"', profiles='["lab"]'))[0]
    assert waiver.covers(FINDING, one("lab", "foundation"))
    assert not waiver.covers(FINDING, one("hardened", "foundation"))


def test_only_the_star_is_special() -> None:
    (waiver,) = read(text(tool='"nag"', rule='"IAM5[Resource::*]"', resource='"foundation/*"'))
    assert waiver.covers(Finding("nag", "IAM5[Resource::arn:a]", "P", ""), one("lab", "foundation"))
    assert not waiver.covers(Finding("nag", "IAM5[Action::s3:*]", "P", ""), one("lab", "foundation"))


def test_what_is_not_covered_and_what_covers_nothing_are_told() -> None:
    subject = one("lab", "foundation")
    other = FINDING._replace(rule="CKV_AWS_19")
    found = [(subject, FINDING), (subject, other)]
    idle = read(text())[0]
    assert unexplained(found, [WAIVER]) == [(subject, other)]
    assert unused(found, [WAIVER, idle]) == [idle]
    assert expired([WAIVER], LATER + dt.timedelta(days=1)) == [WAIVER]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"tool": '"chekov"'}, "no tool 'chekov'"),
        ({"reason": '"we do not care"'}, "gives no reason"),
        ({"rule": '"*"'}, "names no rule"),
        ({"resource": '"LogsBucket"'}, "without their stack"),
        ({"profiles": '["cheap"]'}, "no profile cheap"),
    ],
)
def test_a_waiver_that_says_too_little_is_refused(changed: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read(text(**changed))


def test_no_waiver_of_ours_is_expired() -> None:
    assert expired(shipped(), dt.datetime.now(dt.UTC).date()) == []


def test_the_read_me_says_how_many_there_are() -> None:
    told = re.search(r"(\d+) explained waivers", READ_ME.read_text(encoding="utf-8"))
    assert told, "the README does not say how many waivers there are"
    assert int(told.group(1)) == len(shipped())
