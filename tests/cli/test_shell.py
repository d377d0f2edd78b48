"""shell: credentials of hours in the environment of what is started, and nowhere else."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path

import pexpect
import pytest
from tests.emulator.control import ACCOUNT, REGION
from tests.emulator.people import allow, device_of, totp, user
from tests.emulator.types import trust

LAB = f'[lab]\nname = "acme"\nregion = "{REGION}"\nprofile = "lab"\n'
GUARD = {
    "Effect": "Deny",
    "NotAction": ["sts:GetSessionToken", "iam:*MFA*"],
    "Resource": "*",
    "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
}
VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "STRATOLAB_SHELL",
    "AWS_PROFILE",
)
TELL = f"import json, os; print(json.dumps({{n: os.environ.get(n) for n in {VARIABLES}}}))"
WHO = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
CALL = f"{WHO}; print(boto3.client('iam').list_users()['IsTruncated'])"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "lab.toml").write_text(LAB)
    return tmp_path


@pytest.fixture
def ana(guarded_emulator, monkeypatch):
    """A user with a key and a second factor, who may do nothing without it; gives a maker of codes."""
    key = user(guarded_emulator, "ana", allow("*"), GUARD)
    _, seed = device_of(guarded_emulator, "ana")
    as_(monkeypatch, key)
    return lambda: totp(seed, 1)


def as_(monkeypatch, key):
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    for name, value in zip(names, key, strict=False):
        monkeypatch.setenv(name, value)


class Terminal:
    """`stratolab shell ...` on a terminal, its standard output in a file unless it is a shell."""

    def __init__(self, folder: Path, *words: str, out: bool = True, **env: str) -> None:
        self.out = folder / "out"
        line = f"exec {shlex.join([sys.executable, '-m', 'stratolab', 'shell', *words])}"
        line += f" > {shlex.quote(str(self.out))}" if out else ""
        self.process = pexpect.spawn(
            "/bin/sh", ["-c", line], cwd=str(folder), timeout=60, encoding="utf-8",
            env={**os.environ, "NO_COLOR": "1", "TERM": "dumb", **env},
        )  # fmt: skip

    def answer(self, code: str) -> None:
        self.process.expect("code of the second factor ana: ")
        self.process.sendline(code)

    def end(self) -> tuple[int, str]:
        """The exit code (minus the signal's number), and what the terminal showed."""
        self.process.expect(pexpect.EOF)
        shown = self.process.before or ""
        self.process.close()
        return (
            self.process.exitstatus if self.process.exitstatus is not None else -self.process.signalstatus,
            shown,
        )


def python(program: str) -> list[str]:
    return ["--", sys.executable, "-c", program]


def test_a_command_runs_with_a_session_that_the_second_factor_opened(folder, ana):
    began = Terminal(folder, *python(CALL))
    began.answer(code := ana())
    end, shown = began.end()
    assert end == 0, shown
    assert began.out.read_text() == f"arn:aws:iam::{ACCOUNT}:user/ana\nFalse\n"
    assert code not in shown


def test_the_credentials_are_in_the_environment_of_the_command_and_nowhere_else(folder, ana, home):
    began = Terminal(folder, *python(TELL + "; input()"))
    began.answer(ana())
    while not began.out.exists() or not began.out.read_text().endswith("\n"):
        pass_a_moment(began)
    found = json.loads(began.out.read_text())
    assert found["STRATOLAB_SHELL"] == "acme"
    assert found["AWS_ACCESS_KEY_ID"] != os.environ["AWS_ACCESS_KEY_ID"]
    secrets = [found["AWS_SECRET_ACCESS_KEY"], found["AWS_SESSION_TOKEN"]]
    lines = b"".join(path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if readable(path))
    began.process.sendline("")
    end, shown = began.end()
    assert end == 0
    files = [
        path for root in (folder, home) for path in root.rglob("*") if path.is_file() and path != began.out
    ]
    kept = lines + shown.encode() + b"".join(path.read_bytes() for path in files)
    assert not [secret for secret in secrets if secret.encode() in kept]


def readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:  # it ended meanwhile
        return False
    return True


def pass_a_moment(began: Terminal) -> None:
    """Wait until the terminal shows something, or a tenth of a second."""
    assert began.process.isalive()
    began.process.expect([pexpect.TIMEOUT, "\n"], timeout=0.1)


@pytest.mark.parametrize(
    ("program", "end"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", -9)]
)
def test_how_the_command_ends_is_how_it_ends(folder, ana, program, end):
    began = Terminal(folder, *python(program))
    began.answer(ana())
    assert began.end()[0] == end


def test_a_shell_shows_the_lab_and_the_time_before_ones_own_prompt(folder, ana, home):
    (home / ".bashrc").write_text("PS1='mine> '\nMINE=read\n")
    began = Terminal(folder, out=False, SHELL="/bin/bash")
    began.answer(ana())
    began.process.expect(r"ana in account \d+ until \d\d:\d\d; exit ends it")
    began.process.expect(r"\(acme until \d\d:\d\d\) mine> ")
    began.process.sendline("echo $MINE-$STRATOLAB_SHELL")
    began.process.expect("\nread-acme")
    began.process.sendline(f"{sys.executable} -m stratolab shell -- true; echo code $?")
    began.process.expect("this is a shell of the lab acme already")
    began.process.expect("code 3")
    began.process.sendline("exit 5")
    assert began.end()[0] == 5


@pytest.mark.parametrize(
    ("typed", "said"), [("000000", "AWS does not take this code"), ("12345", "a code has 6 digits")]
)
def test_a_wrong_code_is_said_and_nothing_is_started(folder, ana, typed, said):
    began = Terminal(folder, *python("print('started')"))
    began.answer(typed)
    end, shown = began.end()
    assert end == 2
    assert said in shown
    assert began.out.read_text() == ""


def test_a_role_is_taken_on_with_the_second_factor(folder, ana, guarded_emulator):
    iam = guarded_emulator.client("iam")
    document = trust("ec2")
    (statement,) = document["Statement"]
    statement["Principal"] = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ana"}
    statement["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    iam.create_role(RoleName="auditor", AssumeRolePolicyDocument=json.dumps(document))
    began = Terminal(folder, "--role", "auditor", *python(WHO))
    began.answer(ana())
    end, shown = began.end()
    assert end == 0, shown
    assert began.out.read_text() == f"arn:aws:sts::{ACCOUNT}:assumed-role/auditor/ana\n"


def test_where_nobody_can_be_asked_it_says_so(cli, folder, ana):
    answer = cli("shell", "--", "true", folder=folder)
    assert (answer.code, answer.out) == (3, "")
    assert "aws login" in answer.err


def test_without_a_second_factor_it_says_how_to_get_one(cli, folder, guarded_emulator, monkeypatch):
    as_(monkeypatch, user(guarded_emulator, "ben", allow("*")))
    answer = cli("shell", "--", "true", folder=folder)
    assert (answer.code, answer.out) == (3, "")
    assert "ben has no second factor" in answer.err
    assert "Assign MFA device" in answer.err


def test_root_gets_no_shell(cli, folder, guarded_emulator):
    answer = cli("shell", "--", "true", folder=folder)
    assert answer.code == 3
    assert "root user" in answer.err


def test_a_session_that_is_there_is_handed_on_unasked(cli, folder, ana, guarded_emulator, monkeypatch):
    session = guarded_emulator.client("sts").assume_role  # made by root: only its kind matters here
    iam = guarded_emulator.client("iam")
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(document))
    made = session(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/worker", RoleSessionName="mia")["Credentials"]
    as_(monkeypatch, (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]))
    answer = cli("shell", *python(TELL), folder=folder)
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert found["AWS_SESSION_TOKEN"] == made["SessionToken"]
    longer = cli("shell", "--role", "worker", "--duration", "2h", "--", "true", folder=folder)
    assert longer.code == 2
    assert "from 15 minutes to 1 h" in longer.err


@pytest.mark.parametrize("duration", ["5m", "40h"])
def test_a_time_that_no_session_lasts_is_refused_before_anybody_is_asked(cli, folder, ana, duration):
    answer = cli("shell", "--duration", duration, "--", "true", folder=folder)
    assert answer.code == 2
    assert "from 15 minutes to 36 h" in answer.err


def test_another_factor_than_there_is_and_a_command_that_is_not(cli, folder, ana):
    answer = cli("shell", "--factor", "phone", "--", "true", folder=folder)
    assert answer.code == 2
    assert "--factor ana" in answer.err
    began = Terminal(folder, "--", "no-such-program")
    began.answer(ana())
    end, shown = began.end()
    assert end == 2
    assert "cannot start 'no-such-program'" in shown
