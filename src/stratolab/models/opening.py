"""Loading a registered model into Python: checked first, then opened by the library that its format belongs to.

What runs code, or could if its files were exchanged (MLflow's form), is opened from a private copy whose hash is
compared once more, so that nobody can put something else there between the check and the opening. Formats whose
libraries are large and not ours to choose (ONNX, XGBoost, LightGBM, CatBoost) are not opened here: the error says
the line to write.
"""

# ruff: noqa: PLC0415 - each library is imported when a model of its format is opened

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stratolab.core.errors import InputError, RefusedError
from stratolab.models import delivery, tree
from stratolab.models.models import Opening

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stratolab.models.models import Content, Version
    from stratolab.models.protocol import Registry

_ELSEWHERE: Final = {
    "onnx": "onnxruntime.InferenceSession(path)",
    "safetensors": "safetensors.numpy.load_file(path)",
    "xgboost": "xgboost.Booster(model_file=path)",
    "lightgbm": "lightgbm.Booster(model_file=path)",
    "catboost": "catboost.CatBoost().load_model(path)",
    "torch": "torch.load(path)",
}


def load(registry: Registry, version: Version, *, trusted: Sequence[str] = ()) -> Any:
    """The model, opened: JSON, text, NumPy arrays, skops, MLflow's own form, and pickles that the lab has signed.

    `trusted` are types that skops may load besides those that it trusts itself. Raises `RefusedError` for files that
    were changed, that run code and carry no valid signature, or hold types that are not trusted; `InputError` for
    formats that are opened elsewhere, with the line that does it.
    """
    folder, content = delivery.verified(registry, version)
    opener = _opener(content)
    if opener is None:
        line = _ELSEWHERE.get(content.format, "the library that wrote it")
        raise InputError(
            f"a model of format {content.format!r} is not opened here",
            doing=f"loading {version.reference}",
            hint=f"path = stratolab.Models().path({str(version.reference)!r}), then {line}",
        )
    if content.opening is not Opening.CODE and opener is not _mlflow:
        return opener(_place(folder, content), trusted)
    with tempfile.TemporaryDirectory(prefix="stratolab-model-") as private:
        copy = Path(private) / "model"
        if tree.copy(folder, copy).sha256 != content.sha256:
            raise RefusedError(
                "its files changed while they were checked", doing=f"loading {version.reference}"
            )
        return opener(_place(copy, content), trusted)


def place(folder: Path, content: Content) -> Path:
    """The model below `folder`: the file itself if it is only one, else the folder."""
    return _place(folder, content)


def _place(folder: Path, content: Content) -> Path:
    names = tree.names(folder)
    return folder / names[0] if content.files == 1 and len(names) == 1 else folder


def _opener(content: Content) -> Callable[[Path, Sequence[str]], Any] | None:
    if content.format.startswith("mlflow "):
        return _mlflow
    if content.files > 1:
        return None
    if content.opening is Opening.CODE and content.format in {"pickle", "compressed"}:
        return _pickle
    return {"json": _json, "text": _text, "npy": _numpy, "npz": _numpy, "skops": _skops}.get(content.format)


def _json(path: Path, _trusted: Sequence[str]) -> Any:
    return json.loads(path.read_bytes())


def _text(path: Path, _trusted: Sequence[str]) -> str:
    return path.read_text(encoding="utf-8")


def _numpy(path: Path, _trusted: Sequence[str]) -> Any:
    """An array, or a dictionary of arrays."""
    import numpy as np

    found = np.load(path, allow_pickle=False)
    if path.suffix == ".npy" or not hasattr(found, "files"):
        return found
    with found:
        return {name: found[name] for name in found.files}


def _skops(path: Path, trusted: Sequence[str]) -> Any:
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.io.load(path, trusted=list(trusted))
    except UntrustedTypesFoundException as error:
        raise RefusedError(
            f"it holds types that nobody has said to trust: {', '.join(skops.io.get_untrusted_types(file=path))}",
            doing="loading a skops file",
            hint="if you do: load(name, trusted=[...])",
        ) from error


def _pickle(path: Path, _trusted: Sequence[str]) -> Any:
    """What joblib or pickle wrote; joblib reads both, compressed too."""
    try:
        import joblib
    except ImportError:
        import pickle

        return pickle.loads(path.read_bytes())  # noqa: S301 - only signed bytes come here
    return joblib.load(path)


def _mlflow(path: Path, _trusted: Sequence[str]) -> Any:
    import mlflow.pyfunc

    return mlflow.pyfunc.load_model(str(path))
