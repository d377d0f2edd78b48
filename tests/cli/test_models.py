from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
import sys

import pytest

TRAIN = """\
import json, os, pickle, sys
flags = dict(zip(sys.argv[1::2], sys.argv[2::2]))
x = float(flags.get("--x", 0.5))
with open(os.environ["STRATOLAB_HOME"] + "/model.json", "w") as file:
    json.dump({"x": x}, file)
with open("shared.json", "w") as file:
    json.dump({"x": x}, file)
with open("model.pkl", "wb") as file:
    pickle.dump(slice(x), file)
print(json.dumps({"loss": (x - 0.3) ** 2}))
"""
CONFIG = """
[jobs.train]
command = "python train.py"
data = ["games.csv"]
seed = 3

[sweeps.tune]
job = "train"
metric = "loss"
trials = 4
parallel = 1
sampler = "list"
fixed = { q = 3 }
points = [{ x = 0.9 }, { x = 0.4 }, { x = 0.25 }, { x = 0.0 }]
"""


@pytest.fixture
def root(project):
    return project(CONFIG, {"train.py": TRAIN, "games.csv": "a,b\n"})


@pytest.fixture
def ran(cli, root):
    """A project with one job that has ended."""
    assert cli("run", "train", folder=root).code == 0
    return root


@pytest.fixture
def models(cli, ran):
    """`models("ls")`: one command; with `code` its exit code is expected, with --json gives the document."""

    def call(*words, code=0, **more):
        answer = cli("models", *words, folder=more.pop("folder", ran), **more)
        assert answer.code == code, answer
        return json.loads(answer.out) if "--json" in words and not code else answer

    return call


def test_arguments_by_hand_are_among_what_differs(cli, root, models):
    models("register", "demo", "model.json")
    assert cli("run", "train", "--", "--x", "0.4", folder=root).code == 0
    models("register", "demo", "model.json")
    told = models("compare", "demo/1", "demo/2", "--json")["differences"]
    command = {"one": "python train.py", "other": "python train.py --x 0.4"}
    assert {"about": "job", "name": "command", **command} in told


def test_a_model_is_registered_promoted_compared_and_downloaded(cli, root, models, tmp_path):
    first = models("register", "demo", "model.json", "--describe", "the first", "--json")
    assert (first["version"], first["new"], first["opening"], first["format"]) == (1, True, "safe", "json")
    assert cli("sweep", "tune", folder=root).code == 0
    best = models("register", "demo", "model.json", "--sweep", "tune", "--sample", '{"year": 2015}', "--json")
    assert (best["version"], best["sweep"], best["trial"]) == (2, "tune-1", 2)
    assert best["params"] == {"q": 3, "x": 0.25}
    assert (best["metric"], best["value"]) == ("loss", (0.25 - 0.3) ** 2)
    assert best["metrics"] == {"loss": best["value"]}
    assert best["data"]["games.csv"]["files"] == 1
    assert best["schema"]["properties"] == {"year": {"type": "integer"}}
    assert best["seed"] is not None
    assert best["capsule"]
    assert best["written"] == "during"

    assert models("promote", "demo/1", "--to", "champion", "--json")["before"] is None
    refused = models("promote", "demo", "--to", "champion", code=3)
    assert "--yes" in refused.err
    assert "version 1 (loss=0.04)" in refused.err
    moved = models("promote", "demo", "--to", "champion", "--yes")
    assert moved.out == "demo@champion is version 2 (loss=0.0025)\n"
    assert "before: version 1" in moved.err
    assert models("promote", "demo", "--to", "champion", "--json")["moved"] is False

    told = models("compare", "demo/1", "demo@champion", "--json")["differences"]
    assert {"about": "param", "name": "x", "one": "-", "other": "0.25"} in told
    table = models("compare", "demo/1", "demo").out
    assert "0.0025" in table
    assert "same version" in models("compare", "demo", "demo@champion").err

    target = tmp_path / "here"
    document = models("download", "demo@champion", str(target), "--json")
    assert (document["folder"], document["new"]) == (str(target), True)
    assert json.loads((target / "model.json").read_text()) == {"x": 0.25}
    assert models("download", "demo@champion", str(target), "--json")["new"] is False
    assert "--force" in models("download", "demo/1", str(target), code=3).err
    models("download", "demo/1", str(target), "--force")
    assert json.loads((target / "model.json").read_text()) == {"x": 0.5}


