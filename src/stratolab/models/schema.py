"""What one input of a model looks like, as a JSON schema (2020-12), from a sample or from MLflow's own signature.

Used: `type`, `properties`, `required`, `additionalProperties`, `items`, `minItems`, `maxItems`, `minimum`, `maximum`,
`format`. An empty schema takes anything.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Schema = dict[str, Any]

SAMPLE_LIMIT: Final = 64 * 1024
SCHEMA_LIMIT: Final = 90_000  # characters; MLflow takes 100,000 in a tag
_DEPTH: Final = 20
_DOING: Final = "--sample"
_SCALARS: Final[dict[str, Schema]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "long": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "float": {"type": "number"},
    "double": {"type": "number"},
    "string": {"type": "string"},
    "binary": {"type": "string", "contentEncoding": "base64"},
    "datetime": {"type": "string", "format": "date-time"},
    "any": {},
}
"""MLflow's types of columns (mlflow.types.schema.DataType), and what stands for them in JSON."""


def parse_sample(text: str) -> Any:
    """The sample in a text of JSON: one input, or a list of inputs.

    Raises `InputError` if it is not that.
    """
    if len(text.encode()) > SAMPLE_LIMIT:
        raise InputError(
            f"the sample has more than {SAMPLE_LIMIT // 1024} KiB", doing=_DOING, hint="give one input"
        )
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"it is not JSON: {error}", doing=_DOING, hint="""for example '{"year": 2015}'"""
        ) from error
    records = found if isinstance(found, list) else [found]
    if not records or not all(isinstance(record, dict) for record in records):
        raise InputError(
            "a sample is an object, or a list of objects",
            doing=_DOING,
            hint="""for example '{"year": 2015}'""",
        )
    return found


def from_sample(sample: Any) -> Schema:
    """The schema of one input like `sample`. In a list of inputs, what all of them have is required."""
    records = sample if isinstance(sample, list) else [sample]
    return _of_values(records, 0)


def from_mlflow(inputs: Sequence[Any]) -> Schema | None:
    """The schema of one input from the `inputs` of MLflow's signature; None for what we cannot read.

    A tensor's first dimension of any size counts inputs, and is left out.
    """
    columns = [column for column in inputs if isinstance(column, dict)]
    if not columns or len(columns) != len(inputs):
        return None
    if len(columns) == 1 and "name" not in columns[0]:
        return _of_column(columns[0], 0)
    named = {str(column.get("name", number)): column for number, column in enumerate(columns)}
    return _object(
        {name: _of_column(column, 0) for name, column in named.items()},
        [name for name, column in named.items() if column.get("required", True)],
    )


def bounded(schema: Schema) -> Schema:
    """The schema, or one that takes anything and says why: the registry keeps 90,000 characters of it."""
    size = len(json.dumps(schema, ensure_ascii=False))
    if size <= SCHEMA_LIMIT:
        return schema
    return {
        "$comment": f"not kept: it has {size:,} characters, and {SCHEMA_LIMIT:,} is the most. MLmodel holds it."
    }


def _object(properties: Mapping[str, Schema], required: Sequence[str]) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _of_values(values: Sequence[Any], depth: int) -> Schema:
    """The schema that takes all of `values`; an empty one where they have nothing in common."""
    kinds = {_kind(value) for value in values}
    if kinds == {"integer", "number"}:
        kinds = {"number"}
    if len(kinds) != 1 or depth > _DEPTH:
        return {}
    kind = kinds.pop()
    if kind == "array":
        items = [item for value in values for item in value]
        return {"type": "array", "items": _of_values(items, depth + 1)} if items else {"type": "array"}
    if kind != "object":
        return {} if kind == "null" else {"type": kind}
    names = dict.fromkeys(name for value in values for name in value)
    return _object(
        {name: _of_values([value[name] for value in values if name in value], depth + 1) for name in names},
        [name for name in names if all(name in value for value in values)],
    )


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def _of_column(column: Mapping[str, Any], depth: int) -> Schema:
    kind = column.get("type")
    if depth > _DEPTH or not isinstance(kind, str):
        return {}
    if kind == "tensor":
        return _of_tensor(column.get("tensor-spec"))
    if kind == "array":
        items = column.get("items")
        return {"type": "array", "items": _of_column(items, depth + 1) if isinstance(items, dict) else {}}
    if kind == "map":
        values = column.get("values")
        return {
            "type": "object",
            "additionalProperties": _of_column(values, depth + 1) if isinstance(values, dict) else {},
        }
    if kind == "object":
        found = column.get("properties")
        fields = (
            {str(name): part for name, part in found.items() if isinstance(part, dict)}
            if isinstance(found, dict)
            else {}
        )
        return _object(
            {name: _of_column(part, depth + 1) for name, part in fields.items()},
            [name for name, part in fields.items() if part.get("required", True)],
        )
    return dict(_SCALARS.get(kind, {}))


def _of_tensor(spec: Any) -> Schema:
    shape = spec.get("shape") if isinstance(spec, dict) else None
    if not isinstance(shape, list) or len(shape) > _DEPTH:
        return {}
    found = _of_dtype(str(spec.get("dtype", "")))
    for size in reversed(shape[1:] if shape[:1] == [-1] else shape):
        bounds = {"minItems": size, "maxItems": size} if isinstance(size, int) and size >= 0 else {}
        found = {"type": "array", "items": found, **bounds}
    return found


def _of_dtype(dtype: str) -> Schema:
    for beginning, kind in (
        ("int", "integer"),
        ("uint", "integer"),
        ("float", "number"),
        ("bool", "boolean"),
        ("str", "string"),
    ):
        if dtype.startswith(beginning):
            return {"type": kind}
    return {}


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is no number in JSON" if not math.isfinite(float(word)) else word)
