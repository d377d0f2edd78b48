"""Secrets whose values no template holds: people and functions put them in, or AWS makes them up."""

from __future__ import annotations

import json
from typing import Any

from troposphere.secretsmanager import GenerateSecretString, Secret


def empty_secret(title: str, name: str, about: str, *, key: Any | None) -> Any:
    """A secret without a value, for people and functions to put it in."""
    return _kept(title, name, about, key=key)


def login(title: str, name: str, about: str, *, user: str, length: int, key: Any | None) -> Any:
    """A secret with the user name `user` and a password of so many letters and digits: JSON, as ECS takes it apart."""
    made_up = GenerateSecretString(
        SecretStringTemplate=json.dumps({"username": user}),
        GenerateStringKey="password",
        PasswordLength=length,
        ExcludePunctuation=True,  # it also stands in addresses, where others would have to be quoted
    )
    return _kept(title, name, about, key=key, GenerateSecretString=made_up)


def _kept(title: str, name: str, about: str, *, key: Any | None, **of_value: Any) -> Any:
    """A secret that outlives its stack: its value cannot be made again."""
    return Secret(
        title,
        Name=name,
        Description=about,
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
        **({"KmsKeyId": key} if key is not None else {}),
        **of_value,
    )
