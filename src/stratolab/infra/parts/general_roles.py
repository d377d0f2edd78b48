"""The lab's general roles for AWS's services. What a project or a stack needs beyond them gets a role of its own.

Each is trusted by one service, for this account only and for things of this lab where the service says what it acts
for, and has one policy, whose statements are functions named for what they allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import Ref, Sub

from stratolab.infra import names
from stratolab.infra.arns import own_bucket, own_objects, regional
from stratolab.infra.blocks.policies import Statement, allow, managed
from stratolab.infra.blocks.roles import service_role

Keys = tuple[Statement, ...]
"""What to add where the lab has keys of its own."""


@dataclass(frozen=True, slots=True)
class GeneralRole:
    """A role: which service takes it on, for what, and what it may do."""

    name: str
    trusts: str
    sources: tuple[Any, ...]
    may: tuple[Statement, ...]


def all_roles(lab: str, boundary: Any, *, encrypted: bool) -> list[Any]:
    """Every general role with its policy. `encrypted` says whether the lab has keys of its own."""
    keys = (use_keys_through("s3", "ecr", "secretsmanager", "ssm", "sns"),) if encrypted else ()
    roles = [
        *containers(lab, keys),
        builds(lab, keys),
        pipelines(lab, keys),
        schedules(lab),
        functions(lab),
    ]
    return [resource for role in roles for resource in _made(role, lab, boundary)]


def containers(lab: str, keys: Keys) -> list[GeneralRole]:
    """What ECS and Batch need before a container's own program begins: its image, its logs, its secrets."""
    may = (pull_images(lab), log_in_to_registry(), write_logs(lab, "*"), read_general_secrets(lab), *keys)
    source = (regional("ecs", "*"),)
    return [GeneralRole(f"{name}-execution", "ecs-tasks", source, may) for name in ("ecs", "batch")]


def builds(lab: str, keys: Keys) -> GeneralRole:
    """What a build needs: code in, an image out, by way of the private network. It deploys nothing."""
    may = (
        write_logs(lab, "build/*"),
        read_code(),
        exchange_files_of_delivery(),
        pull_images(lab),
        push_images(lab),
        log_in_to_registry(),
        see_networks(),
        join_networks(),
        *keys,
    )
    return GeneralRole("codebuild", "codebuild", (regional("codebuild", f"project/{lab}-*"),), may)


def pipelines(lab: str, keys: Keys) -> GeneralRole:
    """What a pipeline needs up to the approval, which it can ask for and not give."""
    may = (
        exchange_files_of_delivery(),
        read_models(),
        read_repositories(lab),
        use_connections(),
        run_builds(lab),
        send_notices(lab),
        *keys,
    )
    return GeneralRole("codepipeline", "codepipeline", (regional("codepipeline", f"{lab}-*"),), may)


def schedules(lab: str) -> GeneralRole:
    """What a schedule can start."""
    may = (submit_jobs(lab), start_pipelines(lab), call_functions(lab), keep_what_failed(lab))
    return GeneralRole("scheduler", "scheduler", (regional("scheduler", f"schedule-group/{lab}-*"),), may)


def functions(lab: str) -> GeneralRole:
    """What any function needs; what it is for comes with a role of its own."""
    may = (write_logs(lab, "functions/*"), see_networks(), join_networks())
    return GeneralRole("lambda", "lambda", (regional("lambda", f"function:{lab}-*"),), may)


def _made(role: GeneralRole, lab: str, boundary: Any) -> list[Any]:
    title = "".join(map(str.capitalize, role.name.split("-")))
    return [
        managed(f"{title}Policy", lab, role.name, *role.may),
        service_role(
            f"{title}Role",
            lab,
            role.name,
            f"General role of the lab {lab} for {role.trusts}",
            trusts=role.trusts,
            boundary=boundary,
            policies=[Ref(f"{title}Policy")],
            sources=role.sources,
        ),
    ]


# -- containers -----------------------------------------------------------------------------------


def pull_images(lab: str) -> Statement:
    """Pull images of the lab's repositories."""
    actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    return allow("PullImages", actions, regional("ecr", f"repository/{lab}/*"))


def push_images(lab: str) -> Statement:
    """Push images to the lab's repositories."""
    actions = ["ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"]
    return allow("PushImages", actions, regional("ecr", f"repository/{lab}/*"))


def log_in_to_registry() -> Statement:
    """Get a token for the registry. AWS has no smaller resource for it than all; the token opens nothing by itself."""
    return allow("LogInToRegistry", ["ecr:GetAuthorizationToken"], "*")


def write_logs(lab: str, below: str) -> Statement:
    """Write to the lab's log groups, which stacks have made: none is made in passing."""
    groups = regional("logs", f"log-group:{names.pathed('log group', lab)}/{below}")
    return allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], groups)


