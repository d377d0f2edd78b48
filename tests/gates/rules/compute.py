"""What runs: instances, jobs, builds, images, functions."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.gates.reading import listed, referred, resources, statements, text_of
from tests.gates.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gates.reading import Template

DEPLOYS = (
    "cloudformation:Create",
    "cloudformation:Execute",
    "cloudformation:Update",
    "ecs:UpdateService",
    "iam:PassRole",
)
RUNTIMES = {"python3.12", "python3.13", "python3.14", "nodejs22.x", "nodejs24.x", "provided.al2023"}
_BY_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def metadata_is_guarded(template: Template) -> Iterator[str]:
    for title, one in resources(template, "AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"):
        options = one.get("LaunchTemplateData", one).get("MetadataOptions", {})
        if options.get("HttpTokens") != "required" or int(options.get("HttpPutResponseHopLimit", 2)) != 1:
            yield f"{title}: anything on it can have its role's credentials"


def jobs_are_confined(template: Template) -> Iterator[str]:
    for title, one in resources(template, "AWS::Batch::JobDefinition"):
        container = one.get("ContainerProperties", {})
        for wrong, told in (
            (container.get("Privileged") is True, "is privileged"),
            (container.get("ReadonlyRootFilesystem") is not True, "can change its image's files"),
            (container.get("User") in {None, "root", "0", "0:0"}, "runs as root"),
            ("Timeout" not in one, "has no timeout"),
            (not _ends_in_exit(one.get("RetryStrategy", {})), "is retried whatever it ends with"),
            (not _is_by_digest(container.get("Image", "")), "has an image that can change under it"),
            ("JobRoleArn" not in container, "has no role of its own"),
            (one.get("PropagateTags") is not True, "does not hand on its tags"),
            (not _has_init(container), "leaves what its program forgets"),
            (container.get("LogConfiguration", {}).get("LogDriver") != "awslogs", "has no log"),
        ):
            if wrong:
                yield f"{title}: {told}"


def _has_init(container: dict[str, Any]) -> bool:
    """Whether a first process hands on signals and clears away ended ones, whatever the program does."""
    return container.get("LinuxParameters", {}).get("InitProcessEnabled") is True


def _ends_in_exit(strategy: dict[str, Any]) -> bool:
    rules = strategy.get("EvaluateOnExit", [])
    return bool(rules) and rules[-1] == {"Action": "EXIT", "OnExitCode": "*"}


def builds_are_confined(template: Template) -> Iterator[str]:
    yield from _builds_do_not_deploy(template)
    for title, build in resources(template, "AWS::CodeBuild::Project"):
        machine = build.get("Environment", {}).get("Image", "")
        logs = build.get("LogsConfig", {}).get("CloudWatchLogs", {})
        for wrong, told in (
            ("VpcConfig" not in build, "calls by an address that is not the lab's"),
            (logs.get("Status") != "ENABLED" or "GroupName" not in logs, "has no log of the lab's"),
            (int(build.get("TimeoutInMinutes", 481)) > 480, "may run for longer than eight hours"),
            (build.get("Visibility", "PRIVATE") != "PRIVATE", "shows its logs to the world"),
            (not re.search(r":[0-9][^:]*$", text_of(machine)), "runs in an image of no certain version"),
            ("BuildSpec" not in build.get("Source", {}), "runs the commands of whoever brings the source"),
        ):
            if wrong:
                yield f"{title}: {told}"


def _builds_do_not_deploy(template: Template) -> Iterator[str]:
    deployers = {
        one.title
        for one in statements(template)
        if one.allows and any(action.startswith(DEPLOYS) or action == "*" for action in one.actions)
    }
    for title, build in resources(template, "AWS::CodeBuild::Project"):
        if not build.get("Environment", {}).get("PrivilegedMode"):
            continue
        role = referred(build.get("ServiceRole", ""))
        policies = {
            referred(one)
            for one in listed(dict(resources(template)).get(role, {}).get("ManagedPolicyArns", []))
        }
        if "image" not in title.lower():
            yield f"{title}: is privileged and builds no image"
        if {role, *policies} & deployers:
            yield f"{title}: is privileged and can deploy"


def images_cannot_change(template: Template) -> Iterator[str]:
    for title, one in resources(template, "AWS::ECR::Repository"):
        if one.get("ImageTagMutability") != "IMMUTABLE":
            yield f"{title}: a tag can come to mean another image"
        if one.get("ImageScanningConfiguration", {}).get("ScanOnPush") is not True:
            yield f"{title}: images are not scanned"
        if "LifecyclePolicy" not in one:
            yield f"{title}: images are kept for ever"
    for title, one in resources(template, "AWS::ECS::TaskDefinition"):
        for container in one.get("ContainerDefinitions", []):
            if not _is_by_digest(container.get("Image", "")):
                yield f"{title}: {container.get('Name')} has an image that can change under it"
    for title, one in resources(template, "AWS::Lambda::Function"):
        image = one.get("Code", {}).get("ImageUri")
        if image is not None and not _is_by_digest(image):
            yield f"{title}: has an image that can change under it"


def _is_by_digest(image: Any) -> bool:
    """By its digest, or by a parameter that is one."""
    return bool(_BY_DIGEST.search(text_of(image))) or "digest" in referred(image).lower()


def functions_stand_alone(template: Template) -> Iterator[str]:
    functions = dict(resources(template, "AWS::Lambda::Function"))
    roles = Counter(text_of(one.get("Role", "")) for one in functions.values())
    for title, one in functions.items():
        if roles[text_of(one.get("Role", ""))] > 1:
            yield f"{title}: shares its role with another function"
        if "Runtime" in one and one["Runtime"] not in RUNTIMES:
            yield f"{title}: {one['Runtime']} is not supported any more"
        if not one.get("LoggingConfig", {}).get("LogGroup"):
            yield f"{title}: writes to a log group that Lambda makes, without an end"
    for title, one in resources(template, "AWS::Lambda::Permission"):
        if not {"SourceArn", "SourceAccount"} & set(one):
            yield f"{title}: anything of the service may call it, of any account"


def services_give_way(template: Template) -> Iterator[str]:
    for title, one in resources(template, "AWS::ECS::Service"):
        breaker = one.get("DeploymentConfiguration", {}).get("DeploymentCircuitBreaker", {})
        if not (breaker.get("Enable") is True and breaker.get("Rollback") is True):
            yield f"{title}: a version that does not start stays in the place of one that did"
        if one.get("EnableExecuteCommand") is True:
            yield f"{title}: people get a shell in what serves"
    for title, one in resources(template, "AWS::ElasticLoadBalancingV2::TargetGroup"):
        if one.get("HealthCheckEnabled") is not True:
            yield f"{title}: sends calls to what does not answer"


def machines_are_patched(template: Template) -> Iterator[str]:
    for title, one in resources(template, "AWS::Batch::ComputeEnvironment"):
        machines = one.get("ComputeResources", {})
        if machines.get("Type") in {"EC2", "SPOT"} and machines.get("UpdateToLatestImageVersion") is not True:
            yield f"{title}: its machines keep the image that they began with"


def services_stay_up(template: Template) -> Iterator[str]:
    yield from services_give_way(template)
    for title, one in resources(template, "AWS::ECS::TaskDefinition"):
        containers = {part.get("Name"): part for part in one.get("ContainerDefinitions", [])}
        for part in containers.values():
            if not _has_init(part):
                yield f"{title}: {part.get('Name')} leaves what its program forgets"
            for need in part.get("DependsOn", []):
                first = containers.get(need.get("ContainerName"), {})
                if need.get("Condition") == "SUCCESS" and first.get("Essential", True) is not False:
                    yield f"{title}: {first.get('Name')} ends the task with it, before {part.get('Name')} begins"


COMPUTE = (
    Rule("STR08", "an instance's credentials are guarded", metadata_is_guarded),
    Rule("STR09", "jobs are confined", jobs_are_confined),
    Rule("STR17", "builds are confined, and what builds does not deploy", builds_are_confined),
    Rule("STR25", "images cannot change under who runs them", images_cannot_change),
    Rule("STR26", "functions stand alone", functions_stand_alone),
    Rule("STR43", "services go back to what ran, and are closed", services_stay_up),
    Rule("STR48", "machines get the newest image", machines_are_patched),
)
