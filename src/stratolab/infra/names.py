"""Every name that a lab gives to something in AWS, and the limits that AWS sets to names.

A name begins with the lab's, so that a policy can say "this lab's" and a reader of a bill knows whose it is. The same
configuration gives the same names. What would be too long keeps its beginning and gets six characters of a hash.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from troposphere import AWS_STACK_ID, Join, Ref, Select, Split

Kind = Literal[
    "alarm",
    "alias",
    "analyzer",
    "budget",
    "build",
    "cluster",
    "compute environment",
    "database",
    "function",
    "group",
    "ip set",
    "job definition",
    "load balancer",
    "log group",
    "message queue",
    "parameter",
    "pipeline",
    "policy",
    "queue",
    "repository",
    "role",
    "rule",
    "schedule group",
    "secret",
    "security group",
    "source",
    "stack",
    "target group",
    "topic",
    "trail",
]

LIMITS: dict[Kind, int] = {
    "alarm": 255,
    "alias": 256,
    "analyzer": 255,
    "budget": 100,
    "build": 150,
    "cluster": 255,
    "compute environment": 128,
    "database": 63,
    "function": 64,
    "group": 128,
    "ip set": 128,
    "job definition": 128,
    "load balancer": 32,
    "log group": 512,
    "message queue": 80,
    "parameter": 1011,
    "pipeline": 100,
    "policy": 128,
    "queue": 128,
    "repository": 256,
    "role": 64,
    "rule": 64,
    "schedule group": 64,
    "secret": 512,
    "security group": 255,
    "source": 100,
    "stack": 128,
    "target group": 32,
    "topic": 256,
    "trail": 128,
}
"""Characters, from the API reference of each service."""

RDS_LOGS = "/aws/rds/instance/"
"""Where RDS writes a database's logs: below this comes the database's own name."""
FIREWALL_LOGS = "aws-waf-logs-"
"""What the name of a firewall's log group has to begin with."""
TRACKING = "_tracking"
"""Where the tracking server's secrets are: no project can have this name, so no project's rights reach them."""
BUCKET_LIMIT = 63
_PURPOSE_LIMIT = 29  # of a bucket: 63 less a lab's 20, two dashes and 12 characters of the stack's id
_HASH = 6
_WORD = 40  # characters of a text in a logical name, which has 255


def named(kind: Kind, lab: str, *parts: str) -> str:
    """The name of a `kind` of this lab: `named("role", "acme", "prod", "flow-logs")` is `acme-prod-flow-logs`."""
    return fitted("-".join([lab, *filter(None, parts)]), LIMITS[kind])


def pathed(kind: Kind, lab: str, *parts: str) -> str:
    """The same for kinds whose names are paths: `/stratolab/acme/prod/flow-logs`."""
    return fitted("/".join(["/stratolab", lab, *filter(None, parts)]), LIMITS[kind])


def secret(lab: str, *parts: str) -> str:
    """The name of a secret: `acme/world-series/database`."""
    return fitted("/".join([lab, *parts]), LIMITS["secret"])


def stack(lab: str, concern: str, environment: str | None = None, project: str | None = None) -> str:
    """The name of a stack: the concern before the environment, so that one pattern covers a concern everywhere."""
    return named("stack", lab, concern, environment or "", project or "")


def alias(lab: str, use: str) -> str:
    """The alias of a key."""
    return fitted(f"alias/stratolab/{lab}/{use}", LIMITS["alias"])


def iam_path(lab: str) -> str:
    """The path of everything of the lab in IAM. The boundary itself lies here, out of reach of what lies deeper."""
    return f"/stratolab/{lab}/"


def service_path(lab: str) -> str:
    """The path of roles that services and projects take on, and of their policies."""
    return f"{iam_path(lab)}service/"


def people_path(lab: str) -> str:
    """The path of people, their groups and their policies."""
    return f"{iam_path(lab)}people/"


def bucket(lab: str, purpose: str) -> Any:
    """The name of a bucket: names are shared with the whole world, so this one ends in a part of the stack's id.

    Nobody can take it before us, and a bucket of another lab of this name does not get in the way.
    """
    if len(purpose) > _PURPOSE_LIMIT:
        raise ValueError(f"a bucket's purpose has at most {_PURPOSE_LIMIT} characters: {purpose}")
    ending = Select(4, Split("-", Select(2, Split("/", Ref(AWS_STACK_ID)))))  # arn:...:stack/NAME/8-4-4-4-12
    return Join("-", [lab, purpose, ending])


def title(prefix: str, text: str) -> str:
    """The logical name of what stands for `text` in a template: the same wherever it stands in a list.

    CloudFormation knows a resource by this name; one that moved with its neighbours would be made anew.
    """
    word = "".join(one for one in text if one.isascii() and one.isalnum())[:_WORD]
    return f"{prefix}{word}{hashlib.sha256(text.encode()).hexdigest()[:_HASH]}"


def fitted(text: str, limit: int) -> str:
    """The text, shortened with a hash of the whole where it is longer than the limit."""
    if len(text) <= limit:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:_HASH]
    return f"{text[: limit - _HASH - 1].rstrip('-/')}-{digest}"
