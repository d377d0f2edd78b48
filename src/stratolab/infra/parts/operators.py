"""What operators do from day to day, beside deploying: look, start, stop, approve. One list a segment of work."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from troposphere import Sub

from stratolab.infra import names, segments, tags
from stratolab.infra.arns import everywhere, regional
from stratolab.infra.blocks.policies import Statement, allow
from stratolab.infra.parts.database_tunnel import DOCUMENT
from stratolab.infra.parts.database_tunnel import NAME as TUNNEL
from stratolab.infra.parts.image_builds import FOLDER

if TYPE_CHECKING:
    from stratolab.infra.segments import Segment


_READ_LOGS = ("logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery")


def daily(lab: str, segment: Segment) -> list[Statement]:
    """What the people of a segment do by hand."""
    lists = {
        segments.OWNER: _owners,
        segments.NETWORK: _networks,
        segments.BATCH: _batches,
        segments.SERVICES: _services,
        segments.DELIVERY: _deliveries,
    }
    return lists[segment](lab)


def _owners(lab: str) -> list[Statement]:
    return [see_costs(), see_findings(), let_people_in(lab), *_settings(), read_logs(lab, "")]


def _settings() -> list[Statement]:
    return [set_the_account(), close_default_groups(), set_the_account_back()]


def _networks(lab: str) -> list[Statement]:
    return [
        see_networks_and_databases(),
        read_logs(lab, "*/flows"),
        read_logs(lab, "*/functions"),
        read_logs_of_databases(lab),
        call_functions_of_databases(lab),
        open_tunnels(lab),
        *use_tunnels(lab),
    ]


def _batches(lab: str) -> list[Statement]:
    return [
        see_batch(),
        steer_queues(lab),
        stop_jobs(lab),
        bring_events_back(lab),
        read_logs(lab, "*/jobs"),
        read_logs(lab, "*/functions/job"),
    ]


def _services(lab: str) -> list[Statement]:
    return [
        see_services(),
        steer_services(lab),
        read_logs(lab, "*/services"),
        read_logs(lab, "*/tracking"),
        *build_server_images(lab),
    ]


def _deliveries(lab: str) -> list[Statement]:
    return [
        see_deliveries(lab),
        run_deliveries(lab),
        *bring_images(lab, "Images", "*", "*"),
        approve_releases(lab),
        keep_secrets(lab),
        exchange_secrets(lab),
        read_logs(lab, "build"),
        read_logs(lab, "*/functions/secret-rotation"),
    ]


# -- everybody's ----------------------------------------------------------------------------------


def read_logs(lab: str, below: str) -> Statement:
    """Read a part of the lab's logs."""
    sid = "".join(part.capitalize() for part in re.split(r"[/_-]", below.replace("*", "")))
    where = regional("logs", f"log-group:{names.pathed('log group', lab, below)}*")
    return allow(f"ReadLogsOf{sid or 'All'}", _READ_LOGS, where)


def read_logs_of_databases(lab: str) -> Statement:
    """Read what the lab's databases log, which RDS keeps below a path of its own."""
    where = regional("logs", f"log-group:{names.RDS_LOGS}{lab}-*")
    return allow("ReadLogsOfDatabases", _READ_LOGS, where)


# -- the owner ------------------------------------------------------------------------------------


def see_costs() -> Statement:
    """See what the account costs and will cost, and switch on the tags by which the bill is split."""
    actions = [
        "budgets:ViewBudget",
        "ce:GetCostAndUsage",
        "ce:GetCostForecast",
        "ce:ListCostAllocationTags",
        "ce:UpdateCostAllocationTagsStatus",
        "pricing:GetProducts",
        "servicequotas:GetServiceQuota",
        "servicequotas:ListServiceQuotas",
        "tag:GetResources",
    ]
    return allow("SeeCosts", actions, "*")


def see_findings() -> Statement:
    """See what threat detection and the analyzer found."""
    actions = [
        "access-analyzer:ListFindings",
        "guardduty:GetFindings",
        "guardduty:ListDetectors",
        "guardduty:ListFindings",
        "iam:GenerateCredentialReport",
        "iam:GetAccountSummary",
        "iam:GetCredentialReport",
        "securityhub:GetFindings",
    ]
    return allow("SeeFindings", actions, "*")


def let_people_in(lab: str) -> Statement:
    """Give the lab's people a first password, and help who has lost a factor; never a key."""
    actions = [
        "iam:CreateLoginProfile",
        "iam:DeactivateMFADevice",
        "iam:DeleteLoginProfile",
        "iam:GetLoginProfile",
        "iam:ListAccessKeys",
        "iam:ListMFADevices",
        "iam:UpdateLoginProfile",
    ]
    return allow("LetPeopleIn", actions, everywhere("iam", f"user{names.people_path(lab)}*"))


