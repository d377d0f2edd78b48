"""What the emulator's own tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.emulator.stacks import Stacks

if TYPE_CHECKING:
    from tests.emulator.control import Emulator


@pytest.fixture
def stacks(emulator: Emulator) -> Stacks:
    """CloudFormation in an empty account."""
    return Stacks(emulator)
