"""Secrets of a lab in AWS: the contract over the emulator, and what only Secrets Manager has."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("stratolab.testing.secrets")

from stratolab.aws.clients import Clients  # noqa: E402 - after the rewriting is asked for
from stratolab.aws.errors import DeniedError  # noqa: E402
from stratolab.aws.secretsmanager import SecretVault  # noqa: E402
from stratolab.core.errors import InputError  # noqa: E402
from stratolab.secrets.aws import AwsSecrets, Rules  # noqa: E402
from stratolab.secrets.models import CURRENT, PREVIOUS  # noqa: E402
from stratolab.testing.secrets import NAME, VALUE, SecretStoreContract  # noqa: E402


@pytest.fixture
def vault(emulator):
    return SecretVault(Clients("eu-central-1").of("secretsmanager"))


@pytest.fixture
def store(vault):
    return AwsSecrets(vault, "acme")


class TestAwsSecrets(SecretStoreContract):
    """The fixture `store` is above."""


def test_labs_do_not_see_one_another(vault, store):
    store.put(NAME, VALUE)
    other = AwsSecrets(vault, "acme-two")
    other.put(NAME, "other")
    assert (store.get(NAME), other.get(NAME)) == (VALUE, "other")
    assert [one.name for one in AwsSecrets(vault, "acm").all()] == []
    assert vault.find(f"acme/{NAME}").name == f"acme/{NAME}"


def test_it_is_made_by_the_rules_of_the_lab(emulator, vault):
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    store = AwsSecrets(vault, "acme", lambda: Rules(key, {"stratolab:lab": "acme"}, 7))
    store.put(NAME, VALUE)
    found = emulator.client("secretsmanager").describe_secret(SecretId=f"acme/{NAME}")
    assert (found["KmsKeyId"], found["Tags"]) == (key, [{"Key": "stratolab:lab", "Value": "acme"}])
    store.remove(NAME)
    gone = emulator.client("secretsmanager").describe_secret(SecretId=f"acme/{NAME}")
    assert 6.9 < (gone["DeletedDate"] - gone["CreatedDate"]).total_seconds() / 86400 < 7.1


def test_one_without_a_value_says_what_to_do(vault, store):
    vault.create(f"acme/{NAME}")
    assert store.find(NAME).versions == ()
    with pytest.raises(InputError, match="no value yet") as caught:
        store.get(NAME)
    assert caught.value.hint == f"stratolab secrets set {NAME}"
    store.put(NAME, VALUE)
    assert store.get(NAME) == VALUE


def test_taking_a_deletion_back_does_not_give_the_old_values_back(store):
    store.put(NAME, "first")
    store.put(NAME, "second")
    store.remove(NAME)
    store.put(NAME, VALUE)
    assert store.get(NAME) == VALUE
    for version in store.find(NAME).versions:
        assert PREVIOUS not in version.stages


def test_who_may_only_write_can_set_what_is_there(emulator, store):
    store.put(NAME, "before")
    emulator.fault(call="secretsmanager:GetSecretValue", code="AccessDeniedException", times=1)
    store.put(NAME, VALUE)
    assert store.get(NAME) == VALUE
    emulator.fault(call="secretsmanager:GetSecretValue", code="AccessDeniedException", times=1)
    with pytest.raises(DeniedError) as caught:
        store.get(NAME)
    assert VALUE not in str(caught.value)
    assert store.find(NAME).version(CURRENT) is not None