def set_the_account() -> Statement:
    """Set what CloudFormation cannot: the rules for passwords, the alias, the account's blocks and defaults."""
    actions = [
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeVpcs",
        "ec2:EnableEbsEncryptionByDefault",
        "ec2:EnableImageBlockPublicAccess",
        "ec2:EnableSnapshotBlockPublicAccess",
        "ec2:GetEbsEncryptionByDefault",
        "ec2:GetImageBlockPublicAccessState",
        "ec2:GetInstanceMetadataDefaults",
        "ec2:GetSnapshotBlockPublicAccessState",
        "ec2:ModifyInstanceMetadataDefaults",
        "ecs:ListAccountSettings",
        "ecs:PutAccountSettingDefault",
        "iam:CreateAccountAlias",
        "iam:GetAccountPasswordPolicy",
        "iam:ListAccountAliases",
        "iam:UpdateAccountPasswordPolicy",
        "s3:GetAccountPublicAccessBlock",
        "s3:PutAccountPublicAccessBlock",
    ]
    return allow("SetTheAccount", actions, "*")


def close_default_groups() -> Statement:
    """Take rules out of the group that AWS makes in every network. No template can; opening one again is for nobody."""
    actions = ["ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"]
    return allow("CloseDefaultGroups", actions, regional("ec2", "security-group/*"))


def set_the_account_back() -> Statement:
    """Undo it, with a second factor just used: these make an account less safe."""
    actions = [
        "ec2:DisableEbsEncryptionByDefault",
        "ec2:DisableImageBlockPublicAccess",
        "ec2:DisableSnapshotBlockPublicAccess",
        "iam:DeleteAccountAlias",
        "iam:DeleteAccountPasswordPolicy",
    ]
    when = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    return allow("SetTheAccountBack", actions, "*", when=when)


# -- networks and databases -----------------------------------------------------------------------


def see_networks_and_databases() -> Statement:
    """See networks and databases, and read a query's results."""
    actions = [
        "ec2:Describe*",
        "logs:DescribeLogGroups",
        "logs:GetQueryResults",
        "rds:Describe*",
        "rds:ListTagsForResource",
    ]
    return allow("SeeNetworksAndDatabases", actions, "*")


def call_functions_of_databases(lab: str) -> Statement:
    """Try the way to a database, and have it set up again: by the functions beside it, which alone get in."""
    where = [regional("lambda", f"function:{lab}-*-database-{what}*") for what in ("setup", "test")]
    return allow("CallFunctionsOfDatabases", ["lambda:InvokeFunction"], where)


def open_tunnels(lab: str) -> Statement:
    """Have the machine started by which a database is reached, and stopped."""
    where = regional("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{lab}-*-{TUNNEL}")
    return allow("OpenTunnels", ["autoscaling:SetDesiredCapacity"], where)


def use_tunnels(lab: str) -> list[Statement]:
    """Come to that machine by way of Session Manager, to be passed on to the database: no shell, no other machine."""
    marked = {"StringEquals": {f"ssm:resourceTag/{tags.TUNNEL}": lab}}
    checked = {"Bool": {"ssm:SessionDocumentAccessCheck": "true"}}
    passing_on = Sub(f"arn:${{AWS::Partition}}:ssm:${{AWS::Region}}::document/{DOCUMENT}")
    own = regional("ssm", "session/${!aws:username}-*")
    look = [
        "autoscaling:DescribeAutoScalingGroups",
        "ssm:DescribeInstanceInformation",
        "ssm:DescribeSessions",
    ]
    return [
        allow("SeeTunnels", look, "*"),
        allow(
            "ComeToTunnels",
            ["ssm:StartSession"],
            regional("ec2", "instance/*"),
            when={**marked, "BoolIfExists": checked["Bool"]},
        ),
        allow("BePassedOn", ["ssm:StartSession"], passing_on),
        allow("LeaveTunnels", ["ssm:TerminateSession"], own),
    ]


# -- batch ----------------------------------------------------------------------------------------


def see_batch() -> Statement:
    """See queues, machines and jobs."""
    return allow(
        "SeeBatch", ["batch:Describe*", "batch:List*", "logs:DescribeLogGroups", "logs:GetQueryResults"], "*"
    )


def steer_queues(lab: str) -> Statement:
    """Open and close the lab's queues and the machines behind them."""
    where = [regional("batch", f"{what}/{lab}-*") for what in ("compute-environment", "job-queue")]
    return allow("SteerQueues", ["batch:UpdateComputeEnvironment", "batch:UpdateJobQueue"], where)


def stop_jobs(lab: str) -> Statement:
    """Stop any job of the lab, known by its tag."""
    when = {"StringEquals": {f"aws:ResourceTag/{tags.LAB}": lab}}
    return allow("StopJobs", ["batch:CancelJob", "batch:TerminateJob"], regional("batch", "job/*"), when=when)


