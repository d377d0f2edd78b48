"""The project's own rules and cfn-lint as tools like the others: their findings in the same form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.gates.finding import Finding
from tests.gates.rules import complaints
from tests.infra.linting import findings

if TYPE_CHECKING:
    from tests.gates.finding import Subject

_PLACE = re.compile(r"(?:Resources[./])?(\w+)")


def own(template: dict[str, Any]) -> list[Finding]:
    """What the project's own rules object to."""
    split = [line.split(" ", 1) for line in complaints(template)]
    return [Finding("own", rule, _title(text), text) for rule, text in split]


def lint(subject: Subject) -> list[Finding]:
    """What cfn-lint objects to."""
    split = [line.split(" at ", 1) for line in findings(subject.stack.body, subject.stack.region)]
    return [Finding("cfn-lint", rule, _title(text), text) for rule, text in split]


def _title(text: str) -> str:
    found = _PLACE.match(text)
    return found.group(1) if found else ""