def read_general_secrets(lab: str) -> Statement:
    """Read the lab's general secrets and parameters; a project's are read by the project's own roles."""
    where = [
        regional("secretsmanager", f"secret:{lab}/general/*"),
        regional("ssm", f"parameter{names.pathed('parameter', lab, 'general')}/*"),
    ]
    return allow("ReadGeneralSecrets", ["secretsmanager:GetSecretValue", "ssm:GetParameters"], where)


def use_keys_through(*services: str) -> Statement:
    """Use keys of this account by way of these services only, never directly."""
    through = [Sub(f"{name}.${{AWS::Region}}.amazonaws.com") for name in services]
    return allow(
        "UseKeysThroughServices",
        ["kms:Decrypt", "kms:GenerateDataKey"],
        regional("kms", "key/*"),
        when={"StringEquals": {"kms:ViaService": through}},
    )


# -- builds and pipelines -------------------------------------------------------------------------


def read_code() -> Statement:
    """Read templates and code."""
    return allow("ReadCode", ["s3:GetObject", "s3:GetObjectVersion"], own_objects("CodeBucket"))


def read_models() -> Statement:
    """Read models that are to be released, and see that there is a new one."""
    actions = ["s3:GetBucketVersioning", "s3:GetObject", "s3:GetObjectVersion"]
    return allow("ReadModels", actions, [own_bucket("ModelsBucket"), own_objects("ModelsBucket")])


def exchange_files_of_delivery() -> Statement:
    """Read and write what steps of a pipeline hand to one another."""
    actions = [
        "s3:GetBucketLocation",
        "s3:GetBucketVersioning",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:PutObject",
    ]
    return allow("ExchangeFiles", actions, [own_bucket("DeliveryBucket"), own_objects("DeliveryBucket")])


def read_repositories(lab: str) -> Statement:
    """Read the lab's repositories of code."""
    actions = [
        "codecommit:CancelUploadArchive",
        "codecommit:GetBranch",
        "codecommit:GetCommit",
        "codecommit:GetUploadArchiveStatus",
        "codecommit:UploadArchive",
    ]
    return allow("ReadRepositories", actions, regional("codecommit", f"{lab}-*"))


def use_connections() -> Statement:
    """Read code by way of a connection that the owner of the repository has agreed to."""
    where = [regional(service, "connection/*") for service in ("codeconnections", "codestar-connections")]
    return allow(
        "UseConnections", ["codeconnections:UseConnection", "codestar-connections:UseConnection"], where
    )


def run_builds(lab: str) -> Statement:
    """Start the lab's builds and see how they end."""
    actions = ["codebuild:BatchGetBuilds", "codebuild:StartBuild", "codebuild:StopBuild"]
    return allow("RunBuilds", actions, regional("codebuild", f"project/{lab}-*"))


def send_notices(lab: str) -> Statement:
    """Send notices, such as that an approval is waited for."""
    return allow("SendNotices", ["sns:Publish"], regional("sns", f"{lab}-*"))


# -- networks -------------------------------------------------------------------------------------


def see_networks() -> Statement:
    """See networks, which EC2 allows for all or none."""
    actions = [
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
    ]
    return allow("SeeNetworks", actions, "*")


def join_networks() -> Statement:
    """Have a network interface in a private network of this account, so that traffic leaves by the NAT's address."""
    actions = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:CreateNetworkInterfacePermission",
        "ec2:DeleteNetworkInterface",
        "ec2:UnassignPrivateIpAddresses",
    ]
    where = [regional("ec2", f"{what}/*") for what in ("network-interface", "security-group", "subnet")]
    return allow("JoinNetworks", actions, where)


# -- schedules ------------------------------------------------------------------------------------


def submit_jobs(lab: str) -> Statement:
    """Submit jobs to the lab's queues."""
    where = [regional("batch", f"{what}/{lab}-*") for what in ("job-definition", "job-queue")]
    return allow("SubmitJobs", ["batch:SubmitJob", "batch:TagResource"], where)


def start_pipelines(lab: str) -> Statement:
    """Start the lab's pipelines."""
    return allow(
        "StartPipelines", ["codepipeline:StartPipelineExecution"], regional("codepipeline", f"{lab}-*")
    )


def call_functions(lab: str) -> Statement:
    """Call the lab's functions."""
    return allow("CallFunctions", ["lambda:InvokeFunction"], regional("lambda", f"function:{lab}-*"))


def keep_what_failed(lab: str) -> Statement:
    """Put what could not be started into a queue of dead letters."""
    return allow("KeepWhatFailed", ["sqs:SendMessage"], regional("sqs", f"{lab}-*"))
