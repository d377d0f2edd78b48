"""Foundation: what everything else stands on. Buckets, keys, the permissions boundary, roles for AWS's services.

It comes first and takes nothing from others. Its template is small enough to be sent without a bucket, since the
bucket for templates is made here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref

from stratolab.infra.blocks import boundary, keys
from stratolab.infra.body import Body
from stratolab.infra.parts import foundation_buckets as buckets
from stratolab.infra.parts import general_roles
from stratolab.infra.trail import trail_arn
from stratolab.infra.values import Output

if TYPE_CHECKING:
    from stratolab.config.labs.models import LabConfig

BOUNDARY = Output(
    "foundation", "Boundary", "ARN of the permissions boundary of all roles", published="boundary"
)
DATA_KEY = Output("foundation", "DataKey", "ARN of the key of buckets and databases", published="keys/data")
LOGS_KEY = Output("foundation", "LogsKey", "ARN of the key of logs and notices", published="keys/logs")
SECRETS_KEY = Output("foundation", "SecretsKey", "ARN of the key of secrets", published="keys/secrets")


def _bucket(name: str, about: str) -> Output:
    return Output("foundation", f"{name.capitalize()}Bucket", f"Bucket {about}", published=f"buckets/{name}")


CODE_BUCKET = _bucket("code", "of templates and Lambda code")
DELIVERY_BUCKET = _bucket("delivery", "of pipelines' and builds' files")
DATA_BUCKET = _bucket("data", "of data")
ARTIFACTS_BUCKET = _bucket("artifacts", "of runs' artifacts")
MODELS_BUCKET = _bucket("models", "of models that are to be released")
LOGS_BUCKET = _bucket("logs", "of access logs")
AUDIT_BUCKET = _bucket("audit", "of the audit trail")
BUCKETS = (
    CODE_BUCKET,
    DELIVERY_BUCKET,
    DATA_BUCKET,
    ARTIFACTS_BUCKET,
    MODELS_BUCKET,
    LOGS_BUCKET,
    AUDIT_BUCKET,
)


def _role(name: str, about: str) -> Output:
    title = "".join(map(str.capitalize, name.split("-")))
    return Output("foundation", f"{title}Role", f"ARN of the role {about}", published=f"roles/{name}")


ECS_EXECUTION_ROLE = _role("ecs-execution", "with which ECS starts containers")
BATCH_EXECUTION_ROLE = _role("batch-execution", "with which Batch starts jobs' containers")
CODEBUILD_ROLE = _role("codebuild", "with which builds run")
CODEPIPELINE_ROLE = _role("codepipeline", "with which pipelines run")
SCHEDULER_ROLE = _role("scheduler", "with which schedules start work")
LAMBDA_ROLE = _role("lambda", "of plain functions")
ROLES = (
    ECS_EXECUTION_ROLE,
    BATCH_EXECUTION_ROLE,
    CODEBUILD_ROLE,
    CODEPIPELINE_ROLE,
    SCHEDULER_ROLE,
    LAMBDA_ROLE,
)


def build(lab: LabConfig) -> Body:
    """The stack for this lab."""
    return Body(
        about=f"stratolab {lab.lab.name}: buckets, keys, boundary and service roles",
        inputs=(),
        resources=(
            boundary.boundary("Boundary", lab.lab.name),
            *lab_keys(lab),
            *buckets.all_buckets(lab, data_key=key_of(lab, DATA_KEY), logs_key=key_of(lab, LOGS_KEY)),
            *general_roles.all_roles(lab.lab.name, Ref("Boundary"), encrypted=has_keys(lab)),
        ),
        outputs={
            BOUNDARY: Ref("Boundary"),
            **{bucket: Ref(bucket.name) for bucket in BUCKETS},
            **{role: GetAtt(role.name, "Arn") for role in ROLES},
            **{key: value for key in KEYS if (value := key_of(lab, key)) is not None},
        },
    )


# -- keys -----------------------------------------------------------------------------------------

KEYS = (DATA_KEY, LOGS_KEY, SECRETS_KEY)


def lab_keys(lab: LabConfig) -> list[Any]:
    """No key, one for all, or one for each use: as `[security] keys` says."""
    name = lab.lab.name
    services = [
        keys.logs_may(name),
        keys.trail_may(trail_arn(name)),
        keys.notices_may(("budgets", "cloudwatch", "events")),
    ]
    if lab.security.keys == "aws":
        return []
    if lab.security.keys == "one":
        return keys.key("LabKey", name, "lab", f"What the lab {name} encrypts", *services)
    return [
        *keys.key(DATA_KEY.name, name, "data", f"Buckets and databases of the lab {name}"),
        *keys.key(LOGS_KEY.name, name, "logs", f"Logs and notices of the lab {name}", *services),
        *keys.key(SECRETS_KEY.name, name, "secrets", f"Secrets of the lab {name}"),
    ]


def has_keys(lab: LabConfig) -> bool:
    """Whether the lab has keys of its own, so that the outputs of keys are there to be taken."""
    return lab.security.keys != "aws"


def key_of(lab: LabConfig, use: Output) -> Any | None:
    """The ARN of the key for a use; None where AWS's own key does."""
    if not has_keys(lab):
        return None
    return GetAtt("LabKey" if lab.security.keys == "one" else use.name, "Arn")
