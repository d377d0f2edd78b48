"""From what AWS and boto3 raise to errors that say what to do, by one table.

Texts of AWS are matched in this package only. What AWS says is passed on as it is; it never holds a secret of
ours, for we send none in names, descriptions or tags.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError

from stratolab.core.errors import InputError, RemoteError, StratolabError

if TYPE_CHECKING:
    from collections.abc import Iterator

LOGIN = "sign in again: aws login  (or: aws sso login)"


class CredentialsError(RemoteError):
    """There are no credentials, or they are not good any more. Nothing was lost: sign in, and go on."""


class DeniedError(RemoteError):
    """The credentials are good and not allowed to do this. `action` is IAM's name of what was denied, if told."""

    def __init__(self, what: str, *, doing: str = "", hint: str = "", action: str = "") -> None:
        super().__init__(what, doing=doing, hint=hint)
        self.action = action


class ClockError(RemoteError):
    """This machine's clock is so far from AWS's that AWS takes no call of ours."""


class GoneError(RemoteError):
    """What was asked for is not there."""


class BusyError(RemoteError):
    """Something else is being done to it just now, or a precondition does not hold; later it may."""


@dataclass(frozen=True, slots=True)
class _Kind:
    error: type[RemoteError]
    hint: str


_SIGNED_OUT = _Kind(CredentialsError, LOGIN)
_DENIED = _Kind(
    DeniedError, "ask the account's owner for the policy that this verb needs: stratolab lab policy"
)
_SKEWED = _Kind(ClockError, "set this machine's clock (timedatectl set-ntp true), then type the same command")
_GONE = _Kind(GoneError, "")
_BUSY = _Kind(BusyError, "wait a minute, then type the same command")
_SLOW = _Kind(RemoteError, "AWS asks for fewer calls: wait a minute, then type the same command")
_FULL = _Kind(RemoteError, "raise the quota in the Service Quotas console, then type the same command")

_KINDS = {
    "RequestInTheFuture": _SKEWED,
    "RequestTimeTooSkewed": _SKEWED,
    "AuthFailure": _SIGNED_OUT,
    "ExpiredToken": _SIGNED_OUT,
    "ExpiredTokenException": _SIGNED_OUT,
    "InvalidAccessKeyId": _SIGNED_OUT,
    "InvalidClientTokenId": _SIGNED_OUT,
    "InvalidSignatureException": _SIGNED_OUT,
    "RequestExpired": _SIGNED_OUT,
    "SignatureDoesNotMatch": _SIGNED_OUT,
    "UnrecognizedClientException": _SIGNED_OUT,
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "UnauthorizedOperation": _DENIED,
    "404": _GONE,
    "DBInstanceNotFound": _GONE,
    "NoSuchBucket": _GONE,
    "NoSuchEntity": _GONE,
    "NoSuchKey": _GONE,
    "NoSuchResourceException": _GONE,
    "NotFoundException": _GONE,
    "ParameterNotFound": _GONE,
    "RepositoryDoesNotExistException": _GONE,
    "RepositoryNotFoundException": _GONE,
    "ResourceNotFoundException": _GONE,
    "StackNotFoundException": _GONE,
    "ChangeSetNotFound": _GONE,
    "ConflictException": _BUSY,
    "OperationInProgressException": _BUSY,
    "ResourceInUseException": _BUSY,
    "TokenAlreadyExistsException": _BUSY,
    "PreconditionFailed": _BUSY,
    "RequestLimitExceeded": _SLOW,
    "SlowDown": _SLOW,
    "Throttling": _SLOW,
    "ThrottlingException": _SLOW,
    "TooManyRequestsException": _SLOW,
    "LimitExceeded": _FULL,
    "LimitExceededException": _FULL,
    "ServiceQuotaExceededException": _FULL,
}

_OTHERS: tuple[tuple[tuple[type[BotoCoreError], ...], type[StratolabError], str, str], ...] = (
    (
        (NoCredentialsError, PartialCredentialsError),
        CredentialsError,
        "there are no AWS credentials here",
        "aws login  (or: aws configure)",
    ),
    (
        (SSOTokenLoadError, TokenRetrievalError, UnauthorizedSSOTokenError),
        CredentialsError,
        "the sign-in has run out",
        LOGIN,
    ),
    ((ProfileNotFound,), InputError, "", "aws configure list-profiles"),
    ((NoRegionError,), InputError, "no AWS region is named", 'region = "eu-west-1" in [lab] of lab.toml'),
    ((EndpointConnectionError, HTTPClientError), RemoteError, "", "look at the network, then type it again"),
)
"""boto3's own errors: ours, what to say instead of its text, what to try."""

_NOT_RENEWED = re.compile(
    r"refreshed credentials are still expired"
)  # botocore raises no error of its own for it
_OLD = re.compile(r"signature (has )?expired|signature not yet current", re.IGNORECASE)
_ACTION = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)")
_OPERATION = re.compile(r"when calling the (\w+) operation")


@contextmanager
def calling(doing: str) -> Iterator[None]:
    """Whatever AWS or boto3 raises in here becomes one of our errors, about `doing`."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise translate(error, doing) from error
    except (
        ResponseParserError
    ) as error:  # botocore's, and yet none of its BotoCoreErrors; it does not try again
        raise RemoteError(
            "what answered in place of AWS speaks another language",
            doing=doing,
            hint="is there a proxy on the way (HTTPS_PROXY)? Else type the same command again",
        ) from error
    except RuntimeError as error:
        if not _NOT_RENEWED.search(str(error)):
            raise
        raise CredentialsError("the credentials have run out", doing=doing, hint=LOGIN) from error


def translate(error: BotoCoreError | ClientError, doing: str) -> StratolabError:
    """Our error for one of theirs."""
    if isinstance(error, ClientError):
        return _of_aws(error, doing)
    for kinds, ours, told, hint in _OTHERS:
        if isinstance(error, kinds):
            return ours(told or str(error), doing=doing, hint=hint)
    return RemoteError(str(error), doing=doing)


def code_of(error: BaseException | None) -> str:
    """AWS's code of the error behind one of ours, empty if there is none."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def message_of(error: ClientError) -> str:
    """What AWS said."""
    return str(error.response["Error"].get("Message", "") or error)


def _of_aws(error: ClientError, doing: str) -> RemoteError:
    code, said = code_of(error), message_of(error)
    kind = _SKEWED if _OLD.search(said) else _KINDS.get(code, _Kind(RemoteError, ""))
    told = f"{said} ({code})" if code and code not in said else said
    if kind.error is DeniedError:
        named = _ACTION.search(said)
        return DeniedError(told, doing=doing, hint=kind.hint, action=named[1] if named else _operation(error))
    return kind.error(told, doing=doing, hint=kind.hint)


def _operation(error: ClientError) -> str:
    found = _OPERATION.search(str(error))
    return found[1] if found else ""
