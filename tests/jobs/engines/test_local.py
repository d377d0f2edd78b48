from __future__ import annotations

import pytest

pytest.register_assert_rewrite("stratolab.testing.engine")

from stratolab.testing.engine import EngineContract  # noqa: E402 - after the rewriting is asked for


class TestLocalEngine(EngineContract):
    """The fixture `engine` is conftest's."""
