from __future__ import annotations

import pytest

from stratolab.aws.clients import Clients


@pytest.fixture
def clients(emulator):
    """Clients of the emulated account, as the program makes them."""
    return Clients("eu-central-1")
