from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys

import pytest

import stratolab
import stratolab.core.errors

TRAIN = """\
import json, os, sys
flags = dict(zip(sys.argv[1::2], sys.argv[2::2]))
x = float(flags["--x"])
if os.path.exists("slow"):
    import time
    time.sleep(0.5)
print(json.dumps({"loss": (x - 0.3) ** 2, "other": 1}))
"""
CONFIG = """
[jobs.train]
command = "python train.py"

[sweeps.tune]
job = "train"
metric = "loss"
trials = 8
parallel = 2
seed = 1
[sweeps.tune.space]
x = { float = [0.0, 1.0] }
"""


@pytest.fixture
def root(project):
    return project(CONFIG, {"train.py": TRAIN})


def change(root, old, new):
    path = root / "stratolab.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_sweep_from_beginning_to_end(cli, root, snapshot):
    answer = cli("sweep", "tune", folder=root)
    assert answer.code == 0, answer.err
    assert "tune-1: all 8 trials have ended" in answer.out
    assert "best so far" in answer.err
    document = json.loads(cli("sweeps", "show", "--json", folder=root).out)
    assert sorted(document["sweep"]) == snapshot
    assert sorted(document["trials"][0]) == snapshot
    assert [trial["number"] for trial in document["trials"]] == list(range(8))
    assert {trial["state"] for trial in document["trials"]} == {"succeeded"}
    values = [trial["value"] for trial in document["trials"]]
    assert values == pytest.approx([(trial["params"]["x"] - 0.3) ** 2 for trial in document["trials"]])
    assert document["best"]["value"] == min(values)
    best = json.loads(cli("sweeps", "best", "--json", folder=root).out)
    assert best["value"] == min(values)
    assert best["metrics"]["other"] == 1
    assert cli("sweeps", "best", "--flags", folder=root).out == f"--x {best['params']['x']!r}\n"
    assert cli("sweeps", "ls", folder=root).out.splitlines()[1].startswith("tune-1  finished     8/8")
    jobs = json.loads(cli("jobs", "ls", "--sweep", "tune-1", "-n", "99", "--json", folder=root).out)["jobs"]
    assert sorted(job["trial"] for job in jobs) == list(range(8))
    assert json.loads(cli("jobs", "ls", "--json", folder=root).out)["jobs"] == []
    assert "trials of sweeps only" in cli("jobs", "ls", folder=root).err


def test_a_sweep_leaves_its_store_in_one_file(root):
    command = [sys.executable, "-m", "stratolab", "sweep", "tune", "--trials", "2", "-C", str(root)]
    subprocess.run(command, check=True, capture_output=True)
    assert [path.name for path in (root / ".stratolab").glob("store.db*")] == ["store.db"]


def test_a_sweep_run_again_begins_a_new_one_and_an_unfinished_one_goes_on(cli, root):
    cli("sweep", "tune", "--trials", "3", folder=root)
    cli("sweep", "tune", "--trials", "2", folder=root)
    assert [sweep["id"] for sweep in sweeps(cli, root)] == ["tune-2", "tune-1"]


def sweeps(cli, root):
    return json.loads(cli("sweeps", "ls", "--json", folder=root).out)["sweeps"]


def test_more_trials_may_be_asked_of_a_finished_sweep(cli, root):
    cli("sweep", "tune", "--trials", "3", folder=root)
    first = json.loads(cli("sweeps", "show", "--json", folder=root).out)
    answer = cli("sweeps", "resume", "--trials", "6", "--json", folder=root)
    assert answer.code == 0, answer.err
    document = json.loads(answer.out)
    assert len(document["trials"]) == 6
    assert document["trials"][:3] == first["trials"]


def test_the_same_seed_tries_the_same_points(cli, root):
    one = json.loads(cli("sweep", "tune", "-p", "1", "--json", folder=root).out)
    two = json.loads(cli("sweep", "tune", "-p", "1", "--json", folder=root).out)
    assert [trial["params"] for trial in one["trials"]] == [trial["params"] for trial in two["trials"]]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[0.0, 1.0]", "[0.0, 2.0]", "space.x.float"),
        ('metric = "loss"', 'metric = "other"', "metric"),
        ('"python train.py"', '"python train.py --y 1"', "command"),
        ("seed = 1", "seed = 2", "seed"),
    ],
)
def test_another_configuration_is_refused_with_the_difference_and_can_be_forked(cli, root, old, new, said):
    cli("sweep", "tune", "--trials", "2", folder=root)
    change(root, old, new)
    answer = cli("sweeps", "resume", "--trials", "4", folder=root)
    assert answer.code == 3
    assert said in answer.err
    assert "--fork" in answer.err
    forked = cli("sweeps", "resume", "--fork", "--trials", "2", "--json", folder=root)
    assert forked.code == 0, forked.err
    assert json.loads(forked.out)["sweep"]["forked_from"] == "tune-1"


