"""The servers and users of tests/runtime/rotation, and a lab's secrets with one of them in it."""

from __future__ import annotations

import pytest
from tests.runtime.rotation.conftest import exchange, first, server, user  # noqa: F401

from stratolab.runtime.rotation.steps import Rotation
from stratolab.secrets.local import LocalSecrets
from stratolab.secrets.rotations.local import LocalRotations

NAME = "world-series/database"


@pytest.fixture
def secrets(lab_folder, first):  # noqa: F811
    kept = LocalSecrets(lab_folder)
    kept.put(NAME, first)
    return kept


@pytest.fixture
def rotations(secrets, exchange, lab_folder):  # noqa: F811
    """Rotations with these canaries."""

    def made(*canaries):
        return LocalRotations(secrets, lab_folder, lambda _name: Rotation(secrets, exchange, canaries))

    return made
