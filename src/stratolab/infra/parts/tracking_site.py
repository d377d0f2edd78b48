"""Where a lab's tracking server is: what its stack and its parts ask of the configuration again and again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stratolab.infra.stacks import foundation
from stratolab.infra.values import taken

if TYPE_CHECKING:
    from stratolab.config.fields import Environment
    from stratolab.config.labs.models import LabConfig
    from stratolab.config.labs.tracking import TrackingConfig
    from stratolab.infra.values import Output


@dataclass(frozen=True)
class Site:
    """Where the stack is: the lab, the environment, the server's options."""

    lab: LabConfig
    environment: Environment
    options: TrackingConfig

    @cached_property
    def label(self) -> str:
        """What its resources' names begin with, after the lab's."""
        return f"{self.environment}-tracking"

    @cached_property
    def hosts(self) -> list[str]:
        """The names that it is called by; the first is its address."""
        domain = self.lab.lab.domain
        own = [f"{self.options.subdomain}.{self.environment}.{domain}"] if domain else []
        return [*own, *(host.partition(":")[0] for host in self.options.hosts)]

    @property
    def encrypted(self) -> bool:
        """Whether the lab has keys of its own."""
        return foundation.has_keys(self.lab)

    def key(self, use: Output) -> Any | None:
        """The key for a use, None where AWS's own does."""
        return taken(use) if self.encrypted else None

    @cached_property
    def addresses(self) -> dict[int, list[str]]:
        """The server's own list of addresses by their version; empty if it has that of the lab's people."""
        return {
            version: found
            for version in (4, 6)
            if (found := [one for one in self.options.addresses if (":" in one) == (version == 6)])
        }

    @property
    def reached_by_nat(self) -> bool:
        """Whether calls of the environment's own jobs come from the NAT's addresses."""
        here = self.lab.environments[self.environment]
        return self.options.public and here.vpc is None and here.nat != "none"
