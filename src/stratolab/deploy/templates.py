"""How a template gets to CloudFormation: in the call itself, or by way of the lab's bucket if it is long.

What a template names in that bucket, the code of functions and their scripts, goes there before it.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, TypedDict

from stratolab.aws.errors import BusyError
from stratolab.core.errors import RemoteError
from stratolab.infra.body import INLINE_MOST
from stratolab.infra.stacks.foundation import CODE_BUCKET

if TYPE_CHECKING:
    from stratolab.aws.s3 import Objects
    from stratolab.deploy.models import Outputs
    from stratolab.infra.catalogue import Stack

FOLDER = "templates"


class Source(TypedDict, total=False):
    """A template for `CloudFormation.change_set`: its text, or its address in S3."""

    template: str
    url: str


def source(stack: Stack, outputs: Outputs, objects: Objects) -> Source:
    """The arguments that give a stack's template to `CloudFormation.change_set`.

    A long one is written to the bucket under the hash of its content, where it may be already. Raises `RemoteError`
    while there is no bucket.
    """
    body = stack.body.encode()
    if len(body) <= INLINE_MOST:
        return {"template": stack.body}
    bucket = _bucket(stack, outputs)
    key = f"{FOLDER}/{stack.name}/{hashlib.sha256(body).hexdigest()}.json"
    objects.put(bucket, key, body)
    return {"url": objects.url(bucket, key)}


def send_code(stack: Stack, outputs: Outputs, objects: Objects) -> None:
    """Write the code of a stack's functions, and what they read, to the bucket, but for what is there already.

    Raises `RemoteError` while there is no bucket.
    """
    for code in stack.code:
        with contextlib.suppress(BusyError):  # its name is made of its content: what is there is the same
            objects.put(_bucket(stack, outputs), code.key, code.archive(), new=True)


def _bucket(stack: Stack, outputs: Outputs) -> str:
    bucket = outputs.get(CODE_BUCKET.concern, {}).get(CODE_BUCKET.name)
    if not bucket:
        raise RemoteError(
            f"{stack.key} cannot be sent without the lab's bucket of code: its template is long, or it has functions",
            doing="sending a template",
            hint=f"stratolab up {CODE_BUCKET.concern}",
        )
    return bucket
