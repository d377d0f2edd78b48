"""Services that ministack lacks, or a part of which it lacks: small stores that answer unmodified boto3."""

from __future__ import annotations


def attach() -> None:
    """Importing a module registers what it serves."""
    from tests.emulator.extension.services import (  # noqa: F401 - registering is all they do
        account_blocks,
        account_defaults,
        audit,
        builds,
        delivery,
        firewalls,
        network,
        people,
        prices,
        quotas,
        rotation,
        scaling,
        sessions,
        targets,
    )
