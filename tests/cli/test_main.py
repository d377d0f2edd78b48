from __future__ import annotations

import json

import pytest

from stratolab.cli import table
from stratolab.cli.main import load, main, overview, parser_of


def test_help_names_every_command_and_loads_no_page(cli, snapshot):
    answer = cli("--help")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == snapshot
    assert cli().out == answer.out


@pytest.mark.parametrize("command", table.COMMANDS, ids=lambda command: command.words.replace(" ", "-"))
def test_every_command_explains_itself_with_examples(command, snapshot, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    page = load(command)
    assert page.EXAMPLES.startswith("  ")
    assert parser_of(command, page).format_help() == snapshot


def test_the_version(cli):
    answer = cli("--version")
    assert answer.code == 0
    assert answer.out.startswith("stratolab 0.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["swep"], "did you mean 'sweep'?"),
        (["jobs", "sow"], "did you mean 'show'?"),
        (["frobnicate"], "stratolab --help"),
        (["jobs", "ls", "--jsn"], "did you mean --json?"),
        (["jobs", "ls", "--limit", "0"], "'0' is not a whole number from 1 up"),
        (["run", "x", "--memory", "2"], "write one like '512MiB' or '2GiB'"),
        (["run", "x", "--cpus", "none"], "is not a number of CPUs"),
        (["run", "x", "--env", "A"], "'A' is not NAME=value"),
        (["run", "x", "--timeout", "soon"], "is not a duration"),
        (["run", "train", "--depth", "2"], "behind --: -- --depth 2; or"),
        (["run"], "the following arguments are required: target"),
        (["jobs", "ls", "-C", "nowhere"], "cannot work in 'nowhere'"),
        (["--frob"], "unknown option --frob"),
        (["run", "nothing.py"], "neither a job of this project nor a file"),
        (["sweep", "tune"], "there is no stratolab.toml"),
        (["jobs", "show"], "there are no jobs here yet"),
        (["sweeps", "show"], "there are no sweeps here yet"),
    ],
)
def test_wrong_words_are_refused_with_the_nearest_right_ones(cli, words, said):
    answer = cli(*words)
    assert answer.code == 2
    assert answer.out == ""
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_a_noun_alone_lists_its_verbs(cli):
    answer = cli("jobs")
    assert answer.code == 2
    assert "stratolab jobs cancel" in answer.out
    assert cli("jobs", "--help").code == 0


@pytest.mark.parametrize("words", [["jobs", "ls"], ["sweeps", "ls"]])
def test_listing_an_empty_folder_makes_nothing_there(cli, tmp_path, words):
    assert cli(*words).code == 0
    assert cli(*words, "--json").out.strip().endswith("}")
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_the_traceback():
    with pytest.raises(Exception, match="unknown command"):
        main(["--debug", "frobnicate"])


def test_the_overview_fits_a_terminal():
    assert max(map(len, overview().splitlines())) <= 100


@pytest.mark.parametrize(
    ("shell", "said"), [("bash", "complete "), ("zsh", "#compdef stratolab"), ("fish", "complete --command")]
)
def test_completion_is_one_line_to_source(cli, shell, said):
    answer = cli("completion", shell)
    assert answer.code == 0
    assert said in answer.out


@pytest.fixture
def complete(cli, tmp_path):
    """What TAB offers at the end of a line."""

    def complete(line, folder=None):
        out = tmp_path / "completions"
        env = {
            "_ARGCOMPLETE": "1",
            "COMP_LINE": line,
            "COMP_POINT": str(len(line)),
            "_ARGCOMPLETE_STDOUT_FILENAME": str(out),
        }
        assert cli(env=env, folder=folder).err == ""
        return out.read_text().replace("\x0b", "\n").split()

    return complete


TUNE = """
    [jobs.train]
    command = "true"

    [sweeps.tune]
    job = "train"
    metric = "loss"
    trials = 1
    space.x = { float = [0, 1] }
"""


def test_tab_completes_names_of_the_lab_and_its_configuration(complete, cli, project):
    root = project(TUNE, {"fit.py": "print(1)"})
    assert complete("stratolab jobs show t", root) == []
    assert not (root / ".stratolab").exists()  # no lab is made by looking
    assert cli("run", "train", folder=root).code == 0
    (job,) = json.loads(cli("jobs", "ls", "--json", folder=root).out)["jobs"]
    assert {"train", job["id"]} <= set(complete("stratolab jobs show ", root))
    assert complete(f"stratolab -C {root} why {job['id'][:8]}") == [job["id"]]
    assert complete("stratolab sweep t", root) == ["tune"]
    assert {"train", "fit.py"} <= set(complete("stratolab run ", root))
    cli("sweep", "tune", folder=root)
    assert complete("stratolab sweeps show tune", root) == ["tune", "tune-1"]


def test_tab_in_a_broken_project_offers_nothing(complete, project):
    root = project(TUNE)
    (root / "stratolab.toml").write_text("[jobs")
    assert complete("stratolab sweep t", root) == []


def test_tab_completes_commands_and_flags(complete):
    assert {"sweep", "sweeps"} <= set(complete("stratolab swe"))
    assert "show" in complete("stratolab jobs s")
    assert "--state" in complete("stratolab jobs ls --st")


LAB = '[lab]\nname = "acme"\nregion = "eu-central-1"\n[budget]\nmail = ["owner@mail.example"]\n'


def test_a_check_of_the_configuration_is_of_both_files(cli, project):
    root = project(TUNE)
    alone = cli("config", "check", folder=root)
    assert (alone.code, alone.out) == (0, f"{root / 'stratolab.toml'}: nothing wrong\n")
    (root / "lab.toml").write_text(LAB)
    both = cli("config", "check", folder=root)
    assert both.code == 0, both.err
    assert both.out.splitlines()[1] == f"{root / 'lab.toml'}: nothing wrong"
    (root / "lab.toml").write_text(LAB.replace("region", "regoin"))
    wrong = cli("config", "check", folder=root)
    assert wrong.code == 2
    assert "lab.toml:3: error: lab.regoin" in wrong.err
    assert "region" in wrong.err
    found = json.loads(cli("config", "check", "--json", folder=root).out)
    assert found["ok"] is False
    assert {finding["file"] for finding in found["findings"]} == {"lab.toml"}


def test_a_check_needs_no_project_where_there_is_a_lab(cli, tmp_path):
    (tmp_path / "lab.toml").write_text(LAB)
    assert cli("config", "check", folder=tmp_path).out == f"{tmp_path / 'lab.toml'}: nothing wrong\n"
    (tmp_path / "lab.toml").unlink()
    nothing = cli("config", "check", folder=tmp_path)
    assert nothing.code == 2
    assert "stratolab init" in nothing.err
