"""Resolved property values against the schemas that cfn-lint ships, as CloudFormation checks them.

cfn-lint sees a template; here stand the values that parameters, imports and other resources gave.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import regex
from jsonschema import Draft7Validator, ValidationError, validators
from tests.emulator.extension import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST = 3  # problems that one message names


class InvalidPropertiesError(ValueError):
    """Values that CloudFormation would refuse."""


def check(region: str, resource_type: str, properties: Mapping[str, Any]) -> None:
    """Refuse values that do not fit the type's schema.

    Raises:
        InvalidPropertiesError: with CloudFormation's own form of the message.
    """
    try:
        validator = _validator(region, resource_type)
    except schemas.NoSchemaError:
        return
    problems = sorted(validator.iter_errors(dict(properties)), key=lambda error: -len(error.path))
    if problems:
        told = "; ".join(f"#/{'/'.join(map(str, one.path))}: {one.message[:160]}" for one in problems[:_MOST])
        raise InvalidPropertiesError(
            f"Properties validation failed for resource of type {resource_type} with message: [{told}]"
        )


@functools.cache
def _validator(region: str, resource_type: str) -> Any:
    return _Checker(schemas.schema(region, resource_type))


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


# CloudFormation takes "20" for 20, "true" for true, and the other way round.
_types = Draft7Validator.TYPE_CHECKER.redefine_many(
    {
        "string": lambda _, value: isinstance(value, str | int | float | bool),
        "integer": lambda _, value: _is_number(value) and float(value).is_integer(),
        "number": lambda _, value: _is_number(value),
        "boolean": lambda _, value: isinstance(value, bool) or str(value).lower() in {"true", "false"},
        "object": lambda _, value: isinstance(value, dict),
        "array": lambda _, value: isinstance(value, list),
    }
)


def _enum(_validator: Any, allowed: list[Any], value: Any, _schema: Any) -> Iterator[ValidationError]:
    if str(value) not in [str(one) for one in allowed]:
        yield ValidationError(f"{value!r} is not one of {allowed}")


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
    try:
        fits = regex.search(pattern, str(value)) is not None
    except regex.error:  # a pattern of Java that nothing here can read
        return
    if not fits:
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _fitting(pattern: str, name: str) -> bool:
    try:
        return regex.search(pattern, name) is not None
    except regex.error:
        return True


def _pattern_properties(
    validator: Any, table: dict[str, Any], value: Any, _schema: Any
) -> Iterator[ValidationError]:
    if not isinstance(value, dict):
        return
    for pattern, schema in table.items():
        for name, part in value.items():
            if _fitting(pattern, name):
                yield from validator.descend(part, schema, path=name, schema_path=pattern)


def _additional_properties(
    validator: Any, allowed: Any, value: Any, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    if not isinstance(value, dict):
        return
    patterns = schema.get("patternProperties", {})
    for name, part in value.items():
        if name in schema.get("properties", {}) or any(_fitting(pattern, name) for pattern in patterns):
            continue
        if isinstance(allowed, dict):
            yield from validator.descend(part, allowed, path=name)
        elif not allowed:
            yield ValidationError(f"extraneous key [{name}] is not permitted")


def _bound(sign: int, word: str) -> Any:
    def check_bound(_validator: Any, limit: float, value: Any, _schema: Any) -> Iterator[ValidationError]:
        if _is_number(value) and sign * (float(value) - limit) < 0:
            yield ValidationError(f"{value} is {word} {limit}")

    return check_bound


def _required_or(_validator: Any, wanted: list[str], value: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, dict) and not any(name in value for name in wanted):
        yield ValidationError(f"one of {wanted} is required")


def _required_xor(_validator: Any, wanted: list[str], value: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, dict) and sum(name in value for name in wanted) != 1:
        yield ValidationError(f"exactly one of {wanted} is required")


def _excluded(_validator: Any, table: dict[str, Any], value: Any, _schema: Any) -> Iterator[ValidationError]:
    if not isinstance(value, dict):
        return
    for name, others in table.items():
        clash = [other for other in others if other in value]
        if name in value and clash:
            yield ValidationError(f"{name} cannot be given together with {clash[0]}")


def _depends(_validator: Any, table: dict[str, Any], value: Any, _schema: Any) -> Iterator[ValidationError]:
    if not isinstance(value, dict):
        return
    for name, others in table.items():
        lacking = [other for other in others if other not in value]
        if name in value and lacking:
            yield ValidationError(f"{name} needs {lacking[0]}")


def _nothing(*_: Any) -> Iterator[ValidationError]:
    return iter(())


_Checker = validators.extend(
    Draft7Validator,
    {
        "enum": _enum,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "minimum": _bound(1, "less than"),
        "maximum": _bound(-1, "greater than"),
        "requiredOr": _required_or,
        "requiredXor": _required_xor,
        "dependentExcluded": _excluded,
        "dependentRequired": _depends,
        "format": _nothing,  # references.py looks at those
        "uniqueItems": _nothing,  # unhashable after resolution, and no service minds
    },
    type_checker=_types,
)
