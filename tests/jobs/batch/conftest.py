"""Real servers with TLS and passwords, as RDS has them, and databases on them that functions enter."""

from __future__ import annotations

from tests.runtime.functions.conftest import here, server

__all__ = ["here", "server"]
