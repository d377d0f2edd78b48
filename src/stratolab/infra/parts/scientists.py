"""What data scientists may do: work with data and jobs outside production, and with projects that they are given."""

from __future__ import annotations

from typing import Any

from stratolab.infra import names, tags
from stratolab.infra.arns import bucket, objects, regional
from stratolab.infra.blocks.policies import Statement, allow
from stratolab.infra.parts.general_roles import use_keys_through
from stratolab.infra.parts.image_builds import FOLDER
from stratolab.infra.parts.project_jobs import SORTS, JobPlace, definition_name

_OF_THE_TEMPLATE = (
    "environment.computeType",
    "environment.image",
    "environment.privilegedMode",
    "serviceRole",
    "source.buildspec",
)
_TRYING_OUT = ("dev", "stage")
"""Environments in which people run things by hand. In production, pipelines and schedules do."""


def scientists(lab: str, *, data: Any, artifacts: Any, models: Any, encrypted: bool) -> list[Statement]:
    """What all data scientists of the lab may do. The buckets are given by name."""
    return [
        work_with_objects("Data", data),
        work_with_objects("Artifacts", artifacts),
        read_objects("Models", models),
        see_jobs(),
        run_jobs(lab),
        stop_own_jobs(lab),
        read_logs_of_jobs(lab),
        use_own_secrets(lab),
        *([use_keys_through("s3", "secretsmanager")] if encrypted else []),
    ]


def members(lab: str, project: str, *, delivery: Any) -> list[Statement]:
    """What members of a project may do: use its repositories, build its images, run its jobs, read its secrets.

    `delivery` is the name of the bucket from which images are built.
    """
    return [
        use_repositories(lab, project),
        pull_project_images(lab, project),
        log_in_to_registry(),
        bring_what_makes_images(delivery, project),
        build_images(lab, project),
        see_builds(lab, project),
        read_logs_of_builds(lab, project),
        run_project_jobs(lab, project),
        read_project_secrets(lab, project),
        view_pipelines(lab, project),
    ]


# -- all ------------------------------------------------------------------------------------------


def work_with_objects(sid: str, name: Any) -> Statement:
    """List, read, write and delete in a bucket; old versions stay out of reach, so that a mistake can be undone."""
    actions = [
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
    ]
    return allow(f"WorkWith{sid}", actions, [bucket(name), objects(name)])


def read_objects(sid: str, name: Any) -> Statement:
    """List and read in a bucket."""
    return allow(
        f"Read{sid}", ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"], [bucket(name), objects(name)]
    )


def see_jobs() -> Statement:
    """See queues and jobs, which Batch allows for all or none."""
    actions = [
        "batch:DescribeComputeEnvironments",
        "batch:DescribeJobDefinitions",
        "batch:DescribeJobQueues",
        "batch:DescribeJobs",
        "batch:ListJobs",
    ]
    return allow("SeeJobs", actions, "*")


def run_jobs(lab: str) -> Statement:
    """Submit jobs to the queues where things are tried out. Which jobs, a project's members are told."""
    queues = [regional("batch", f"job-queue/{lab}-{environment}-*") for environment in _TRYING_OUT]
    return allow("RunJobs", ["batch:SubmitJob", "batch:TagResource"], queues)


def stop_own_jobs(lab: str) -> Statement:
    """Stop jobs of the lab where things are tried out, known by their tags."""
    when = {
        "StringEquals": {
            f"aws:ResourceTag/{tags.LAB}": lab,
            f"aws:ResourceTag/{tags.ENVIRONMENT}": list(_TRYING_OUT),
        }
    }
    return allow("StopJobs", ["batch:CancelJob", "batch:TerminateJob"], regional("batch", "job/*"), when=when)


def read_logs_of_jobs(lab: str) -> Statement:
    """Read what jobs print."""
    actions = ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartLiveTail"]
    groups = [
        regional("logs", f"log-group:{names.pathed('log group', lab, environment)}/jobs*")
        for environment in _TRYING_OUT
    ]
    return allow("ReadLogsOfJobs", actions, groups)


