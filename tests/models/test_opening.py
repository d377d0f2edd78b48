from __future__ import annotations

import pickle

import pytest
from tests.models import corpus

from stratolab.core.errors import InputError, RefusedError
from stratolab.models import opening, service
from stratolab.models.local import LocalRegistry
from stratolab.models.signing import LabKey
from stratolab.testing.registry_safety import ORIGIN
from stratolab.tracking import make


@pytest.fixture
def load(lab_folder, tmp_path):
    """Register bytes under a name, and open them: `load("w.npy", b"...")`."""
    registry = LocalRegistry(lab_folder, lambda: make.make(lab_folder / "mlflow.db"))

    def register_and_load(name, content, *, allow_code=False, **more):
        path = tmp_path / name
        path.write_bytes(content)
        version, _ = service.register(registry, service.Wanted("model", ORIGIN, allow_code=allow_code), path)
        return opening.load(registry, version, **more)

    return register_and_load


def test_json_and_text_are_opened(load):
    assert load("model.json", b'{"a": [1, null]}') == {"a": [1, None]}
    assert load("labels.txt", "naïve\n".encode()) == "naïve\n"


def test_arrays_are_opened_without_pickle(load, tmp_path):
    numpy = pytest.importorskip("numpy")
    numpy.savez(tmp_path / "made.npz", a=numpy.arange(3), b=numpy.array(["x"]))
    found = load("w.npz", (tmp_path / "made.npz").read_bytes())
    assert sorted(found) == ["a", "b"]
    assert found["a"].tolist() == [0, 1, 2]
    numpy.save(tmp_path / "made.npy", numpy.eye(2))
    assert load("w.npy", (tmp_path / "made.npy").read_bytes()).sum() == 2


def test_a_skops_file_is_opened_as_far_as_its_types_are_trusted(load, tmp_path):
    skops = pytest.importorskip("skops.io", reason="skops comes with mlflow: make setup")
    linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn comes with mlflow: make setup")
    trees = pytest.importorskip("sklearn.tree", reason="scikit-learn comes with mlflow: make setup")
    skops.dump(linear.LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]), tmp_path / "made")
    assert load("m.skops", (tmp_path / "made").read_bytes()).predict([[2.0]])[0] == pytest.approx(2.0)
    skops.dump(trees.DecisionTreeRegressor().fit([[0.0], [1.0]], [0.0, 1.0]), tmp_path / "made")
    content = (tmp_path / "made").read_bytes()
    with pytest.raises(RefusedError, match=r"sklearn\.tree\._tree\.Tree") as refused:
        load("m.skops", content)
    assert "trusted=" in refused.value.hint
    assert load("m.skops", content, trusted=["sklearn.tree._tree.Tree"]).predict([[1.0]])[0] == 1.0


def test_signed_pickles_are_opened_joblibs_and_compressed_ones_too(load, tmp_path):
    joblib = pytest.importorskip("joblib", reason="joblib comes with mlflow: make setup")
    value = {"a": [1.0, 2.0], "slice": slice(1, 2)}
    assert load("m.pkl", pickle.dumps(value), allow_code=True) == value
    for number, compress in enumerate((0, 3, ("gzip", 3), ("xz", 3))):
        joblib.dump(value, tmp_path / "made", compress=compress)
        assert load(f"{number}.joblib", (tmp_path / "made").read_bytes(), allow_code=True) == value


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("m.onnx", corpus.onnx(), "onnxruntime"),
        ("m.safetensors", corpus.safetensors(), "safetensors"),
        ("m.json", b'{"learner": {}, "version": [2, 1, 0]}', "xgboost"),
        ("m.txt", b"tree\nversion=v4\n", "lightgbm"),
        ("m.cbm", b"CBM1" + bytes(8), "catboost"),
        ("m.bin", bytes(range(1, 99)), "the library that wrote it"),
    ],
)
def test_other_formats_say_the_line_that_opens_them(load, name, content, line):
    with pytest.raises(InputError) as told:
        load(name, content)
    assert line in told.value.hint
    assert "stratolab.Models().path('model/1')" in told.value.hint


def test_bytes_that_only_look_compressed_are_not_unpickled(load):
    with pytest.raises(InputError):
        load("m.csv.gz", corpus.UNKNOWN["a gzip of text"][1])


def test_files_that_change_after_they_were_checked_are_not_opened(lab_folder, tmp_path):
    canary = tmp_path / "canary"
    path = tmp_path / "m.pkl"
    path.write_bytes(corpus.bomb(canary))
    registry = LocalRegistry(lab_folder, lambda: make.make(lab_folder / "mlflow.db"))
    version, _ = service.register(registry, service.Wanted("model", ORIGIN, allow_code=True), path)
    place = registry.files(version) / "m.pkl"

    class Turncoat(LabKey):
        """The signature holds, and then the file is another one."""

        def check(self, message, signature):
            super().check(message, signature)
            place.write_bytes(corpus.bomb(canary, 2))

    registry.signer = Turncoat(lab_folder / "models" / "signing-key")
    with pytest.raises(RefusedError, match="while they were checked"):
        opening.load(registry, version)
    assert not canary.exists()
