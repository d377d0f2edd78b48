"""What is copied, what is left out, and that no secret ever reaches the store."""

import os
import zlib

import pytest
from tests.jobs.capsules.project import tree

from stratolab.jobs import capsule
from stratolab.jobs.capsules import sources
from stratolab.jobs.capsules.git import clean_url

CANARY = "canary-7f3a-do-not-copy"
MIB = 2**20


def everything_in(store) -> bytes:
    """All that the store holds, unpacked."""
    objects = [
        zlib.decompress(path.read_bytes()) for path in (store / "objects").rglob("*") if path.is_file()
    ]
    others = [path.read_bytes() for path in store.rglob("*.json")]
    return b"\n".join(objects + others)


def test_a_large_file_is_named_with_a_sample(project):
    project.write("weights.bin", b"w" * (6 * MIB))
    first = project.take()
    assert first.copied == {}
    left = first.left_out["weights.bin"]
    assert (left.reason, left.size) == ("6MiB, over 5MiB", 6 * MIB)
    assert project.take().left_out["weights.bin"].sample == left.sample
    with (project.folder / "weights.bin").open("r+b") as file:
        file.seek(3 * MIB)
        file.write(b"x")
    assert project.take().left_out["weights.bin"].sample != left.sample


def test_a_large_change_to_a_tracked_file_is_left_out_of_the_diff(project, tmp_path):
    project.write("weights.bin", b"old")
    project.commit()
    project.write("weights.bin", os.urandom(6 * MIB))
    project.write("train.py", "changed\n")
    taken = project.take()
    assert "over 5MiB" in taken.left_out["weights.bin"].reason
    capsule.restore(taken, project.store, tmp_path / "restored")
    back = tree(tmp_path / "restored")
    assert back["train.py"] == ("file", b"changed\n")
    assert back["weights.bin"] == ("file", b"old")  # as committed, and the capsule says so


def test_code_comes_first_when_there_is_too_much(plain):
    for number in range(12):
        plain.write(f"a{number:02}.csv", b"x" * (5 * MIB))
    plain.write("z.py", b"#" * MIB)
    taken = plain.take()
    assert {"train.py", "lib/model.py", "z.py"} <= set(taken.copied)
    assert len(taken.copied) == 3 + 9
    assert {left.reason for left in taken.left_out.values()} == {"over 50MiB in all"}


def test_what_jobs_write_by_the_thousand_is_not_copied(project):
    for number in range(sources.OTHER_LIMIT + 3):
        project.write(f"out/{number:04}.json", "{}")
    project.write("z.py")
    taken = project.take()
    assert len(taken.copied) == sources.OTHER_LIMIT + 1
    assert "z.py" in taken.copied
    assert {left.reason for left in taken.left_out.values()} == {"over 500 files"}


def test_of_very_many_left_out_files_some_are_named(project):
    for number in range(sources.NAMED_LIMIT + 20):
        (project.folder / f"{number:04}.env").touch()
    left = project.take().left_out
    assert len(left) == sources.NAMED_LIMIT + 1
    assert left["..."].reason == "and 20 more files"


def test_secrets_are_never_copied(project, tmp_path):
    project.write(".env", "KEY=old\n")
    project.write("deploy/server.pem", "old\n")
    project.commit("with secrets, by mistake")
    secrets = [
        ".env", "deploy/server.pem", ".env.local", "id_rsa", ".ssh-keys/id_ed25519", "credentials",
        "gcp/credentials.json",
        ".npmrc", ".pypirc", ".netrc", "secrets.toml", ".streamlit/secrets.toml", "ca.key", "service-account-prod.json",
        "infra/terraform.tfstate", ".git-credentials", "prod.env", "my-credentials.json",
    ]  # fmt: skip
    for name in secrets:
        project.write(name, f"{CANARY}\n")
    project.write("train.py", "changed\n")
    project.write(".env.example", "KEY=\n")
    project.write("id_rsa.pub", "public\n")
    taken = project.take()
    assert set(taken.left_out) == set(secrets)
    assert {left.reason for left in taken.left_out.values()} == {"it may hold a secret"}
    assert set(taken.copied) == {".env.example", "id_rsa.pub"}
    assert CANARY.encode() not in everything_in(project.store)
    capsule.restore(taken, project.store, tmp_path / "restored")
    assert CANARY.encode() not in b"".join(content for _, content in tree(tmp_path / "restored").values())


@pytest.mark.parametrize("where", ["plain", "uncommitted"])
def test_secrets_are_never_copied_without_a_commit_either(plain, where):
    if where == "uncommitted":
        plain.git("init", "-q")
    plain.write(".env", CANARY)
    plain.write(".aws/config", CANARY)
    taken = plain.take()
    assert ".env" not in taken.copied
    assert CANARY.encode() not in everything_in(plain.store)


@pytest.mark.parametrize(
    ("url", "written"),
    [
        (f"https://ana:{CANARY}@example.com/ana/work.git", "https://example.com/ana/work.git"),
        (f"https://{CANARY}@example.com:8443/work", "https://example.com:8443/work"),
        (f"https://example.com/work.git?token={CANARY}", "https://example.com/work.git"),
        (f"ssh://git:{CANARY}@example.com/work.git", "ssh://git@example.com/work.git"),
        ("git@example.com:ana/work.git", "git@example.com:ana/work.git"),
    ],
)
def test_the_remote_is_written_without_credentials(project, url, written):
    project.git("remote", "add", "origin", url)
    assert project.take().remote == written == clean_url(url)
    assert CANARY.encode() not in everything_in(project.store)


def test_the_remote_is_the_branchs_own(project):
    project.git("remote", "add", "origin", "https://example.com/origin.git")
    project.git("remote", "add", "fork", "https://example.com/fork.git")
    assert project.take().remote == "https://example.com/origin.git"
    project.git("config", "branch.main.remote", "fork")
    assert project.take().remote == "https://example.com/fork.git"


def test_an_unreadable_file_is_named(project):
    if os.geteuid() == 0:
        # For root everything is readable; a name that is gone when it is read takes the other way out.
        (project.folder / "gone.py").symlink_to("nowhere.py")
        assert "gone.py" in project.take().left_out
        return
    project.write("closed.txt").chmod(0)
    assert "cannot be read" in project.take().left_out["closed.txt"].reason


@pytest.mark.parametrize(
    "name", ["train.py", "a/b.ipynb", "Makefile", "x.R", "requirements.txt", "pyproject.toml"]
)
def test_these_are_code(name):
    assert sources.is_code(name)


@pytest.mark.parametrize("name", ["out.json", "plot.png", "model.pkl", "mlruns.yaml", "teams.csv", "python"])
def test_these_may_be_written_by_a_job(name):
    assert not sources.is_code(name)


@pytest.mark.parametrize(
    "name", ["token.py", "secretary.py", "tokenizer.json", "environment.yml", "keys.py", "monkey"]
)
def test_these_are_no_secrets(name):
    assert not sources.is_secret(name)
