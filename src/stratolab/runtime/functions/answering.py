"""A function behind a custom resource: CloudFormation waits for an answer, and always gets one.

    def handler(event, context):
        return answered(event, do)                   # do(event) gives the attributes of the resource

What `do` raises is the reason with which the stack fails. `do` must end before Lambda ends it, so one that may be long
gets `time_left(context)` and keeps to it. A function that is killed all the same is called again by Lambda with the
same event; so `do` must be fit to run twice.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from stratolab.core.errors import RemoteError, StratolabError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MARGIN = 15.0
"""Seconds before Lambda's own limit by which a function has to be done: to stop what it does, and to answer."""
ATTRIBUTES_MOST = 3_000
"""Characters of attributes; CloudFormation takes 4,096 bytes of answer with all that goes with them."""
REASON_MOST = 900
PAUSES = (1.0, 3.0, 0.0)
"""Seconds after each attempt to answer: three of them."""
_WITHIN = 10.0


def is_of_cloudformation(event: Mapping[str, Any]) -> bool:
    """Whether CloudFormation asks, and not a person."""
    return "ResponseURL" in event and "RequestType" in event


def time_left(context: Any) -> float:
    """Seconds that remain for the work itself."""
    return max(0.0, float(context.get_remaining_time_in_millis()) / 1000 - MARGIN)


def answered(
    event: Mapping[str, Any],
    do: Callable[[Mapping[str, Any]], Mapping[str, str]],
    *,
    send: Callable[[str, bytes], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, str]:
    """Do what CloudFormation asks for, and tell it how that went; gives the answer.

    A deletion is agreed to and does nothing: what a function has made in a database outlives it. Raises `RemoteError`
    only if the answer does not get through, so that Lambda tries again.
    """
    answer = _answer(event, do)
    _deliver(str(event["ResponseURL"]), json.dumps(answer).encode(), send or put, sleep)
    return {"status": answer["Status"], "reason": answer["Reason"]}


def put(url: str, body: bytes) -> None:
    """Write to an address that CloudFormation has signed, which holds for no other type of content than none."""
    request = urllib.request.Request(url, data=body, method="PUT", headers={"Content-Type": ""})  # noqa: S310 - looked at
    try:
        with urllib.request.urlopen(request, timeout=_WITHIN) as response:  # noqa: S310
            response.read()
    except urllib.error.HTTPError as error:
        error.close()  # it is the answer, and holds the connection
        raise


def _answer(event: Mapping[str, Any], do: Callable[[Mapping[str, Any]], Mapping[str, str]]) -> dict[str, Any]:
    status, reason, attributes = "SUCCESS", "", {}
    try:
        if event["RequestType"] != "Delete":
            attributes = dict(do(event))
    except StratolabError as error:
        status, reason = "FAILED", told(error)
    except Exception as error:  # noqa: BLE001 - the words of an unknown one may hold what it was given
        status, reason = "FAILED", f"{type(error).__name__} in the function; its log group has more"
    if sum(map(len, attributes.values())) > ATTRIBUTES_MOST:
        status, reason, attributes = "FAILED", "the function's answer is too long for CloudFormation", {}
    return {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": event.get("PhysicalResourceId") or _name(event),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": False,  # no attribute is secret: outputs show them
        "Data": attributes,
    }


def told(error: StratolabError) -> str:
    """An error as the reason that a stack's event shows."""
    return str(error).replace("\n  try: ", "; try: ")[:REASON_MOST]


def _name(event: Mapping[str, Any]) -> str:
    """What the resource is called from its making on: another name would have the old one deleted."""
    stack = str(event["StackId"]).rpartition(":stack/")[2].partition("/")[0]
    return f"{stack}-{event['LogicalResourceId']}"


def _deliver(
    url: str, body: bytes, send: Callable[[str, bytes], None], sleep: Callable[[float], None]
) -> None:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise RemoteError("the address to answer to is none of HTTP", doing="answering CloudFormation")
    for pause in PAUSES:
        try:
            send(url, body)
        except (OSError, http.client.HTTPException) as error:
            last = error
            sleep(pause)
        else:
            return
    raise RemoteError(
        f"{type(last).__name__}: {getattr(last, 'code', '') or getattr(last, 'reason', '')}".rstrip(": "),
        doing="answering CloudFormation",
        hint="is there a way to S3, and does its endpoint's policy let CloudFormation's own bucket through?",
    )
