from __future__ import annotations

import json
import os
import signal
import stat

import pytest

SCRIPTS = {
    "hello.py": "print('hello')",
    "fails.py": "import sys\nprint('oh')\nsys.exit(3)",
    "dies.py": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
    "waits.py": "import sys, time\nprint('waiting', flush=True)\ntime.sleep(60)",
    "args.py": "import sys\nprint(sys.argv[1:])",
    "metrics.py": "import json\nprint(json.dumps({'loss': 0.25}))",
    "module.py": "import no_such_module",
    "greedy.py": "data = bytearray(300 * 2**20)\nprint(len(data), flush=True)\nimport time\ntime.sleep(20)",
    "cancelled.sh": "#!/bin/sh\necho $HOME\n",
}


@pytest.fixture
def folder(tmp_path):
    for name, text in SCRIPTS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def shown(cli, job=""):
    return json.loads(cli("jobs", "show", "--json", *([job] if job else [])).out)


def test_a_script_runs_as_it_is_and_gives_its_output_and_exit_code(cli, folder):
    answer = cli("run", "hello.py")
    assert (answer.code, answer.out) == (0, "hello\n")
    assert "succeeded" in answer.err
    answer = cli("run", "fails.py")
    assert (answer.code, answer.out) == (3, "oh\n")
    assert "failed · exit code 3" in answer.err
    assert cli("run", "dies.py").code == 128 + signal.SIGSEGV


def test_arguments_behind_two_dashes_go_to_the_script(cli, folder):
    assert cli("run", "args.py", "--", "--depth", "7", "a b").out == "['--depth', '7', 'a b']\n"


def test_a_job_of_the_configuration(cli, project):
    root = project(
        """
        [jobs.train]
        command = "python train.py --depth 3"
        env = { GREETING = "hi" }
        """,
        {"train.py": "import os, sys\nprint(os.environ['GREETING'], sys.argv[1:])"},
    )
    assert cli("run", "train", folder=root).out == "hi ['--depth', '3']\n"
    answer = cli("run", "tran", folder=root)
    assert (answer.code, "did you mean 'train'?" in answer.err) == (2, True)


def test_json_is_one_document_with_stable_keys(cli, folder, snapshot):
    document = json.loads(cli("run", "metrics.py", "--json").out)
    assert sorted(document) == snapshot
    assert (document["state"], document["exit_code"], document["name"]) == ("succeeded", 0, "metrics")
    assert document["wall_seconds"] > 0
    assert document["cpu_seconds"] > 0
    assert document["peak_memory"] > 2**20
    assert document["price"] > 0
    assert shown(cli)["metrics"] == {"loss": 0.25}


def test_a_detached_job_goes_on_and_can_be_followed(cli, folder):
    job = cli("run", "hello.py", "--detach").out.strip()
    assert cli("jobs", "logs", "-f", job).out == "hello\n"
    assert shown(cli, job)["state"] == "succeeded"
    assert shown(cli, job[:10])["id"] == job


def test_a_detached_job_that_runs_is_shown_so(cli, folder):
    os.mkfifo(folder / "gate")
    (folder / "gated.py").write_text("open('gate').read()")
    job = cli("run", "gated.py", "--detach").out.strip()
    with (folder / "gate").open("w"):  # opens when the job reads
        (listed,) = json.loads(cli("jobs", "ls", "--state", "running", "--json").out)["jobs"]
        assert listed["id"] == job
        assert listed["started"] >= listed["submitted"]
        assert cli("why").out.splitlines()[2].split() == ["why", "it", "runs"]
    assert cli("jobs", "logs", "-f", job).code == 0


def test_cancel_stops_the_job_and_all_its_processes(cli, folder):
    job = cli("run", "waits.py", "--detach").out.strip()
    answer = cli("jobs", "cancel", job)
    assert (answer.code, answer.out) == (0, f"{job} cancelled\n")
    assert shown(cli, job)["reason"] == "cancelled"
    assert "had ended already" in cli("jobs", "cancel", job).err


