"""The CloudFormation types that this package carries out: importing a module registers its types."""

from __future__ import annotations

from tests.emulator.extension import registry


def attach() -> None:
    """Register all types."""
    from tests.emulator.extension.resources import (  # noqa: F401 - registering is all they do
        account,
        batch,
        buckets,
        builds,
        containers,
        corrections,
        kept,
        machines,
        network,
        people,
        scaling,
        secrets,
    )

    corrections.attach()
    kept.attach()
    registry.describe_known()
