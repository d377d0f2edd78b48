"""Targets that ministack's EventBridge and Scheduler drop: Batch queues, and any API call (`aws-sdk`)."""

from __future__ import annotations

import contextvars
import json
import logging
import threading
from typing import Any

import botocore
from ministack.services import eventbridge, scheduler
from tests.emulator.extension.client import call, client
from tests.emulator.extension.conversion import parameters

_LOOK = 0.5  # seconds between two looks at schedules; ministack's 10 would make tests wait
_UNIVERSAL = ":scheduler:::aws-sdk:"
_behind = eventbridge._invoke_target
log = logging.getLogger("emulator.targets")


def _invoke(target: dict[str, Any], event: Any, rule: Any, view: Any = None) -> None:
    arn = target.get("Arn", "")
    if ":batch:" in arn and ":job-queue/" in arn:
        _in_the_background(_submit, target)
    elif _UNIVERSAL in arn:
        _in_the_background(_call_any, target)
    else:
        _behind(target, event, rule, view)


def _in_the_background(action: Any, target: dict[str, Any]) -> None:
    def run() -> None:
        try:
            action(target)
        except Exception:
            log.exception("target %s", target.get("Arn"))

    threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True, name="target").start()


def _submit(target: dict[str, Any]) -> None:
    wanted = target.get("BatchParameters") or {}
    array, retry = wanted.get("ArrayProperties"), wanted.get("RetryStrategy")
    more = {
        **({"arrayProperties": {"size": array["Size"]}} if array else {}),
        **({"retryStrategy": {"attempts": retry["Attempts"]}} if retry else {}),
    }
    call(
        "batch",
        "SubmitJob",
        jobQueue=target["Arn"],
        jobDefinition=wanted["JobDefinition"],
        jobName=wanted["JobName"],
        **more,
    )


def _call_any(target: dict[str, Any]) -> None:
    service, operation = target["Arn"].split(_UNIVERSAL)[1].split(":")
    api = client(service)
    name = api.meta.method_to_api_mapping[botocore.xform_name(operation[0].upper() + operation[1:])]
    call(service, name, **parameters(service, name, json.loads(target.get("Input") or "{}")))


eventbridge._invoke_target = _invoke
scheduler._SCHEDULE_TICK_INTERVAL = eventbridge._SCHEDULER_TICK_INTERVAL = _LOOK