def test_ctrl_c_cancels_the_job(cli, folder):
    process = cli.start("run", "waits.py")
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert shown(cli)["state"] == "cancelled"


def test_a_command_killed_with_its_job_running_loses_nothing(cli, folder):
    process = cli.start("run", "waits.py")
    assert process.stdout.readline() == "waiting\n"
    process.kill()
    process.communicate()
    job = shown(cli)
    assert job["state"] == "running"
    assert cli("jobs", "cancel").out == f"{job['id']} cancelled\n"


def test_limits_are_enforced_and_explained(cli, folder):
    answer = cli("run", "waits.py", "--timeout", "300ms")
    assert answer.code == 124
    assert "ran longer than its 0.3s" in answer.err
    why = cli("why")
    assert "it ran longer than its limit of 0.3s" in why.out
    assert "or --timeout 1s" in why.out
    answer = cli("run", "greedy.py", "--memory", "64MiB")
    assert answer.code == 137
    assert "out of memory" in answer.err
    assert "--memory" in cli("why").out


def test_a_memory_error_without_a_limit_is_not_explained_by_one(cli, folder):
    (folder / "refused.py").write_text("raise MemoryError")
    assert cli("run", "refused.py").code == 137
    why = cli("why").out
    assert "it got no more memory" in why
    assert "limit" not in why


def test_more_cpus_than_there_are_is_refused_before_anything_is_recorded(cli, folder):
    answer = cli("run", "hello.py", "--cpus", "9999")
    assert answer.code == 2
    assert "9999" in answer.err
    assert json.loads(cli("jobs", "ls", "--json").out)["jobs"] == []


def test_why_reads_the_log(cli, folder):
    cli("run", "module.py")
    answer = json.loads(cli("why", "--json").out)
    assert "it imports no_such_module, which is not installed" in answer["why"]
    assert "pip install no_such_module" in answer["fix"]


def test_retries_and_retry(cli, folder):
    assert cli("run", "fails.py", "--retries", "2").code == 3
    first = shown(cli)
    assert first["attempts"] == 3
    assert cli("jobs", "retry").code == 3
    again = shown(cli)
    assert again["id"] != first["id"]
    assert again["command"] == first["command"]


def test_listing(cli, folder):
    for name in ("hello.py", "fails.py", "hello.py"):
        cli("run", name)
    jobs = json.loads(cli("jobs", "ls", "--json").out)["jobs"]
    assert [job["name"] for job in jobs] == ["hello", "fails", "hello"]
    failed = json.loads(cli("jobs", "ls", "--json", "--state", "failed").out)["jobs"]
    assert [job["name"] for job in failed] == ["fails"]
    table = cli("jobs", "ls", "-n", "1").out.splitlines()
    assert len(table) == 2
    assert table[0].split() == ["ID", "NAME", "STATE", "AGE", "TIME", "PRICE", "COMMAND"]


def test_names_find_the_latest_job_and_unknown_ones_are_refused(cli, folder):
    cli("run", "hello.py")
    cli("run", "fails.py")
    assert shown(cli, "hello")["name"] == "hello"
    assert shown(cli)["name"] == "fails"
    answer = cli("jobs", "show", "helo")
    assert (answer.code, "did you mean 'hello'?" in answer.err) == (2, True)


def test_control_characters_of_a_job_cannot_reach_the_table(cli, folder):
    name = "evil\x1b[2Jname.py"
    (folder / name).write_text("print('x')")
    cli("run", name)
    for words in (["jobs", "ls"], ["jobs", "show"], ["why"]):
        assert "\x1b" not in cli(*words).out


def test_the_lab_is_closed_to_others(cli, folder):
    cli("run", "hello.py")
    lab = folder / ".stratolab"
    open_to_others = [
        p for p in [lab, *lab.rglob("*")] if not p.is_symlink() and stat.S_IMODE(p.stat().st_mode) & 0o077
    ]
    inside_closed = [p for p in open_to_others if p == lab]
    assert inside_closed == []
    assert [p.name for p in open_to_others if p.name != ".gitignore"] == []


