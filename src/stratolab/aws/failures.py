"""Why a stack's operation failed: the first real cause among its events, and what helps against it.

When one resource fails, CloudFormation cancels those beside it and takes back those before it, and each of these says
that it failed as well. The first failure that is not a cancellation is the cause.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stratolab.aws.stacks import StackEvent

_CANCELLED = re.compile(r"^Resource (creation|update|deletion) cancelled|^The following resource\(s\) failed")

_HANDLER = re.compile(
    r'^Resource handler returned message: "(?P<said>.*)" \(RequestToken: [^)]*\)$', re.DOTALL
)
_REQUEST = re.compile(r" \(Service: [^)]*\)")

_HINTS = (
    (
        r"not authorized to perform:? ?\S*|AccessDenied|UnauthorizedOperation",
        "the permission is missing: stratolab lab policy",
    ),
    (
        r"already exists|AlreadyExists|EntityAlreadyExists|BucketAlreadyOwnedByYou",
        "it is there already: rename or delete it, or choose another lab name",
    ),
    (r"BucketAlreadyExists", "the name is taken by another account: choose another lab name"),
    (
        r"LimitExceeded|limit exceeded|quota|maximum number of|VcpuLimitExceeded|AddressLimitExceeded",
        "raise the quota in the Service Quotas console, then stratolab up",
    ),
    (
        r"Cannot delete protected DB",
        "deletion_protection = false in lab.toml, then stratolab up, then the same again",
    ),
    (r"BucketNotEmpty|not empty", "empty it first, or let stratolab down --delete-data do it"),
    (
        r"DependencyViolation|has dependencies|is currently in use|resource .* has a dependent object",
        "something else uses it: the message names it; delete that first",
    ),
    (
        r"Export .* cannot be (deleted|updated) as it is in use",
        "another stack uses it: stratolab up goes on in the right order",
    ),
    (
        r"InsufficientInstanceCapacity|InsufficientCapacity",
        "AWS has none left there: other zones, types or an hour later",
    ),
    (
        r"InvalidParameterCombination|ValidationException|Invalid (request|parameter)|Model validation failed",
        "the value is refused by AWS: see the key in lab.toml that it came from",
    ),
    (
        r"service[- ]linked role",
        "let IAM make it: aws iam create-service-linked-role --aws-service-name NAME",
    ),
    (
        r"Throttling|Rate exceeded|RequestLimitExceeded",
        "AWS asks for fewer calls: stratolab up again goes on where this stopped",
    ),
    (
        r"timed? ?out|did not stabilize|Timeout|exceeded attempts to wait",
        "AWS took too long: look at the resource in its console, then stratolab up",
    ),
    (
        r"subscription|not subscribed|opt-in|OptInRequired|not enabled",
        "switch the service on in the console, then stratolab up",
    ),
    (
        r"deployment circuit breaker",
        "its new copies did not start, and the old ones go on: its log says why; stratolab tracking update tells it",
    ),
    (r"certificate|DomainValidation", "see that the domain's name servers point to the lab's zone"),
)
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), hint) for pattern, hint in _HINTS)


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong first."""

    logical: str
    physical: str
    type: str
    reason: str
    hint: str

    def __str__(self) -> str:
        return f"{self.logical} ({self.type}): {self.reason}"


def first_cause(events: Iterable[StackEvent]) -> Failure | None:
    """The first real cause in the events of one operation, oldest first; None if nothing failed.

    A stack that failed as a whole, without a resource that did (a wrong template), is its own cause.
    """
    failed = [event for event in events if event.failed and not _CANCELLED.search(event.reason)]
    found = next((event for event in failed if not event.of_stack), next(iter(failed), None))
    if found is None:
        return None
    return Failure(
        found.logical,
        found.physical,
        found.type,
        plain(found.reason) or "no reason given",
        hint_for(found.reason),
    )


def plain(reason: str) -> str:
    """What went wrong, without what CloudFormation wraps around the words of the service (tokens, codes of HTTP)."""
    handler = _HANDLER.match(reason)
    return _REQUEST.sub("", handler["said"] if handler else reason)


def hint_for(reason: str) -> str:
    """What helps against a failure, by the words that AWS has for it; empty if we know nothing."""
    return next((hint for pattern, hint in _COMPILED if pattern.search(reason)), "")