def test_registering_again_changes_nothing_and_names_the_same_version(models):
    assert models("register", "demo", "model.json").out == "demo/1\n"
    again = models("register", "demo", "model.json", "--json")
    assert (again["version"], again["new"]) == (1, False)
    aliased = models("register", "demo", "model.json", "--alias", "challenger", "--json")
    assert (aliased["version"], aliased["aliases"]) == (1, ["challenger"])
    assert models("register", "demo", "model.json", "--alias", "challenger").out == "demo/1\n"
    refused = models("register", "demo", "shared.json", "--alias", "challenger", code=3)
    assert "challenger of demo is version 1 (loss=0.04) now and would be version 2" in refused.err
    assert models("register", "demo", "shared.json", "--alias", "challenger", "--yes", "--json")[
        "aliases"
    ] == ["challenger"]


def test_listings(models):
    assert models("ls", "--json") == {"versions": []}
    assert "no models yet" in models("ls").err
    models("register", "demo", "model.json", "--alias", "champion")
    models("register", "demo", "shared.json")
    models("register", "other", "model.json")
    lines = models("ls").out.splitlines()
    assert lines[0].split() == ["MODEL", "LATEST", "VERSIONS", "ALIASES", "VALUE", "OPENING", "AGE"]
    assert lines[1].split()[:6] == ["demo", "2", "2", "champion=1", "loss=0.04", "safe"]
    assert len(lines) == 3
    assert [line.split()[0] for line in models("ls", "demo").out.splitlines()] == ["VERSION", "2", "1"]
    found = models("ls", "demo", "--json")["versions"]
    assert [version["version"] for version in found] == [2, 1]
    assert found[1] == models("show", "demo@champion", "--json")
    page = models("show", "demo@champion").out
    for words in ("demo, version 1", "champion", "json: safe", "this lab's", "loss", "games.csv: "):
        assert words in page


def test_a_pickle_needs_the_flag_and_says_what_it_imports(models, ran):
    refused = models("register", "demo", "model.pkl", code=3)
    assert "model.pkl: a pickle that imports builtins.slice" in refused.err
    assert "--allow-code" in refused.err
    assert models("ls", "--json") == {"versions": []}
    taken = models("register", "demo", "model.pkl", "--allow-code")
    assert "a pickle that imports builtins.slice" in taken.err
    assert "runs code" in models("ls").out
    with sqlite3.connect(ran / ".stratolab" / "mlflow.db") as store:
        store.execute("UPDATE model_version_tags SET value = 'safe' WHERE key = 'stratolab.opening'")
    store.close()
    assert "not valid" in models("show", "demo").out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("register", "demo"), 2, "name the file or folder"),
        (("register", "demo", "nothing.json"), 2, "there is no 'nothing.json'"),
        (("register", "de/mo", "model.json"), 2, "cannot name a model"),
        (("register", "demo", "model.json", "--alias", "latest"), 2, "cannot be an alias"),
        (("register", "demo", "model.json", "--job", "nobody"), 2, "there is no job"),
        (("register", "demo", "model.json", "--sweep", "nobody"), 2, "there is no sweep"),
        (("register", "demo", "model.json", "--sample", "nothing"), 2, "neither JSON nor a file"),
        (("register", "demo", "model.json", "--sample", "[1]"), 2, "a sample is an object"),
        (("register", "demo", "."), 2, "holds the lab"),
        (("show", "demo"), 2, "there is no model"),
        (("show", "@"), 2, "names no model"),
        (("ls", "demo"), 2, "there is no model"),
        (("promote", "demo", "--to", "champion"), 2, "there is no model"),
        (("promote", "demo", "--to", "v1"), 2, "cannot be an alias"),
        (("download", "demo"), 2, "there is no model"),
        (("compare", "demo", "demo"), 2, "there is no model"),
    ],
)
def test_what_is_wrong_is_told_with_its_fix(models, words, code, told):
    answer = models(*words, code=code)
    assert told in answer.err
    assert "try:" in answer.err
    assert "Traceback" not in answer.err
    assert answer.out == ""


