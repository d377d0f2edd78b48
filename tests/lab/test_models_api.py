"""The registry from Python: inside of a job, beside an unmodified MLflow, from a notebook."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from stratolab import Models
from stratolab.core.errors import InputError, RefusedError

SCRIPT = """\
import json
import mlflow
import numpy as np
from sklearn.linear_model import LinearRegression
from stratolab import Models

with mlflow.start_run() as run:
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    mlflow.log_metric("error", 0.125)
    mlflow.sklearn.log_model(model, name="net", input_example=np.array([[0.5]]))
    mlflow.sklearn.log_model(model, name="pickled", serialization_format="cloudpickle", registered_model_name="direct")
with open("weights.json", "w") as file:
    json.dump([1], file)
mlflow.set_tracking_uri("sqlite:///elsewhere.db")      # whatever the script does to its own MLflow
version = Models().register("inside", "weights.json", sample={"x": 1}, alias="champion", description="from inside")
print(json.dumps({"run": run.info.run_id, "registered": str(version.reference), "job": version.origin.job}))
"""
# An MLflow that knows nothing of us.
UNMODIFIED = """\
import json, sys
import mlflow
import numpy as np
mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
found = {model.name: model.aliases for model in client.search_registered_models()}
version = client.get_model_version_by_alias("net", "champion")
print(json.dumps({
    "aliases": found,
    "run": version.run_id,
    "job": version.tags["stratolab.job"],
    "linked": client.get_logged_model(version.source.removeprefix("models:/")).tags["mlflow.modelVersions"],
    "predicted": float(mlflow.sklearn.load_model("models:/net@champion").predict([[3.0]])[0]),
    "as pyfunc": float(mlflow.pyfunc.load_model("models:/net/1").predict(np.array([[3.0]]))[0]),
    "file": open(mlflow.artifacts.download_artifacts("models:/inside@champion/weights.json")).read(),
}))
"""
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}


@pytest.fixture
def root(cli, project, monkeypatch):
    root = project("", {"train.py": SCRIPT})
    answer = cli("run", "train.py", folder=root, timeout=280, env=QUIET)
    assert answer.code == 0, answer
    monkeypatch.chdir(root)
    return root


@pytest.mark.timeout(400)  # MLflow is imported four times, scikit-learn with it
def test_models_of_scripts_that_use_mlflow_and_an_mlflow_that_does_not_know_us(cli, root):
    said = json.loads(cli("jobs", "logs", folder=root).out.splitlines()[-1])
    models = Models()

    # What the script registered through us, from inside of its job
    inside = models.find("inside@champion")
    assert str(inside.reference) == said["registered"] == "inside/1"
    assert inside.origin.job == said["job"]
    assert (inside.origin.run, inside.description) == (said["run"], "from inside")
    assert models.load("inside") == [1]

    # What the script logged: as it is, where it is, with MLflow's signature and the run's metrics
    answer = cli("models", "register", "net", "net", "--alias", "champion", "--json", folder=root)
    assert answer.code == 0, answer
    net = json.loads(answer.out)
    assert (net["format"], net["opening"], net["run"]) == ("mlflow sklearn", "safe", said["run"])
    assert net["metrics"] == {"error": 0.125}
    assert (net["metric"], net["value"]) == ("error", 0.125)
    assert net["schema"]["items"] == {"type": "number"}
    assert "/mlartifacts/" in net["source"]
    assert not any("net" in str(path) for path in (root / ".stratolab" / "models").rglob("*"))

    # An unmodified MLflow sees it, opens it, and leaves its own file behind, which changes nothing
    uri = f"sqlite:///{root}/.stratolab/mlflow.db"
    told = subprocess.run([sys.executable, "-c", UNMODIFIED, uri], capture_output=True, text=True, check=True,
                          env={**os.environ, **QUIET})  # fmt: skip
    seen = json.loads(told.stdout)
    assert seen["aliases"] == {"inside": {"champion": 1}, "net": {"champion": 1}, "direct": {}}
    assert (seen["run"], seen["job"]) == (said["run"], said["job"])
    assert json.loads(seen["linked"]) == [{"name": "net", "version": 1}]
    assert seen["predicted"] == seen["as pyfunc"] == pytest.approx(3.0)
    assert seen["file"] == "[1]"
    assert (models.path("net") / "registered_model_meta").is_file()

    # A pickle that MLflow registered by itself: shown, and not opened until we have signed it
    direct = models.find("direct")
    assert (direct.content, direct.origin.job) == (None, said["job"])
    with pytest.raises(RefusedError, match="no signature"):
        models.path("direct")
    refused = cli("models", "register", "direct", "pickled", folder=root)
    assert refused.code == 3
    signed = json.loads(
        cli("models", "register", "direct", "pickled", "--allow-code", "--json", folder=root).out
    )
    assert (signed["version"], signed["new"]) == (1, False)
    assert models.path("direct").is_dir()

    several = cli("models", "register", "net", folder=root)
    assert several.code == 2
    assert "net, pickled" in several.err
    loads = f"""
import numpy as np
from stratolab import Models
for name in ("net", "direct"):
    print(float(Models({str(root)!r}).load(name).predict(np.array([[3.0]]))[0]))
"""
    told = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True,
                          env={**os.environ, **QUIET})  # fmt: skip
    assert [float(line) for line in told.stdout.split()] == pytest.approx([3.0, 3.0])


def test_from_a_notebook(cli, project, monkeypatch, tmp_path):
    root = project("", {"train.py": "open('m.json', 'w').write('[1]')\n"})
    with pytest.raises(InputError, match="not to be found"):
        Models(root).register("m", root / "m.json")
    assert cli("run", "train.py", folder=root).code == 0
    models = Models(root)
    version = models.register("m", root / "m.json", sample={"x": 1})
    assert models.versions() == models.versions("m") == [version]
    assert models.promote("m", to="champion").aliases == ("champion",)
    assert models.promote("m", to="champion").aliases == ("champion",)
    assert models.load("m@champion") == [1]
    assert models.path("m@champion").read_text() == "[1]"
    assert (models.download("m", tmp_path / "copy") / "m.json").is_file()
    monkeypatch.chdir(root)
    assert Models().find("m@champion").reference == version.reference
    with pytest.raises(InputError):
        models.promote("m", to="latest")
    with pytest.raises(InputError):
        models.register("m", root / "m.json", sample=3)
