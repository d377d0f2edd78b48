"""A botocore client of the emulator itself, in the account and region of the operation under way."""

from __future__ import annotations

import asyncio
import functools
import os
import threading
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from ministack.core.responses import get_account_id, get_region

GONE = ("NotFound", "NoSuch", "NonExist", "DoesNotExist", "Nonexistent", "InvalidDocument")
"""Parts of the error codes by which services say that a thing is not there."""

_making = threading.Lock()
_session = botocore.session.Session()


class WouldFreezeError(RuntimeError):
    """The API was called from the event loop, which would have to answer the call itself."""


def endpoint() -> str:
    """Where this emulator answers."""
    return f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"


def client(service: str) -> Any:
    """The client of a service, as the root of the present account.

    Raises:
        WouldFreezeError: on the event loop.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _client(service, get_account_id(), get_region())
    raise WouldFreezeError(f"a call of {service} from the event loop would never be answered")


@functools.cache
def _client(service: str, account: str, region: str) -> Any:
    with _making:  # a botocore session may not make two clients at once
        return _session.create_client(
            service,
            region_name=region,
            endpoint_url=endpoint(),
            aws_access_key_id=account,
            aws_secret_access_key="emulated",
            config=Config(
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
                max_pool_connections=20,
                user_agent_extra="emulator-internal",
                parameter_validation=True,
            ),
        )


def call(service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
    """One API call, by the operation's own name (`CreateNatGateway`)."""
    return getattr(client(service), botocore.xform_name(operation))(**parameters)


def gently(service: str, operation: str, /, **parameters: Any) -> dict[str, Any] | None:
    """The same for what may be gone already: None then, as CloudFormation's handlers see it."""
    try:
        return call(service, operation, **parameters)
    except ClientError as error:
        if any(word in error.response["Error"]["Code"] for word in GONE):
            return None
        raise


def operation_shape(service: str, operation: str) -> Any:
    """The botocore shape of what an operation takes."""
    return client(service).meta.service_model.operation_model(operation).input_shape