def test_a_folder_that_cannot_be_written_is_named(cli, folder):
    (folder / ".stratolab").write_text("a file in the way")
    answer = cli("run", "hello.py")
    assert answer.code in {2, 4}
    assert ".stratolab" in answer.err
    assert "Traceback" not in answer.err


def test_doctor(cli, folder):
    answer = cli("doctor")
    assert answer.code == 0
    assert "no stratolab.toml" in answer.out
    assert json.loads(cli("doctor", "--json").out)["ok"] is True


def test_a_seed_is_recorded_and_given_to_the_job(cli, folder):
    (folder / "seed.py").write_text("import os\nprint(os.environ['STRATOLAB_SEED'])")
    assert cli("run", "seed.py", "--seed", "7").out == "7\n"
    assert shown(cli)["seed"] == 7


def test_options_may_stand_on_either_side_of_the_target_and_the_common_ones_before_the_command(
    cli, folder, tmp_path
):
    job = cli("run", "args.py", "--detach", "--", "--steps", "5").out.strip()
    assert cli("jobs", "logs", "-f", job).out == "['--steps', '5']\n"
    assert cli("-C", str(folder), "jobs", "logs", job, folder=tmp_path.parent).out == "['--steps', '5']\n"
    answer = cli("jobs", "ls", "--", "x")
    assert (answer.code, "takes nothing behind --" in answer.err) == (2, True)


def test_a_replay_runs_the_recorded_code_and_a_replay_of_it_the_same(cli, folder):
    (folder / "value.py").write_text("print('{\"loss\": 1}')")
    cli("run", "value.py")
    first = shown(cli)
    (folder / "value.py").write_text("print('{\"loss\": 2}')")
    for _ in range(2):
        answer = cli("replay", "--json")
        assert answer.code == 0, answer.err
        assert (json.loads(answer.out)["job"], json.loads(answer.out)["same"]) == (first["id"], True)
    assert ["replay", "of", first["id"]] in [line.split() for line in cli("jobs", "show").out.splitlines()]
    assert not list((folder / ".stratolab" / "replays").iterdir())


def test_retry_and_replay_in_a_copy_run_the_copys_code(cli, project):
    root = project(
        """
        [jobs.inner]
        command = "python value.py"
        folder = "deep"
        data = ["data.csv"]
        """,
        {"deep/value.py": "print('{\"loss\": 1}', len(open('data.csv').read()))", "deep/data.csv": "1,2"},
    )
    cli("run", "inner", folder=root)
    copy = root.rename(root.with_name("elsewhere"))
    (copy / "deep/value.py").write_text("print('{\"loss\": 2}')")
    assert cli("jobs", "retry", folder=copy).out == '{"loss": 2}\n'
    first = json.loads(cli("jobs", "ls", "--json", folder=copy).out)["jobs"][-1]["id"]
    answer = cli("replay", first, folder=copy)
    assert (answer.code, answer.out.splitlines()[0]) == (0, '{"loss": 1} 3')
    assert cli("jobs", "retry", folder=copy).out == '{"loss": 2}\n'  # of the replay: what it replayed


def test_a_replay_that_gives_another_value_says_so(cli, folder):
    (folder / "chance.py").write_text("import json, random\nprint(json.dumps({'loss': random.random()}))")
    cli("run", "chance.py")
    answer = cli("replay")
    assert answer.code == 1
    assert "loss differs by" in answer.out


def test_a_lab_in_an_account_is_refused_as_long_as_there_is_none(cli, project):
    root = project('[project]\nname = "x"\nlab = "acme"\n[jobs.a]\ncommand = "true"')
    answer = cli("run", "a", folder=root)
    assert (answer.code, "'acme'" in answer.err) == (2, True)


def test_the_url_of_the_store_does_not_reach_the_jobs(cli, folder):
    (folder / "env.py").write_text("import os\nprint([n for n in os.environ if n == 'STRATOLAB_STORE'])")
    assert cli("run", "env.py", env={"STRATOLAB_STORE": ""}).out == "[]\n"
