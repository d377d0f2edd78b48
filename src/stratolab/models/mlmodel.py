"""A model in MLflow's own form: a folder with a file `MLmodel` that says how to open it.

That file can name code as well as data: a module that loads the model, a class to make, types that skops shall
trust, Python files beside it. What it names is held against what MLflow itself writes for formats that run no code;
everything else is said to be code.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_LIMIT: Final = 4 << 20  # bytes of an MLmodel file; MLflow's hold some kilobytes
_LOADER: Final = "python_function"
_DATA_ONLY: Final = frozenset({"sklearn", "xgboost", "lightgbm", "catboost", "onnx"})
"""Flavours that MLflow opens without running code, if their files are of a kind that runs none."""

_NAMED: Final = 20
_SHOWN: Final = 200
_NAMES_A_CLASS: Final = ("model_class", "langchain_model_class")
_CODE_KEYS: Final = ("code", "model_code_path", "data_loader", "model_code")


@dataclass(frozen=True, slots=True)
class MLmodel:
    """What an MLmodel file says: its flavours but the general one, and MLflow's signature of inputs if it has one."""

    flavors: tuple[str, ...]
    inputs: list[Any] | None
    reasons: tuple[str, ...]

    @property
    def data_only(self) -> bool:
        """Whether all flavours are of those that are opened without running code."""
        return bool(self.flavors) and set(self.flavors) <= _DATA_ONLY


def read(path: Path) -> MLmodel:
    """Read the file. One that cannot be read is a reason of its own, never an error."""
    try:
        import yaml  # noqa: PLC0415 - MLflow brings it along, and only its models need it

        with path.open("rb") as file:
            text = file.read(_LIMIT + 1)
        found = yaml.safe_load(text) if len(text) <= _LIMIT else None
    except ImportError:
        return _unreadable("without MLflow installed its MLmodel cannot be read")
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        found = None
    flavors = found.get("flavors") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(flavors, dict):
        return _unreadable("its MLmodel cannot be read")
    tables = {str(name): conf if isinstance(conf, dict) else {} for name, conf in flavors.items()}
    names = tuple(sorted(name for name in tables if name != _LOADER)) or tuple(tables)
    return MLmodel(names, _inputs(found), tuple(_reasons(tables)))


def _unreadable(reason: str) -> MLmodel:
    return MLmodel((), None, (reason,))


def _inputs(found: Mapping[str, Any]) -> list[Any] | None:
    signature = found.get("signature")
    text = signature.get("inputs") if isinstance(signature, dict) else None
    try:
        inputs = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return inputs if isinstance(inputs, list) else None


def _reasons(flavors: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    loader = flavors.get(_LOADER, {}).get("loader_module")
    if loader is not None and _clip(loader) not in {f"mlflow.{name}" for name in flavors}:
        yield f"MLmodel: opened by the module {_clip(loader)}"
    for name, conf in flavors.items():
        for key in _NAMES_A_CLASS:
            if conf.get(key) and not _clip(conf[key]).startswith(f"{name}."):
                yield f"MLmodel: makes a {_clip(conf[key])}"
        for key in _CODE_KEYS:
            if conf.get(key):
                yield f"MLmodel: runs its own code in {_clip(conf[key])}"
        if conf.get("skops_trusted_types"):
            yield f"MLmodel: has skops trust {_clip(conf['skops_trusted_types'])}"


def _clip(value: object) -> str:
    """A text, or a list of texts, for a reader; deeper things are not followed, as YAML can fold a great deal."""
    parts = value if isinstance(value, list) else [value]
    text = ", ".join(part if isinstance(part, str) else type(part).__name__ for part in parts[:_NAMED])
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
