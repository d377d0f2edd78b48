"""Queues of messages and the functions that are given them: closed, nothing lost in silence, limits said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.gates.reading import referred, resources, statements
from tests.gates.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gates.reading import Template

QUEUE, SOURCE = "AWS::SQS::Queue", "AWS::Lambda::EventSourceMapping"
TLS_ONLY = {"Bool": {"aws:SecureTransport": "false"}}
KEPT_LEAST = 4 * 86_400
"""Seconds: over a long weekend somebody finds the time to look."""


def queues_are_closed(template: Template) -> Iterator[str]:
    policies = {
        title: {referred(one) for one in policy.get("Queues", [])}
        for title, policy in resources(template, "AWS::SQS::QueuePolicy")
    }
    for title, queue in resources(template, QUEUE):
        about = [one for one in statements(template) if title in policies.get(one.title, ())]
        if not queue.get("KmsMasterKeyId") and queue.get("SqsManagedSseEnabled") is not True:
            yield f"{title}: is not encrypted"
        if not any(
            not one.allows
            and one.everyone
            and one.actions == ["sqs:*"]
            and one.body.get("Condition") == TLS_ONLY
            for one in about
        ):
            yield f"{title}: takes what comes without TLS"
        for one in about:
            if one.allows and one.actions != ["sqs:SendMessage"]:
                yield f"{title}: lets others do more than write"
            if [referred(where) for where in one.resources] != [title]:
                yield f"{title}: its policy is about something else"


def messages_are_not_lost(template: Template) -> Iterator[str]:
    queues = dict(resources(template, QUEUE))
    dead = {title: _dead_letters(queue) for title, queue in queues.items()}
    alarms = {
        referred(dimension.get("Value", ""))
        for _, alarm in resources(template, "AWS::CloudWatch::Alarm")
        for dimension in alarm.get("Dimensions", [])
    }
    written = {
        referred(target.get("Arn", ""))
        for _, rule in resources(template, "AWS::Events::Rule")
        for target in rule.get("Targets", [])
    }
    taken = {referred(source.get("EventSourceArn", "")) for _, source in resources(template, SOURCE)}
    for title, queue in queues.items():
        if int(queue.get("MessageRetentionPeriod", 0)) < KEPT_LEAST:
            yield f"{title}: forgets messages before somebody has looked"
        if title not in alarms:
            yield f"{title}: nobody is told of what waits in it"
        if title in dead.values():
            continue
        if dead[title] not in queues:
            yield f"{title}: has no dead letters"
        if title not in taken:
            yield f"{title}: nobody takes from it"
        if title not in written:
            yield f"{title}: nobody writes to it"
    for title, source in resources(template, SOURCE):
        if source.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{title}: one bad message has all of a batch tried again"


def functions_have_limits(template: Template) -> Iterator[str]:
    for title, function in resources(template, "AWS::Lambda::Function"):
        if "Timeout" not in function:
            yield f"{title}: does not say how long it may take; three seconds are too few for a database"
        if not function.get("LoggingConfig", {}).get("LogGroup"):
            yield f"{title}: makes a log group of its own in passing"


def _dead_letters(queue: dict[str, Any]) -> str:
    return referred(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn", ""))


MESSAGES = (
    Rule("STR49", "queues of messages are closed", queues_are_closed),
    Rule("STR50", "messages are not lost in silence", messages_are_not_lost),
    Rule("STR51", "functions have limits and logs", functions_have_limits),
)