def bring_events_back(lab: str) -> Statement:
    """Have events of jobs that were given up tried again, once what they failed at is mended."""
    actions = [
        "sqs:CancelMessageMoveTask",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ListMessageMoveTasks",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
        "sqs:StartMessageMoveTask",
    ]
    return allow("BringEventsBack", actions, regional("sqs", f"{lab}-*-job-events*"))


# -- services -------------------------------------------------------------------------------------


def see_services() -> Statement:
    """See services, their load balancers and their scaling."""
    actions = [
        "application-autoscaling:Describe*",
        "ecs:Describe*",
        "ecs:List*",
        "elasticloadbalancing:Describe*",
        "logs:DescribeLogGroups",
        "logs:GetQueryResults",
    ]
    return allow("SeeServices", actions, "*")


def steer_services(lab: str) -> Statement:
    """Restart and scale the lab's services, and stop a task."""
    where = [regional("ecs", f"{what}/{lab}-*") for what in ("service", "task")]
    return allow("SteerServices", ["ecs:StopTask", "ecs:UpdateService"], where)


def build_server_images(lab: str) -> list[Statement]:
    """Have the tracking server's image built, and follow that."""
    actions = [
        "codebuild:BatchGetBuilds",
        "codebuild:ListBuildsForProject",
        "codebuild:StartBuild",
        "codebuild:StopBuild",
    ]
    return [
        *bring_images(lab, "ServerImages", names.TRACKING, "lab.mlflow"),
        allow("BuildServerImages", actions, regional("codebuild", f"project/{lab}-*-tracking-image")),
        read_logs(lab, f"build/{names.TRACKING}"),
    ]


def bring_images(lab: str, what: str, owner: str, repository: str) -> list[Statement]:
    """Put what makes images where builds read it, and see which are there."""
    where = Sub(f"arn:${{AWS::Partition}}:s3:::{lab}-delivery-*/{FOLDER}/{owner}/*")
    return [
        allow(f"Bring{what}", ["s3:PutObject"], where),
        allow(f"See{what}", ["ecr:DescribeImages"], regional("ecr", f"repository/{lab}/{repository}")),
    ]


def keep_secrets(lab: str) -> Statement:
    """Make, set, rotate and remove the lab's secrets, without reading one. People's own stay theirs."""
    actions = [
        "secretsmanager:CreateSecret",
        "secretsmanager:DeleteSecret",
        "secretsmanager:DescribeSecret",
        "secretsmanager:ListSecretVersionIds",
        "secretsmanager:PutSecretValue",
        "secretsmanager:RestoreSecret",
        "secretsmanager:RotateSecret",
        "secretsmanager:TagResource",
        "secretsmanager:UpdateSecretVersionStage",
    ]
    return allow("KeepSecrets", actions, regional("secretsmanager", f"secret:{lab}/*"))


def exchange_secrets(lab: str) -> Statement:
    """Call the functions that exchange secrets: whoever asks Secrets Manager for it has to be allowed that too."""
    where = regional("lambda", f"function:{lab}-*-secret-rotation")
    return allow("ExchangeSecrets", ["lambda:InvokeFunction"], where)


# -- delivery -------------------------------------------------------------------------------------


def see_deliveries(lab: str) -> Statement:
    """See the lab's pipelines and builds."""
    actions = [
        "codebuild:BatchGetBuilds",
        "codebuild:BatchGetProjects",
        "codebuild:ListBuildsForProject",
        "codepipeline:GetPipeline",
        "codepipeline:GetPipelineExecution",
        "codepipeline:GetPipelineState",
        "codepipeline:ListActionExecutions",
        "codepipeline:ListPipelineExecutions",
    ]
    return allow("SeeDeliveries", actions, [_pipelines(lab), _builds(lab)])


def run_deliveries(lab: str) -> Statement:
    """Start, stop and repeat the lab's pipelines and builds."""
    actions = [
        "codebuild:RetryBuild",
        "codebuild:StartBuild",
        "codebuild:StopBuild",
        "codepipeline:RetryStageExecution",
        "codepipeline:StartPipelineExecution",
        "codepipeline:StopPipelineExecution",
    ]
    return allow("RunDeliveries", actions, [_pipelines(lab), _builds(lab)])


def approve_releases(lab: str) -> Statement:
    """Approve or reject a release, with a second factor: no build or pipeline can do it in one's place."""
    when = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    return allow(
        "ApproveReleases", ["codepipeline:PutApprovalResult"], regional("codepipeline", f"{lab}-*"), when=when
    )


def _pipelines(lab: str) -> object:
    return regional("codepipeline", f"{lab}-*")


def _builds(lab: str) -> object:
    return regional("codebuild", f"project/{lab}-*")
