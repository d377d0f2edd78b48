from __future__ import annotations

import io
import pickle
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models import corpus

from stratolab.core.errors import RefusedError
from stratolab.models import inspection, tree
from stratolab.models.models import Opening


def look(folder):
    return inspection.inspect(folder, tree.read(folder))


@pytest.fixture
def write(tmp_path):
    """A maker of model folders: `write({"model.json": b"..."})`."""

    def make(files):
        folder = tmp_path / "model"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder

    return make


def test_the_corpus_is_large_enough():
    assert len(corpus.HOSTILE) >= 30


@pytest.mark.parametrize("name", corpus.HOSTILE)
def test_what_runs_code_is_seen_and_not_run(write, tmp_path, name):
    canary = tmp_path / "canary"
    file, wrap = corpus.HOSTILE[name]
    found = look(write({file: wrap(corpus.bomb(canary)), "notes.txt": b"beside it\n"}))
    assert found.opening is Opening.CODE
    assert found.reasons
    assert all(reason.startswith(file) for reason in found.reasons)
    assert not canary.exists()


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_says_what_it_imports(write, tmp_path, protocol):
    found = look(write({"model.pkl": corpus.bomb(tmp_path / "canary", protocol)}))
    assert found.format == "pickle"
    assert "pathlib.Path.touch" in found.reasons[0] or "Path" in found.reasons[0]


def test_the_canary_of_the_corpus_sings(tmp_path):
    canary = tmp_path / "canary"
    pickle.loads(corpus.bomb(canary))  # noqa: S301 - that is the point
    assert canary.exists()


@pytest.mark.parametrize("name", corpus.HARMLESS)
def test_what_is_safe_is_named_by_its_content(write, name):
    file, content, format_ = corpus.HARMLESS[name]
    assert look(write({file: content})) == inspection.Finding(format_, Opening.SAFE, ())


@pytest.mark.parametrize("name", corpus.UNKNOWN)
def test_what_is_not_known_is_said_to_be_so(write, name):
    file, content, format_ = corpus.UNKNOWN[name]
    found = look(write({file: content}))
    assert found.format == format_
    assert found.reasons == ()
    if content:
        assert found.opening is Opening.UNKNOWN


def test_a_folder_is_named_by_what_is_not_plain_text(write):
    found = look(write({"m.onnx": corpus.onnx(), "labels.json": b"[]", "sub/notes.txt": b"hello"}))
    assert (found.format, found.opening) == ("onnx", Opening.SAFE)
    assert look(write({"w.npy": corpus.npy("'<f8'", bytes(8))})).format == "mixed"


def test_the_tensors_that_an_onnx_model_keeps_beside_it_are_part_of_it(write):
    model = corpus.onnx(corpus.external(b"w/tensors.bin"))
    folder = write({"deep/m.onnx": model, "deep/w/tensors.bin": bytes(range(256))})
    assert (look(folder).format, look(folder).opening) == ("onnx", Opening.SAFE)
    (folder / "deep" / "other.bin").write_bytes(bytes(range(256)))
    assert look(folder).opening is Opening.UNKNOWN


def test_one_bad_file_deep_in_a_folder_counts(write, tmp_path):
    found = look(write({"m.onnx": corpus.onnx(), "a/b/c/cache.dat": corpus.bomb(tmp_path / "canary")}))
    assert found.opening is Opening.CODE
    assert found.reasons[0].startswith("a/b/c/cache.dat: a pickle that imports ")


def test_many_reasons_are_counted(write, tmp_path):
    found = look(write({f"{number}.pkl": corpus.bomb(tmp_path / "canary") for number in range(30)}))
    assert found.reasons[-1] == "and 10 more"


# -- what is refused whatever anybody allows --------------------------------------------------------

ESCAPES = ["../outside", "/etc/passwd", "a/../../b", "..\\outside", "C:\\x", "\\\\server\\x"]


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize("wrap", [corpus.zipped, corpus.tarred])
def test_an_archive_that_leads_out_of_its_folder_is_refused(write, name, wrap):
    with pytest.raises(RefusedError, match="outside of its folder"):
        look(write({"model.bin": wrap({"fine": b"x", name: b"x"})}))