def test_changed_code_is_refused_by_the_name_of_the_file(cli, root):
    cli("sweep", "tune", "--trials", "2", folder=root)
    (root / "train.py").write_text(TRAIN + "# changed\n")
    answer = cli("sweeps", "resume", "--trials", "4", folder=root)
    assert answer.code == 3
    assert "train.py" in answer.err


def test_changed_data_is_refused_by_the_name_of_the_file(cli, root):
    change(root, 'command = "python train.py"', 'command = "python train.py"\ndata = ["teams.csv"]')
    (root / "teams.csv").write_text("1,2\n")
    cli("sweep", "tune", "--trials", "2", folder=root)
    (root / "teams.csv").write_text("1,3\n")
    answer = cli("sweeps", "resume", "--trials", "4", folder=root)
    assert answer.code == 3
    assert "teams.csv" in answer.err


def test_what_may_change_between_sittings_may(cli, root):
    cli("sweep", "tune", "--trials", "2", folder=root)
    change(root, "parallel = 2", "parallel = 1")
    change(root, "trials = 8", "trials = 5\nprune = 'median'\nstop = { hours = 1 }")
    change(root, 'command = "python train.py"', 'command = "python train.py"\ntimeout = "5m"')
    assert cli("sweeps", "resume", folder=root).code == 0


def test_trials_that_fail_are_told_apart_and_do_not_stop_the_others(cli, project):
    root = project(
        CONFIG.replace(
            "x = { float = [0.0, 1.0] }", 'x = { choice = ["good", "exit", "nan", "none", "junk", "kill"] }'
        ).replace("trials = 8", "trials = 6"),
        {
            "train.py": "import json, os, sys\nx = sys.argv[2]\n"
            "if x == 'exit': sys.exit(3)\nif x == 'kill': os.kill(os.getpid(), 9)\n"
            "if x == 'nan': print('{\"loss\": NaN}')\nif x == 'good': print('{\"loss\": 1}')\n"
            "if x == 'junk': print('{\"loss\": }')\n"
        },
    )
    answer = cli("sweep", "tune", "--json", folder=root)
    assert answer.code == 0, answer.err
    trials = json.loads(answer.out)["trials"]
    reasons = {trial["params"]["x"]: trial["reason"] for trial in trials}
    assert reasons == {
        "good": None,
        "exit": "exit code 3",
        "nan": "its last loss is NaN",
        "none": "exit code 0, but it reported nothing",
        "junk": "exit code 0, but it reported nothing: '{\"loss\": }' is no report",
        "kill": "killed by signal 9 (SIGKILL)",
    }
    without = next(trial["job"] for trial in trials if trial["params"]["x"] == "nan")
    assert "its trial failed: its last loss is NaN" in cli("why", without, folder=root).out


def test_a_sweep_whose_driver_was_killed_says_so(cli, project):
    root = project(CONFIG, {"train.py": "open('began', 'w').write('x')\nopen('gate').read()"})
    os.mkfifo(root / "began")
    os.mkfifo(root / "gate")
    driver = cli.start("sweep", "tune", "--trials", "1", folder=root)
    (root / "began").read_text()
    assert "died" not in cli("sweeps", "ls", folder=root).out
    driver.kill()
    driver.communicate()
    told = "its driver died: stratolab sweeps resume tune-1"
    assert told in cli("sweeps", "ls", folder=root).out
    assert f"running ({told})" in cli("sweeps", "show", folder=root).out
    (root / "gate").write_text("")


def test_a_sweep_without_any_success_has_failed(cli, project):
    root = project(CONFIG, {"train.py": "raise SystemExit(1)"})
    answer = cli("sweep", "tune", folder=root)
    assert answer.code == 1
    assert "no trial of tune-1 succeeded" in answer.err


def test_a_small_space_is_exhausted_without_a_repeat(cli, project):
    root = project(
        CONFIG.replace("{ float = [0.0, 1.0] }", "{ int = [0, 4] }").replace("trials = 8", "trials = 50"),
        {"train.py": TRAIN},
    )
    document = json.loads(cli("sweep", "tune", "--json", folder=root).out)
    assert sorted(trial["params"]["x"] for trial in document["trials"]) == [0, 1, 2, 3, 4]
    assert document["sweep"]["reason"] == "every point of the space has been tried"


def test_a_grid_is_announced_with_as_many_trials_as_it_has_points(cli, project):
    config = CONFIG.replace("{ float = [0.0, 1.0] }", "{ int = [0, 2] }").replace(
        "trials = 8", 'trials = 50\nsampler = "grid"'
    )
    answer = cli("sweep", "tune", folder=project(config, {"train.py": TRAIN}))
    assert "tune-1: 3 trials" in answer.out + answer.err
    assert "every point of the space has been tried" in answer.out + answer.err


