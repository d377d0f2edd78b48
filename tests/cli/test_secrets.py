from __future__ import annotations

import json
import os
import sys
import textwrap

import pexpect
import pytest

WORD = "hunter-22"


@pytest.fixture
def kept(cli):
    assert cli("secrets", "set", "p/db", typed="first").code == 0
    assert cli("secrets", "set", "p/db", typed=f'{{"password": "{WORD}", "user": "ana"}}\n').code == 0
    return cli


def terminal(tmp_path, *words):
    return pexpect.spawn(
        sys.executable, ["-m", "stratolab", *words], cwd=str(tmp_path), timeout=30, encoding="utf-8",
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip


def test_a_value_goes_in_by_a_pipe_and_out_by_a_pipe(cli):
    answer = cli("secrets", "set", "p/db", typed=f"{WORD}\n")
    assert (answer.code, answer.out) == (0, "")
    assert WORD not in answer.err
    assert 'secrets = { NAME = "p/db" }' in answer.err
    assert cli("secrets", "get", "p/db").out == WORD
    cli("secrets", "set", "two", typed="a\nb\n\n")
    assert cli("secrets", "get", "two").out == "a\nb\n"
    cli("secrets", "set", "windows", typed="a\r\n")
    assert cli("secrets", "get", "windows").out == "a"


def test_on_a_terminal_it_is_asked_for_and_never_shown(tmp_path):
    asked = terminal(tmp_path, "secrets", "set", "p/db")
    asked.expect("value of p/db: ")
    asked.sendline(WORD)
    asked.expect(pexpect.EOF)
    assert WORD not in asked.before
    shown = terminal(tmp_path, "secrets", "get", "p/db")
    shown.expect(pexpect.EOF)
    assert WORD not in shown.before
    assert "AWSCURRENT" in shown.before
    asked_for = terminal(tmp_path, "secrets", "get", "p/db", "--show")
    asked_for.expect(pexpect.EOF)
    assert asked_for.before.strip() == WORD
    for process in (asked, shown, asked_for):
        process.close()


def test_the_value_is_never_an_argument(cli):
    answer = cli("secrets", "set", "p/db", WORD)
    assert (answer.code, "unrecognized arguments" in answer.err) == (2, True)


@pytest.mark.parametrize(
    ("typed", "told"), [("", "is empty"), ("\n", "is empty"), ("a\0b", "NUL"), ("x" * 65_537, "65,537")]
)
def test_values_that_are_not_kept(cli, typed, told):
    answer = cli("secrets", "set", "p/db", typed=typed)
    assert (answer.code, told in answer.err) == (2, True)
    assert cli("secrets", "ls", "--json").out.count("p/db") == 0


def test_a_value_given_as_a_name_is_not_repeated(cli):
    token = "gh" + "p_" + "a1B2" * 9
    answer = cli("secrets", "set", token, typed="x")
    assert answer.code == 2
    assert token not in answer.err


def test_one_key_and_the_value_before(kept):
    assert kept("secrets", "get", "p/db:password").out == WORD
    assert kept("secrets", "get", "p/db", "--previous").out == "first"
    answer = kept("secrets", "get", "p/db:passwort")
    assert (answer.code, answer.out) == (2, "")
    assert "its keys: password, user" in answer.err
    assert WORD not in answer.err


def test_json(kept):
    document = json.loads(kept("secrets", "get", "p/db:user", "--json").out)
    assert (document["value"], document["stage"]) == ("ana", "AWSCURRENT")
    listed = json.loads(kept("secrets", "ls", "--json").out)
    assert [[one["stages"] for one in secret["versions"]] for secret in listed["secrets"]] == [
        [["AWSCURRENT"], ["AWSPREVIOUS"]]
    ]
    assert WORD not in json.dumps(listed)
    made = json.loads(kept("secrets", "set", "other", "--json", typed="x").out)
    assert sorted(made) == ["created", "name", "size", "version"]
    assert json.loads(kept("secrets", "rm", "other", "--json").out) == {"removed": ["other"]}


def test_listed_by_name_with_their_age(kept):
    kept("secrets", "set", "a/b", typed="x")
    lines = kept("secrets", "ls").out.splitlines()
    assert [line.split()[0] for line in lines] == ["NAME", "a/b", "p/db"]
    assert [line.split()[0] for line in kept("secrets", "ls", "p/").out.splitlines()] == ["NAME", "p/db"]
    assert "no such secret" in kept("secrets", "ls", "x").err


def test_without_any(cli):
    assert "stratolab secrets set NAME" in cli("secrets", "ls").err
    answer = cli("secrets", "get", "p/db")
    assert (answer.code, "stratolab secrets set p/db" in answer.err) == (2, True)
    assert not (cli.folder / ".stratolab").exists()


def test_all_named_are_removed_or_none(kept):
    answer = kept("secrets", "rm", "p/db", "p/dv")
    assert (answer.code, "did you mean 'p/db'?" in answer.err) == (2, True)
    assert kept("secrets", "get", "p/db:user").out == "ana"
    assert kept("secrets", "rm", "p/db").code == 0
    assert kept("secrets", "get", "p/db").code == 2


def test_a_damaged_store_is_refused(kept):
    (kept.folder / ".stratolab" / "secrets.json").write_text('{"broken')
    answer = kept("secrets", "ls")
    assert (answer.code, "damaged" in answer.err) == (3, True)


# -- jobs --------------------------------------------------------------------------------------------

CONFIG = """
    [jobs.show]
    command = "python show.py"
    secrets = { TOKEN = "p/db:password", WHOLE = "p/db" }
    """
SHOW = {"show.py": "import os\nprint('token', os.environ['TOKEN'])\nprint(os.environ['WHOLE'], flush=True)\n"}


def test_a_job_without_its_secret_is_not_recorded(cli, project):
    root = project(CONFIG, SHOW)
    answer = cli("run", "show", folder=root)
    assert answer.code == 2
    assert "there is no secret 'p/db' in this lab (wanted for TOKEN, WHOLE)" in answer.err
    assert "stratolab secrets set p/db" in answer.err
    assert cli("jobs", "ls", "--json", folder=root).out.count('"id"') == 0


def test_what_a_job_prints_of_its_secrets_is_masked(cli, project):
    root = project(CONFIG, SHOW)
    cli("secrets", "set", "p/db", typed=f'{{"password": "{WORD}"}}', folder=root)
    for words in (["run", "show"], ["jobs", "logs"], ["jobs", "logs", "-f"], ["jobs", "retry"], ["replay"]):
        answer = cli(*words, folder=root)
        assert answer.code == 0, answer.err
        assert answer.out.startswith("token ***\n***\n")
        assert WORD not in answer.out + answer.err
    (root / "show.py").write_text(f"{SHOW['show.py']}raise SystemExit(3)")
    cli("run", "show", folder=root)
    for words in (["why"], ["why", "--json"]):
        answer = cli(*words, folder=root)
        assert "token ***" in answer.out
        assert WORD not in answer.out


def test_what_a_trial_said_last_of_its_secrets_is_not_in_its_reason(cli, project):
    script = "import os, sys\nprint('token', os.environ['TOKEN'])\nsys.exit(3 if '--x 1' in ' '.join(sys.argv) else 0)"
    table = '[sweeps.s]\njob = "show"\nmetric = "loss"\ntrials = 2\nspace = { x = { choice = [1, 2] } }\n'
    root = project(textwrap.dedent(CONFIG) + table, {"show.py": script})
    cli("secrets", "set", "p/db", typed=f'{{"password": "{WORD}"}}', folder=root)
    answer = cli("sweep", folder=root)
    assert WORD not in answer.out + answer.err
    shown = cli("sweeps", "show", folder=root).out
    assert "exit code 3: token ***" in shown
    assert "it reported nothing: 'token ***' is no report" in shown
    assert not [path for path in (root / ".stratolab").glob("*.db*") if WORD.encode() in path.read_bytes()]


def test_a_new_value_is_what_the_next_job_gets_and_the_old_one_stays_masked(cli, project):
    root = project(
        CONFIG, {"show.py": "import os\nprint(os.environ['TOKEN'])\nprint(len(os.environ['TOKEN']))"}
    )
    cli("secrets", "set", "p/db", typed=f'{{"password": "{WORD}"}}', folder=root)
    first = cli("run", "show", "--detach", folder=root).out.strip()
    cli("jobs", "logs", "-f", first, folder=root)
    cli("secrets", "set", "p/db", typed='{"password": "a-new-and-longer-one"}', folder=root)
    assert cli("run", "show", folder=root).out == "***\n20\n"
    assert cli("jobs", "logs", first, folder=root).out == f"***\n{len(WORD)}\n"
