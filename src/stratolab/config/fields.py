"""What keys of the TOML files are made of: sizes, durations, ranges, and the table that they stand in."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from stratolab.core.units import parse_duration, parse_size

MIB = 2**20
MEMORY_LEAST = 16 * MIB  # below it not even Python starts
MEMORY_MOST = 64 * 2**40
TIMEOUT_MOST = 365 * 86_400.0
SEED_MOST = 2**32 - 1  # what NumPy and scikit-learn take as a seed


def _size(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("must be a size with its unit, such as '512MiB' or '2GiB'")  # noqa: TRY004 - for pydantic
    count = _parsed(parse_size, value, "size")
    if not MEMORY_LEAST <= count <= MEMORY_MOST:
        raise ValueError(f"must be between 16MiB and 64TiB, not {value!r}")
    return int(count)


def _duration(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("must be a duration such as '30m' or '1h30m', or a number of seconds")  # noqa: TRY004
    seconds = _parsed(parse_duration, value, "duration") if isinstance(value, str) else value
    if not 0 < seconds <= TIMEOUT_MOST:
        raise ValueError(f"must be more than 0 and at most 365 days, not {value!r}")
    return float(seconds)


def _parsed(parse: Any, value: str, kind: str) -> float:
    if len(value) > 40:
        raise ValueError(f"must be a {kind}, not a text of {len(value):,} characters")
    try:
        return float(parse(value))
    except OverflowError:
        return float("inf")


Size = Annotated[
    int,
    BeforeValidator(_size),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*\d+(\.\d+)?\s*([kKmMgGtT]([iI]?[bB])?|[bB])\s*$",
            "x-wants": 'a size such as "2GiB"',
        }
    ),
]
Duration = Annotated[
    float,
    BeforeValidator(_duration),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*(\d+(\.\d+)?\s*(ms|[smhdw])\s*)+$"},
                {"type": "number", "exclusiveMinimum": 0},
            ],
            "x-wants": 'a duration such as "30m", or seconds',
        }
    ),
]
Value = int | float | str | bool
Texts = Annotated[tuple[str, ...], Field(strict=False)]
Values = Annotated[tuple[Value, ...], Field(strict=False)]
IntRange = Annotated[tuple[int, int], Field(strict=False)]
FloatRange = Annotated[tuple[float, float], Field(strict=False)]
Flag = bool
Steps = Annotated[int, Field(ge=2, le=10_000)]
Points = Annotated[tuple[dict[str, Value], ...], Field(strict=False)]

Environment = Literal["dev", "stage", "prod"]
GoalName = Literal["minimize", "maximize"]
SamplerName = Literal["auto", "random", "quasi", "grid", "list", "tpe", "gp", "cmaes"]
PrunerName = Literal["median", "halving"]
SAMPLERS: tuple[str, ...] = get_args(SamplerName)


class Table(BaseModel):
    """A TOML table: frozen, no key that is not listed, no value converted behind the reader's back."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)
