"""S3: small objects, and emptying a bucket that is to go."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stratolab.aws.errors import BusyError, GoneError, calling, code_of
from stratolab.core.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BATCH = 1000  # objects that one DeleteObjects takes (S3's API reference)


@dataclass(frozen=True, slots=True)
class BucketContent:
    """What a bucket holds, all versions counted. `bytes` of current and older versions together."""

    objects: int
    versions: int
    bytes: int


class Objects:
    """S3, for one region.

    `account` is the owner that every call expects, so that a stranger's bucket of the same name is never written to.
    """

    def __init__(self, client: Any, account: str) -> None:
        self._client = client
        self._owner = {"ExpectedBucketOwner": account}

    def put(self, bucket: str, key: str, body: bytes, *, new: bool = False, replacing: str = "") -> str:
        """Write an object, checked by its SHA-256 on the way; gives its tag.

        With `new` it must not be there yet, with `replacing` it must still have that tag. Raises `BusyError` if not.
        """
        condition = {"IfNoneMatch": "*"} if new else {"IfMatch": replacing} if replacing else {}
        with calling(f"writing {key} to {bucket}"):
            found = self._client.put_object(
                Bucket=bucket,
                Key=key,
                Body=body,
                ChecksumSHA256=base64.b64encode(hashlib.sha256(body).digest()).decode(),
                **condition,
                **self._owner,
            )
        return str(found["ETag"])

    def get(self, bucket: str, key: str) -> bytes | None:
        """An object's content; None if it is not there."""
        found = self.tagged(bucket, key)
        return found[0] if found else None

    def tagged(self, bucket: str, key: str) -> tuple[bytes, str] | None:
        """An object's content and its tag, which changes with every write; None if it is not there."""
        with calling(f"reading {key} from {bucket}"):
            try:
                found = self._client.get_object(Bucket=bucket, Key=key, **self._owner)
            except ClientError as error:
                if code_of(error) in {"NoSuchKey", "404"}:
                    return None
                raise
            return bytes(found["Body"].read()), str(found["ETag"])

    def url(self, bucket: str, key: str) -> str:
        """The address by which CloudFormation finds an object."""
        endpoint = str(self._client.meta.endpoint_url)
        if "amazonaws.com" not in endpoint:
            return f"{endpoint}/{bucket}/{key}"
        region = self._client.meta.region_name
        suffix = "amazonaws.com.cn" if endpoint.endswith(".cn") else "amazonaws.com"
        return f"https://{bucket}.s3.{region}.{suffix}/{key}"

    def remove_bucket(self, bucket: str) -> None:
        """Delete an empty bucket; one that is not there counts as deleted."""
        with calling(f"deleting {bucket}"):
            try:
                self._client.delete_bucket(Bucket=bucket, **self._owner)
            except ClientError as error:
                if code_of(error) not in {"NoSuchBucket", "404"}:
                    raise

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object; its older versions stay where the bucket keeps them."""
        with calling(f"deleting {key} from {bucket}"):
            self._client.delete_object(Bucket=bucket, Key=key, **self._owner)

    def content(self, bucket: str) -> BucketContent | None:
        """How much a bucket holds; None if there is no such bucket."""
        objects = versions = size = 0
        try:
            for one in self._versions(bucket):
                versions += 1
                size += one.get("Size", 0)
                objects += bool(one.get("IsLatest") and "Size" in one)
        except GoneError:
            return None
        return BucketContent(objects, versions, size)

    def holds(self, bucket: str) -> bool:
        """Whether there is anything in a bucket, older versions counted; one that is not there holds nothing."""
        try:
            return any(True for _ in self._versions(bucket))
        except GoneError:
            return False

    def empty(self, bucket: str, progress: Callable[[int], None] = lambda count: None) -> int:  # noqa: ARG005
        """Delete every version of every object; how many there were. There is no way back.

        `progress` hears how many are gone. A bucket that is not there counts as empty.
        """
        gone = 0
        batch: list[dict[str, str]] = []
        try:
            for one in self._versions(bucket):
                batch.append({"Key": one["Key"], "VersionId": one["VersionId"]})
                if len(batch) == BATCH:
                    gone += self._delete(bucket, batch)
                    batch = []
                    progress(gone)
        except GoneError:
            return gone
        if batch:
            gone += self._delete(bucket, batch)
            progress(gone)
        return gone

    def _delete(self, bucket: str, batch: list[dict[str, str]]) -> int:
        with calling(f"emptying {bucket}"):
            answer = self._client.delete_objects(
                Bucket=bucket, Delete={"Objects": batch, "Quiet": True}, **self._owner
            )
        left = answer.get("Errors", ())
        if left:
            first = left[0]
            kind = BusyError if first.get("Code") == "InternalError" else RemoteError
            why = first.get("Message") or first.get("Code")
            raise kind(
                f"{len(left)} objects stay, the first is {first.get('Key')}: {why}",
                doing=f"emptying {bucket}",
            )
        return len(batch)

    def _versions(self, bucket: str) -> Iterator[dict[str, Any]]:
        """Every version and every delete marker."""
        mark: dict[str, str] = {}
        while True:
            with calling(f"looking into {bucket}"):
                page = self._client.list_object_versions(Bucket=bucket, **mark, **self._owner)
            yield from page.get("Versions", ())
            yield from page.get("DeleteMarkers", ())
            if not page.get("IsTruncated"):
                return
            mark = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
