"""The order in which the parts take hold of ministack."""

from __future__ import annotations


def all_parts() -> None:
    """Import the services and the types, which register themselves, then put the rest around them."""
    from tests.emulator.extension import (
        functions,
        identity,
        provisioning,
        resources,
        services,
        stacks,
    )
    from tests.emulator.extension.batch import api  # noqa: F401 - registers what it serves
    from tests.emulator.extension.building import api as building  # noqa: F401

    services.attach()
    resources.attach()
    provisioning.attach()
    stacks.attach()
    functions.attach()
    identity.attach()
