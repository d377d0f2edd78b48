"""Queues of messages with their dead letters: encrypted, over TLS only, written to by one named source of this account.

What cannot be taken is tried again for hours, and then kept for two weeks where somebody is told of it.
"""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Ref
from troposphere.sqs import Queue, QueuePolicy, RedrivePolicy

from stratolab.infra import names
from stratolab.infra.blocks.policies import Statement, allow, deny, document, from_source, service

DAYS = 14
"""For which a message is kept: as long as SQS keeps one."""
_DAY = 86_400


def message_queue(
    title: str, lab: str, name: str, *, key: Any | None, writer: str, source: Any, hidden: int, tries: int
) -> list[Any]:
    """The queue `title` and its dead letters `{title}Lost`.

    `writer` is the service that may write for `source`. A message that somebody has taken is hidden from others for
    `hidden` seconds; after `tries` times it is a dead letter.
    """
    lost = f"{title}Lost"
    return [
        Queue(lost, **_kept(names.named("message queue", lab, f"{name}-lost"), key)),
        Queue(
            title,
            **_kept(names.named("message queue", lab, name), key),
            VisibilityTimeout=hidden,
            RedrivePolicy=RedrivePolicy(deadLetterTargetArn=GetAtt(lost, "Arn"), maxReceiveCount=tries),
        ),
        QueuePolicy(
            f"{title}Access",
            Queues=[Ref(title)],
            PolicyDocument=document(tls_only(title), _may_write(title, writer, source)),
        ),
        QueuePolicy(f"{lost}Access", Queues=[Ref(lost)], PolicyDocument=document(tls_only(lost))),
    ]


def take_from(title: str) -> Statement:
    """Take messages out of a queue."""
    actions = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    return allow("TakeMessages", actions, GetAtt(title, "Arn"))


def tls_only(title: str) -> Statement:
    """Deny what comes without TLS."""
    when = {"Bool": {"aws:SecureTransport": "false"}}
    return deny("TlsOnly", ["sqs:*"], GetAtt(title, "Arn"), who={"AWS": "*"}, when=when)


def _kept(name: str, key: Any | None) -> dict[str, Any]:
    """Encrypted with the lab's key, which is asked for once in an hour, or with SQS's own."""
    own = {"KmsMasterKeyId": key, "KmsDataKeyReusePeriodSeconds": 3600}
    encrypted = {"SqsManagedSseEnabled": True} if key is None else own
    ends = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}  # messages are on their way
    return {"QueueName": name, "MessageRetentionPeriod": DAYS * _DAY, **encrypted, **ends}


def _may_write(title: str, writer: str, source: Any) -> Statement:
    return allow(
        "Writes", ["sqs:SendMessage"], GetAtt(title, "Arn"), who=service(writer), when=from_source(source)
    )
