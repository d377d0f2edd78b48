"""What MLflow takes: which names, how long a text, which numbers. Source: mlflow/utils/validation.py, 3.0 to 3.17.

What it would refuse is made to fit rather than lost: an odd character becomes `_`, a long text is cut.
"""

from __future__ import annotations

import hashlib
import math
import posixpath
import re
from functools import lru_cache

KEY_LIMIT = 250  # characters of a parameter's, metric's or tag's name
PARAM_LIMIT = 6_000  # characters of a parameter's value
TAG_LIMIT = 8_000
EXPERIMENT_LIMIT = 256  # the column; its validation allows 500
STEP_LIMIT = 2**63 - 1
LARGEST = 1.7976931348623157e308  # what SQL stores for infinity, as MLflow does

_ODD = re.compile(r"[^/\w.\- :]")
_DIGEST = 8


@lru_cache(maxsize=4096)
def key(text: str) -> str:
    """`text` as the name of a parameter, a metric or a tag. Different texts keep different names."""
    name = _ODD.sub("_", text) or "_"
    path = posixpath.normpath(name)
    if path != name or path == "." or path.startswith(("..", "/")):  # MLflow might take names for paths
        name = "_" + name.replace("/", "_")
    if name == text and len(name) <= KEY_LIMIT:
        return name
    return f"{name[: KEY_LIMIT - _DIGEST - 1]}-{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:_DIGEST]}"


def param(value: object) -> str:
    """The value of a parameter."""
    return text(str(value), PARAM_LIMIT)


def tag(value: str) -> str:
    """The value of a tag."""
    return text(value, TAG_LIMIT)


def experiment(name: str) -> str:
    """The name of an experiment."""
    return text(name, EXPERIMENT_LIMIT).strip() or "stratolab"


def text(value: str, limit: int) -> str:
    """`value` without what no database takes (NUL, half a surrogate pair), and cut to `limit` characters."""
    if not value.isprintable():
        value = value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
    return value[:limit]


def number(value: float) -> tuple[float, int]:
    """A metric's value as MLflow's tables have it: the number, and 1 if it is NaN."""
    if math.isnan(value):
        return 0.0, 1
    if math.isinf(value):
        return math.copysign(LARGEST, value), 0
    return value, 0


def step(value: int) -> int:
    """A step that fits into its column."""
    return max(-STEP_LIMIT, min(STEP_LIMIT, value))
