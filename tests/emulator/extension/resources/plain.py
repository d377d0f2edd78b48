"""Types that are nothing but one call to make, one to change, one to delete: told by a table, not by a class."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.emulator.extension.client import call, gently
from tests.emulator.extension.conversion import Rules, parameters
from tests.emulator.extension.registry import Made, Result, resource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Answer = "dict[str, Any]"


@dataclass(frozen=True)
class Plain:
    """How a type maps to the calls of a service.

    `ref` gives the physical id and `attributes` what `Fn::GetAtt` gives, both from the properties and the
    answer; `key` names an existing one to the deleting call and to the telling one (`tell`).
    """

    service: str
    make: str
    remove: str
    ref: Callable[[Made, dict[str, Any]], str]
    key: Callable[[Made], dict[str, Any]]
    change: str = ""
    change_key: Callable[[Made], dict[str, Any]] | None = None
    tell: str = ""
    attributes: Callable[[Made, dict[str, Any], str], dict[str, Any]] = lambda _made, _answer, _ref: {}
    wrap: Callable[[Made], Mapping[str, Any]] = lambda made: made.properties
    rules: Rules = field(default_factory=Rules)
    change_rules: Rules | None = None


def plain(type_: str, how: Plain, **options: Any) -> None:
    """Register a type that is made as `how` says."""

    def create(made: Made) -> Result:
        answer = call(how.service, how.make, **parameters(how.service, how.make, how.wrap(made), how.rules))
        ref = how.ref(made, answer)
        return ref, how.attributes(made, answer, ref)

    def update(made: Made, old: Mapping[str, Any]) -> Result:
        wanted = parameters(how.service, how.change, how.wrap(made), how.change_rules or how.rules)
        key = how.change_key(made) if how.change_key else {}
        answer = call(how.service, how.change, **{**wanted, **key})
        return made.physical_id, how.attributes(made, answer, made.physical_id)

    def delete(made: Made) -> None:
        gently(how.service, how.remove, **how.key(made))

    def read(made: Made) -> dict[str, Any] | None:
        return None if gently(how.service, how.tell, **how.key(made)) is None else {}

    functions: dict[str, Any] = {"create": staticmethod(create), "delete": staticmethod(delete)}
    if how.change:
        functions["update"] = staticmethod(update)
    if how.tell:
        functions["read"] = staticmethod(read)
    resource(type_, **options)(type(type_.replace("::", ""), (), functions))