def test_a_name_that_zip_cuts_at_its_zero_is_refused(write):
    packed = corpus.zipped({"aXX../../b": b"x"}).replace(b"aXX", b"a\x00X")
    with pytest.raises(RefusedError):
        look(write({"model.zip": packed}))


def test_a_link_in_a_tar_is_refused(write):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo("inside")
        info.type = tarfile.SYMTYPE
        info.linkname = "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(RefusedError):
        look(write({"model.tar": file.getvalue()}))


@pytest.mark.parametrize("place", [b"../weights.bin", b"/etc/passwd", b"a/../../b", b"..\\w"])
def test_an_onnx_model_that_reads_other_files_is_refused(write, place):
    with pytest.raises(RefusedError, match="reads tensors from"):
        look(write({"model.onnx": corpus.onnx(corpus.external(place))}))


# -- what would cost too much -----------------------------------------------------------------------


def test_a_zip_bomb_is_not_unpacked(write, monkeypatch):
    monkeypatch.setattr(inspection, "UNPACKED", 1 << 20)
    packed = corpus.zipped({"inner.zip": b"PK" + bytes(50 << 20)}, method=zipfile.ZIP_DEFLATED)
    assert len(packed) < 100_000
    found = look(write({"model.zip": packed}))
    assert found.opening is Opening.CODE
    assert "too much to look through" in found.reasons[-1]


def test_an_archive_with_too_many_members_is_not_read_to_its_end(write, monkeypatch):
    monkeypatch.setattr(inspection, "MEMBERS", 100)
    found = look(write({"model.zip": corpus.zipped({f"{number}": b"" for number in range(200)})}))
    assert found.opening is Opening.CODE


def test_large_arrays_in_an_archive_are_passed_over(write, monkeypatch):
    monkeypatch.setattr(inspection, "UNPACKED", 1 << 20)
    large = corpus.npy("'<f8'", bytes(8 << 20))
    assert look(write({"model.npz": corpus.zipped({"w.npy": large})})).opening is Opening.SAFE


def test_a_central_directory_that_lies_about_its_size_is_not_believed(write):
    packed = bytearray(corpus.zipped({"a": b"x"}))
    end = packed.index(b"PK\x05\x06")
    packed[end + 12 : end + 16] = b"\xf0\xff\xff\xff"
    found = look(write({"model.zip": bytes(packed)}))
    assert found.opening is not Opening.SAFE


def test_deep_json_is_no_danger(write):
    found = look(write({"model.json": b"[" * 100_000 + b"]" * 100_000}))
    assert (found.format, found.reasons) == ("text", ())


@given(st.binary(max_size=2000), st.sampled_from([*corpus.HARMLESS, *corpus.UNKNOWN]), st.integers(0, 3000))
def test_no_bytes_make_it_fail(tmp_path_factory, noise, name, place):
    """Whatever stands in a file, there is an answer or a refusal."""
    content = {**corpus.HARMLESS, **corpus.UNKNOWN}[name][1]
    folder = tmp_path_factory.mktemp("noise")
    (folder / "model").write_bytes(content[:place] + noise + content[place:])
    try:
        look(folder)
    except RefusedError:
        return


# -- MLflow's own form ------------------------------------------------------------------------------

MLMODEL = """\
flavors:
  python_function: {{loader_module: {loader}, model_path: model.skops{more}}}
  sklearn: {{pickled_model: model.skops, serialization_format: skops, skops_trusted_types: {trusted}, code: {code}}}
signature:
  inputs: '[{{"type": "long", "name": "year", "required": true}}]'
"""


def mlmodel(loader="mlflow.sklearn", trusted="null", code="null", more=""):
    return MLMODEL.format(loader=loader, trusted=trusted, code=code, more=more).encode()


SKOPS = corpus.zipped({"schema.json": corpus.skops_schema()})


def test_a_model_of_mlflow_is_named_by_its_flavour_and_brings_its_signature(write):
    found = look(write({"MLmodel": mlmodel(), "model.skops": SKOPS, "conda.yaml": b"channels:\n- a\n"}))
    assert (found.format, found.opening, found.reasons) == ("mlflow sklearn", Opening.SAFE, ())
    assert found.inputs == [{"type": "long", "name": "year", "required": True}]


