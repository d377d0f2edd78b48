"""Releases: nothing reaches production that nobody approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.gates.reading import referred, resources, statements, text_of
from tests.gates.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gates.reading import Template

OVERRIDES = ("codebuild:source.buildspec", "codebuild:serviceRole", "codebuild:environment.privilegedMode")
"""What makes a build another one than its template's.
https://docs.aws.amazon.com/codebuild/latest/userguide/action-context-keys.html"""
MACHINES = {"codebuild.amazonaws.com", "codepipeline.amazonaws.com", "lambda.amazonaws.com"}


def production_is_approved(template: Template) -> Iterator[str]:
    for title, pipeline in resources(template, "AWS::CodePipeline::Pipeline"):
        approved = False
        for stage in pipeline.get("Stages", []):
            for action in stage.get("Actions", []):
                category = action.get("ActionTypeId", {}).get("Category")
                approved = approved or category == "Approval"
                production = "prod" in text_of([stage.get("Name", ""), action.get("Name", "")]).lower()
                if category in {"Deploy", "Build", "Invoke"} and production and not approved:
                    yield f"{title}: {action.get('Name')} reaches production before anybody approved"


def machines_do_not_approve(template: Template) -> Iterator[str]:
    roles = dict(resources(template, "AWS::IAM::Role"))
    machines = {
        title
        for title, role in roles.items()
        if any(service in text_of(role.get("AssumeRolePolicyDocument", {})) for service in MACHINES)
    }
    theirs = {
        referred(policy) for title in machines for policy in roles[title].get("ManagedPolicyArns", [])
    } | machines
    for one in statements(template):
        gives = any(
            action in {"codepipeline:PutApprovalResult", "codepipeline:*", "*"} for action in one.actions
        )
        if one.allows and one.title in theirs and gives:
            yield f"{one.title}: a machine could approve its own release"


def builds_are_as_their_template_says(template: Template) -> Iterator[str]:
    """Who may start a build, and nothing else, may not give it other commands or another role."""
    for one in statements(template):
        if not (one.allows and one.actions == ["codebuild:StartBuild"]):
            continue
        absent = {
            key
            for key, is_absent in one.body.get("Condition", {}).get("Null", {}).items()
            if is_absent == "true"
        }
        for key in OVERRIDES:
            if key not in absent:
                yield f"{one.title}: {one.body.get('Sid')} lets a build be started with another {key}"


def _both(template: Template) -> Iterator[str]:
    yield from production_is_approved(template)
    yield from machines_do_not_approve(template)


DELIVERY = (
    Rule("STR16", "production is approved, by people", _both),
    Rule("STR53", "builds are as their template says", builds_are_as_their_template_says),
)