def test_no_verb_loads_anything_heavy_for_a_safe_model(ran):
    program = """
import sys
from stratolab.cli.main import main
main(["models", "register", "demo", "model.json"])
for words in ("ls", "ls demo", "show demo", "compare demo demo", "promote demo --to champion", "download demo"):
    assert main(["models", *words.split()]) == 0
heavy = ("mlflow", "numpy", "sqlalchemy", "pydantic", "pandas", "yaml", "rich", "sklearn")
print(*[name for name in heavy if name in sys.modules], file=sys.stderr)
"""
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=ran, capture_output=True, text=True, check=True
    )
    assert told.stderr.splitlines()[-1] == ""


def test_a_job_that_failed_or_still_runs_is_refused(cli, project):
    root = project("", {"fail.py": "open('m.json', 'w').write('{}'); raise SystemExit(1)\n",
                        "long.py": "import time; open('m.json', 'w').write('{}'); time.sleep(600)\n"})  # fmt: skip
    assert cli("run", "fail.py", folder=root).code == 1
    refused = cli("models", "register", "m", "m.json", folder=root)
    assert refused.code == 3
    assert "is failed" in refused.err
    assert cli("models", "register", "m", "m.json", "--force", folder=root).code == 0
    assert cli("run", "long.py", "--detach", folder=root).code == 0
    refused = cli("models", "register", "m", "m.json", folder=root)
    assert refused.code == 3
    assert "has not ended" in refused.err
    assert cli("jobs", "cancel", "long", folder=root).code == 0


def test_a_file_that_another_moment_wrote_is_told(models, ran):
    path = ran / "shared.json"
    os.utime(path, (1, 1))
    assert "was written before the job ran" in models("register", "old", "shared.json").err
    os.utime(path, (4e9, 4e9))
    assert "was written after the job ran" in models("register", "new", "shared.json").err


def test_promoting_asks_on_a_terminal(models, ran):
    models("register", "demo", "model.json", "--alias", "champion")
    models("register", "demo", "shared.json")
    for typed, code, version in (("n\n", 3, 1), ("\n", 3, 1), ("y\n", 0, 2)):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "stratolab", "models", "promote", "demo", "--to", "champion"],
            cwd=ran, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        os.close(theirs)
        os.write(ours, typed.encode())
        _, err = process.communicate(timeout=60)
        os.close(ours)
        assert process.returncode == code, err
        assert "[y/N]" in err
        assert models("show", "demo@champion", "--json")["version"] == version


def test_ctrl_c_at_the_question_changes_nothing(models, ran):
    models("register", "demo", "model.json", "--alias", "champion")
    models("register", "demo", "shared.json")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "stratolab", "models", "promote", "demo", "--to", "champion"],
        cwd=ran, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(theirs)
    while b"[y/N]" not in os.read(process.stderr.fileno(), 4096):
        pass
    process.send_signal(2)
    process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 130
    assert models("show", "demo@champion", "--json")["version"] == 1


def test_names_are_completed(models, ran):
    models("register", "demo", "model.json", "--alias", "champion")
    program = "from stratolab.cli import completers; from argparse import Namespace; "
    program += "print(completers.models('de', Namespace(folder=None)))"
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=ran, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "['demo', 'demo@champion']"
