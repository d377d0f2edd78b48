from __future__ import annotations

import pytest
from tests.emulator.control import ACCOUNT

from stratolab.aws.errors import BusyError
from stratolab.aws.s3 import BucketContent, Objects


@pytest.fixture
def bucket(clients):
    name = "acme-templates"
    clients.of("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    clients.of("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.fixture
def objects(clients):
    return Objects(clients.of("s3"), ACCOUNT)


def test_what_is_put_is_got(objects, bucket):
    assert objects.get(bucket, "a/b.json") is None
    objects.put(bucket, "a/b.json", b"\x00one")
    assert objects.get(bucket, "a/b.json") == b"\x00one"
    objects.delete(bucket, "a/b.json")
    assert objects.get(bucket, "a/b.json") is None


def test_a_new_object_does_not_replace_another(objects, bucket):
    objects.put(bucket, "lease", b"ana", new=True)
    with pytest.raises(BusyError):
        objects.put(bucket, "lease", b"bob", new=True)
    assert objects.get(bucket, "lease") == b"ana"


def test_a_bucket_is_counted_and_emptied_with_all_its_versions(objects, bucket, clients):
    for text in (b"1", b"22", b"333"):
        objects.put(bucket, "same", text)
    for number in range(5):
        objects.put(bucket, f"file-{number}", b"x")
    objects.delete(bucket, "file-0")
    assert objects.content(bucket) == BucketContent(objects=5, versions=9, bytes=11)
    told = []
    assert objects.empty(bucket, told.append) == 9
    assert told == [9]
    assert objects.content(bucket) == BucketContent(0, 0, 0)
    clients.of("s3").delete_bucket(Bucket=bucket)
    assert objects.content(bucket) is None
    assert objects.empty(bucket) == 0