def test_hopeless_trials_are_stopped_early(cli, project):
    steps = """\
        import json, sys, time
        x = float(sys.argv[2])
        for step in range(1, 30):
            print(json.dumps({"loss": x + 1 / step, "step": step}), flush=True)
            time.sleep(0.1 if x > 0.5 else 0.0)
        """
    config = CONFIG.replace("trials = 8", 'trials = 14\nprune = "median"\nsampler = "quasi"')
    root = project(config, {"train.py": steps})
    document = json.loads(cli("sweep", "tune", "--json", folder=root).out)
    states = {trial["state"] for trial in document["trials"]}
    assert "pruned" in states
    pruned = [trial for trial in document["trials"] if trial["state"] == "pruned"]
    assert all(trial["params"]["x"] > 0.5 for trial in pruned)
    assert all(trial["reason"] for trial in pruned)


def test_no_gain_stops_the_sweep(cli, project):
    config = CONFIG.replace("trials = 8", "trials = 60\nstop = { patience = 4 }").replace(
        "parallel = 2", "parallel = 1"
    )
    root = project(config, {"train.py": "print('{\"loss\": 1}')"})
    document = json.loads(cli("sweep", "tune", "--json", folder=root).out)
    assert document["sweep"]["state"] == "finished"
    assert 5 <= len(document["trials"]) < 20


def test_little_hope_stops_the_sweep(cli, project):
    config = CONFIG.replace(
        "trials = 8", 'trials = 60\nsampler = "gp"\nstop = { expected_gain = 0.01 }'
    ).replace("parallel = 2", "parallel = 1")
    root = project(config, {"train.py": TRAIN})
    document = json.loads(cli("sweep", "tune", "--json", folder=root).out)
    assert document["sweep"]["state"] == "finished"
    assert document["sweep"]["reason"].startswith("one more trial is expected to gain ")
    assert 5 <= len(document["trials"]) < 30
    assert document["best"]["value"] < 0.01
    again = cli("sweeps", "resume", "tune-1", folder=root)  # it knows the same, so it ends at once
    assert len(json.loads(cli("sweeps", "show", "--json", folder=root).out)["trials"]) == len(
        document["trials"]
    ), again.err


def test_rules_without_effect_are_told(cli, project):
    settings = "trials = 3\ncost_aware = true\nstop = { expected_gain = 0.01 }"
    root = project(CONFIG.replace("trials = 8", settings), {"train.py": TRAIN})
    answer = cli("sweep", "tune", folder=root)
    assert answer.code == 0, answer.err
    assert "cost_aware and stop.expected_gain: without effect, because the sampler is quasi" in answer.err


def test_export(cli, root):
    cli("sweep", "tune", "--trials", "3", folder=root)
    rows = list(csv.DictReader(io.StringIO(cli("sweeps", "export", folder=root).out)))
    assert [row["number"] for row in rows] == ["0", "1", "2"]
    assert all(float(row["value"]) == pytest.approx((float(row["x"]) - 0.3) ** 2) for row in rows)
    cli("sweeps", "export", "--format", "jsonl", "-o", "out.jsonl", folder=root)
    lines = [json.loads(line) for line in (root / "out.jsonl").read_text().splitlines()]
    assert [line["number"] for line in lines] == [0, 1, 2]
    assert (
        cli("sweeps", "export", "--json", folder=root).out == cli("sweeps", "show", "--json", folder=root).out
    )


def test_a_detached_sweep_is_driven_without_a_terminal_and_can_be_stopped(cli, root):
    (root / "slow").touch()
    started = json.loads(cli("sweep", "tune", "--detach", "--json", folder=root).out)
    assert started["sweep"] == "tune-1"
    answer = cli("sweep", "tune", "--json", folder=root)  # joins, and shares the work
    assert answer.code == 0, answer.err
    assert sorted(trial["number"] for trial in json.loads(answer.out)["trials"]) == list(range(8))


def test_the_python_api(project, root, monkeypatch):
    monkeypatch.chdir(root)
    result = stratolab.Sweep("tune", trials=4).run()
    assert len(result.trials) == 4
    assert result.best.value == min(trial.value for trial in result.trials)
    described = stratolab.Sweep(
        "mine",
        command="python train.py",
        metric="loss",
        trials=3,
        sampler="quasi",
        space={"x": {"float": [0.0, 1.0]}},
    ).run()
    assert [trial.number for trial in described.trials] == [0, 1, 2]


def test_flags_of_an_earlier_sitting_count_until_others_are_given(cli, root):
    cli("sweep", "tune", "--trials", "3", folder=root)
    document = json.loads(cli("sweeps", "resume", "--json", folder=root).out)
    assert len(document["trials"]) == 3
    document = json.loads(cli("sweeps", "resume", "--trials", "5", "--json", folder=root).out)
    assert len(document["trials"]) == 5


def test_what_is_wrong_is_named_in_the_python_api_too(root, monkeypatch):
    monkeypatch.chdir(root)
    with pytest.raises(stratolab.core.errors.InputError, match="trails"):
        stratolab.Sweep("x", command="python train.py", metric="loss", trails=3, space={"x": {"int": [0, 4]}})
