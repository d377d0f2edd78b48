"""No gate has anything to say of a sample's template that is not explained in `waivers.toml`.

The quick form looks at the sample with every kind of stack; the full one
(STRATOLAB_GATES=full, `make gates`) at every sample, and also that every waiver is still needed.
"""

from __future__ import annotations

import os

import pytest
from tests.gates.finding import Finding, Subject, bodies, subjects
from tests.gates.own import lint, own
from tests.gates.scanners import HOW_TO_GET_THEM, TOOLS, ToolError, scan, there
from tests.gates.waivers import shipped, unexplained, unused

FULL = os.environ.get("STRATOLAB_GATES") == "full"
QUICK = ("hardened",)
BAD = """{"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": {"AccessControl": "PublicRead"}}}}"""

pytestmark = [pytest.mark.gates, pytest.mark.timeout(1800)]


@pytest.fixture(autouse=True)
def _tools() -> None:
    if not there():
        pytest.skip(f"the gates' tools are not there: {HOW_TO_GET_THEM}")


def chosen() -> list[Subject]:
    return subjects() if FULL else subjects(QUICK)


def found(tool: str) -> list[tuple[Subject, Finding]]:
    """What a tool says of all subjects that are looked at."""
    looked_at = chosen()
    if tool == "own":
        return [(one, finding) for one in looked_at for finding in own(one.stack.template)]
    if tool == "cfn-lint":
        return [(one, finding) for one in looked_at for finding in lint(one)]
    templates = bodies(looked_at)
    said = scan(tool, templates)
    by_body = {templates[name]: findings for name, findings in said.items()}
    return [(one, finding) for one in looked_at for finding in by_body[one.stack.body]]


@pytest.mark.parametrize("tool", ["own", *TOOLS])
def test_nothing_is_found_that_is_not_explained(tool: str) -> None:
    left = unexplained(found(tool), shipped())
    assert sorted({_line(subject, finding) for subject, finding in left}) == []


if FULL:  # fewer samples need fewer waivers

    def test_every_waiver_is_needed() -> None:
        waivers = shipped()
        everything = [one for tool in sorted({waiver.tool for waiver in waivers}) for one in found(tool)]
        idle = unused(everything, waivers)
        assert [f"{one.tool} {one.rule} {one.resource}" for one in idle] == []


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_sees_a_bad_template(tool: str) -> None:
    (findings,) = scan(tool, {"bad": BAD}).values()
    assert {finding.resource for finding in findings} == {"B"}
    assert all(finding.told for finding in findings)


@pytest.mark.parametrize("tool", TOOLS)
def test_what_cannot_be_read_is_not_taken_for_clean(tool: str) -> None:
    with pytest.raises((ToolError, KeyError)):
        scan(tool, {"broken": "{not a template"})


def _line(subject: Subject, finding: Finding) -> str:
    return f"{finding.tool} {finding.rule} {subject.name}/{finding.resource}: {finding.told[:200]}"
