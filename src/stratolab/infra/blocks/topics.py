"""Topics for notices: over TLS only, written to by named services for this account, encrypted if the lab has a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Ref
from troposphere.sns import SubscriptionResource, Topic, TopicPolicy

from stratolab.infra import names
from stratolab.infra.blocks.policies import Statement, allow, deny, document, from_source, service

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def topic(
    title: str,
    lab: str,
    purpose: str,
    about: str,
    *,
    key: Any | None,
    writers: Mapping[str, Any],
    mail: Sequence[str],
) -> list[Any]:
    """A topic. `writers` gives for each service that may write what it writes about; `mail` who reads along.

    Without a key of the lab's own it is not encrypted: services cannot use the key that AWS keeps for topics.
    """
    return [
        Topic(
            title,
            TopicName=names.named("topic", lab, purpose),
            DisplayName=about,
            **({"KmsMasterKeyId": key} if key is not None else {}),
        ),
        TopicPolicy(
            f"{title}Policy",
            Topics=[Ref(title)],
            PolicyDocument=document(
                tls_only(title), *(_may_write(title, *entry) for entry in writers.items())
            ),
        ),
        *(
            SubscriptionResource(
                names.title(f"{title}Mail", one), TopicArn=Ref(title), Protocol="email", Endpoint=one
            )
            for one in mail
        ),
    ]


def tls_only(title: str) -> Statement:
    """Deny what comes without TLS."""
    when = {"Bool": {"aws:SecureTransport": "false"}}
    return deny("TlsOnly", ["sns:Publish"], Ref(title), who={"AWS": "*"}, when=when)


def _may_write(title: str, name: str, source: Any) -> Statement:
    sid = f"{''.join(map(str.capitalize, name.split('-')))}Writes"
    return allow(sid, ["sns:Publish"], Ref(title), who=service(name), when=from_source(source))
