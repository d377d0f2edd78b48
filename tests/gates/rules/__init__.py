"""The project's own rules, STR01 to STR53: what scanners miss, as small functions over a rendered template.

Each yields a line for everything it objects to. `RULES` has them all; a rule that nothing in a template concerns yields
nothing. What a rule knows of one resource alone is in the module of its kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.gates.rules.compute import COMPUTE
from tests.gates.rules.data import DATA
from tests.gates.rules.delivery import DELIVERY
from tests.gates.rules.grants import GRANTS
from tests.gates.rules.identity import IDENTITY
from tests.gates.rules.messages import MESSAGES
from tests.gates.rules.network import NETWORK
from tests.gates.rules.watched import WATCHED

if TYPE_CHECKING:
    from tests.gates.rules.rule import Rule

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (*IDENTITY, *DATA, *COMPUTE, *NETWORK, *DELIVERY, *GRANTS, *WATCHED, *MESSAGES),
        key=lambda rule: rule.number,
    )
)


def complaints(template: dict[str, object]) -> list[str]:
    """What any rule objects to: `STR03 Role: ...`."""
    return [f"{rule.number} {one}" for rule in RULES for one in rule.check(template)]