def use_own_secrets(lab: str) -> Statement:
    """Keep secrets of one's own, that nobody else reads."""
    actions = [
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
    ]
    where = regional("secretsmanager", f"secret:{lab}/people/${{!aws:username}}/*")
    return allow("UseOwnSecrets", actions, where)


# -- members of a project -------------------------------------------------------------------------


def use_repositories(lab: str, project: str) -> Statement:
    """Read and write the project's code."""
    actions = [
        "codecommit:BatchGet*",
        "codecommit:Get*",
        "codecommit:GitPull",
        "codecommit:GitPush",
        "codecommit:List*",
    ]
    where = [regional("codecommit", f"{lab}-{project}"), regional("codecommit", f"{lab}-{project}-*")]
    return allow("UseRepositories", actions, where)


def pull_project_images(lab: str, project: str) -> Statement:
    """Pull the project's images; builds push them."""
    actions = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:DescribeImages",
        "ecr:GetDownloadUrlForLayer",
        "ecr:ListImages",
    ]
    where = [regional("ecr", f"repository/{lab}/{project}"), regional("ecr", f"repository/{lab}/{project}/*")]
    return allow("PullImages", actions, where)


def bring_what_makes_images(delivery: Any, project: str) -> Statement:
    """Put the zip of what makes an image where the project's builds read it."""
    return allow("BringImages", ["s3:PutObject"], objects(delivery, f"{FOLDER}/{project}/*"))


def build_images(lab: str, project: str) -> Statement:
    """Build the project's images as its template says: by its own commands, on its own machine, as its own role.

    These keys are there when a call asks for something else than the template has.
    https://docs.aws.amazon.com/codebuild/latest/userguide/action-context-keys.html
    """
    own = {f"codebuild:{key}": "true" for key in _OF_THE_TEMPLATE}
    return allow("BuildImages", ["codebuild:StartBuild"], _builds(lab, project), when={"Null": own})


def see_builds(lab: str, project: str) -> Statement:
    """See how builds of the project's images go, and stop one."""
    actions = ["codebuild:BatchGetBuilds", "codebuild:ListBuildsForProject", "codebuild:StopBuild"]
    return allow("SeeBuilds", actions, _builds(lab, project))


def _builds(lab: str, project: str) -> Any:
    return regional("codebuild", f"project/{names.named('build', lab, 'image', project)}")


def read_logs_of_builds(lab: str, project: str) -> Statement:
    """Read what builds of the project's images print."""
    group = names.pathed("log group", lab, "build", project)
    return allow("ReadLogsOfBuilds", ["logs:GetLogEvents"], regional("logs", f"log-group:{group}:*"))


def run_project_jobs(lab: str, project: str) -> Statement:
    """Submit the project's own jobs where things are tried out: they have its role, and read its secrets."""
    named = [
        definition_name(lab, project, JobPlace(environment, sort))
        for environment in _TRYING_OUT
        for sort in SORTS
    ]
    where = [regional("batch", f"job-definition/{name}{end}") for name in named for end in ("", ":*")]
    return allow("RunProjectJobs", ["batch:SubmitJob", "batch:TagResource"], where)


def log_in_to_registry() -> Statement:
    """Get a token for the registry. AWS has no smaller resource for it than all; the token opens nothing by itself."""
    return allow("LogInToRegistry", ["ecr:GetAuthorizationToken"], "*")


def read_project_secrets(lab: str, project: str) -> Statement:
    """Read the project's secrets."""
    actions = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    return allow("ReadSecrets", actions, regional("secretsmanager", f"secret:{lab}/{project}/*"))


def view_pipelines(lab: str, project: str) -> Statement:
    """See how the project's pipelines are set and how far a release is. Approving is for operators of delivery."""
    actions = [
        "codepipeline:GetPipeline",
        "codepipeline:GetPipelineExecution",
        "codepipeline:GetPipelineState",
        "codepipeline:ListActionExecutions",
        "codepipeline:ListPipelineExecutions",
    ]
    where = [regional("codepipeline", f"{lab}-{project}"), regional("codepipeline", f"{lab}-{project}-*")]
    return allow("ViewPipelines", actions, where)