@pytest.mark.parametrize(
    ("given_", "told"),
    [
        ({"loader": "my.loader"}, "my.loader"),
        ({"loader": "mlflow.pyfunc.model"}, "mlflow.pyfunc.model"),
        ({"trusted": "[builtins.eval]"}, "builtins.eval"),
        ({"code": "code"}, "code"),
        ({"more": ", code: code"}, "code"),
        ({"more": ", model_code_path: m"}, "runs its own code in m"),
    ],
)
def test_an_mlmodel_that_names_code_runs_code(write, given_, told):
    found = look(write({"MLmodel": mlmodel(**given_), "model.skops": SKOPS}))
    assert found.opening is Opening.CODE
    assert told in found.reasons[0]


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"a: [", b"flavors: 3", b"\x00", b"&a [*a, *a]", b"x: " + b"[" * 5000]
)
def test_an_mlmodel_that_cannot_be_read_runs_code(write, text):
    assert look(write({"MLmodel": text})).opening is Opening.CODE


def test_an_mlmodel_that_unfolds_without_end_is_not_unfolded(write):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    lines += [
        "flavors: {sklearn: {skops_trusted_types: *a29, code: *a29}, python_function: {loader_module: *a29}}"
    ]
    found = look(write({"MLmodel": "\n".join(lines).encode()}))
    assert found.opening is Opening.CODE
    assert len(str(found.reasons)) < 2000


def test_an_mlmodel_that_makes_objects_makes_none(write, tmp_path):
    canary = tmp_path / "canary"
    text = f"flavors: !!python/object/apply:pathlib.Path.touch [{canary}]"
    assert look(write({"MLmodel": text.encode()})).opening is Opening.CODE
    assert not canary.exists()


def test_a_flavour_that_we_do_not_know_is_not_called_safe(write):
    text = b"flavors: {tensorflow: {}, python_function: {loader_module: mlflow.tensorflow}}"
    assert look(write({"MLmodel": text, "data.json": b"{}"})).opening is Opening.UNKNOWN


def test_a_class_from_elsewhere_is_code(write):
    text = b"flavors: {xgboost: {model_class: os.system}, python_function: {loader_module: mlflow.xgboost}}"
    found = look(write({"MLmodel": text, "model.xgb": b'{"learner": {}, "version": [1]}'}))
    assert found.opening is Opening.CODE
    fine = text.replace(b"os.system", b"xgboost.sklearn.XGBClassifier")
    assert (
        look(write({"MLmodel": fine, "model.xgb": b'{"learner": {}, "version": [1]}'})).opening
        is Opening.SAFE
    )


# -- real ones --------------------------------------------------------------------------------------


def test_what_the_libraries_write_is_recognised(write, tmp_path):
    numpy = pytest.importorskip("numpy")
    skops = pytest.importorskip("skops.io", reason="skops comes with mlflow: make setup")
    linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn comes with mlflow: make setup")
    joblib = pytest.importorskip("joblib")
    model = linear.LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    folder = write({"a": b""})
    (folder / "a").unlink()
    makers = {
        "m.skops": lambda path: skops.dump(model, path),
        "m.npz": lambda path: numpy.savez_compressed(path, a=numpy.zeros(1000), b=numpy.array(["x"])),
        "m.joblib": lambda path: joblib.dump([model, numpy.zeros((300, 300))], path),
        "m.z": lambda path: joblib.dump(model, path, compress=3),
        "m.npy": lambda path: numpy.save(path, numpy.array([{"a": 1}], dtype=object), allow_pickle=True),
    }
    found = {}
    for name, make in makers.items():
        make(folder / name)
        found[name] = look(folder)
        (folder / name).unlink()
    assert (found["m.skops"].format, found["m.skops"].opening) == ("skops", Opening.SAFE)
    assert (found["m.npz"].format, found["m.npz"].opening) == ("npz", Opening.SAFE)
    assert (found["m.joblib"].format, found["m.joblib"].opening) == ("pickle", Opening.CODE)
    assert "sklearn.linear_model._base.LinearRegression" in found["m.joblib"].reasons[0]
    assert found["m.z"].opening is Opening.CODE
    assert "array of Python objects" in " ".join(found["m.npy"].reasons)
