from __future__ import annotations

import pytest

from stratolab.core.errors import InputError
from stratolab.files.models import Address, address


@pytest.mark.parametrize(
    ("text", "bucket", "key"),
    [
        ("data", "data", ""), ("data/", "data", ""), ("data/x", "data", "x"), ("data/x/", "data", "x/"),
        ("models/a/b.onnx", "models", "a/b.onnx"), ("artifacts/naïve 🦉", "artifacts", "naïve 🦉"),
    ],
)  # fmt: skip
def test_an_address_is_a_bucket_and_a_key(text, bucket, key):
    assert address(text) == Address(bucket, key)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no bucket"), ("/data/x", "no bucket"), ("dat/x", "no bucket"), ("./data", "no bucket"),
        ("data//x", "empty part"), ("data/../x", "leads elsewhere"), ("data/x//", "empty part"),
        ("data/a\x1b", "control character"),
    ],
)  # fmt: skip
def test_what_is_no_address(text, told):
    with pytest.raises(InputError, match=told):
        address(text)


def test_the_nearest_bucket_is_named():
    with pytest.raises(InputError) as caught:
        address("model/x")
    assert caught.value.hint == "did you mean 'models'?"
