from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from stratolab.core.errors import InputError
from stratolab.tables.address import Address
from stratolab.tables.local import LocalDatabases
from stratolab.tables.opening import open_connection
from stratolab.tables.protocol import DEFAULT

WORD = "hunter-22"


def databases(lab_folder, **tables):
    secrets = {"db": f"postgresql://ana:{WORD}@db.example/lab", "word": WORD}
    return LocalDatabases(lab_folder, lab_folder.parent, tables, secrets.__getitem__)


def test_without_a_word_it_is_a_file_of_the_lab(lab_folder):
    found = databases(lab_folder).address()
    assert found == Address("sqlite", str(lab_folder / "databases" / "default.db"))
    assert found.local


def test_the_file_is_its_owners_whatever_the_umask(lab_folder):
    before = os.umask(0)
    try:
        with open_connection(databases(lab_folder).address()) as connection:
            connection.execute("CREATE TABLE a (b)")
            found = list((lab_folder / "databases").iterdir())
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in found}
    finally:
        os.umask(before)
    assert set(modes.values()) == {0o600}
    assert {"default.db", "default.db-wal"} <= set(modes)
    assert stat.S_IMODE((lab_folder / "databases").stat().st_mode) == 0o700


def test_asking_again_does_not_let_go_of_locks(lab_folder):
    """A descriptor of the file that is closed takes this process's locks on it away (POSIX)."""
    known = databases(lab_folder)
    with open_connection(known.address()) as connection:
        connection.execute("CREATE TABLE a (b)")
        before = locks_of(known.address().database)
        assert before
        known.address()
        assert locks_of(known.address().database) == before


def locks_of(path):
    number = f":{Path(path).stat().st_ino}"
    lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    return [line.split()[1:] for line in lines if line.split()[5].endswith(number)]


def test_what_the_configuration_says(lab_folder):
    known = databases(
        lab_folder,
        default={"url": "postgresql://ana@db.example/lab", "secret": "word"},
        whole={"secret": "db"},
        scratch={},
        relative={"url": "sqlite:///games.db"},
        absolute={"url": "sqlite:////var/games.db"},
    )
    server = Address("postgresql", "lab", "db.example", None, "ana", WORD)
    assert known.address(DEFAULT) == known.address("whole") == server
    assert known.address("scratch") == Address("sqlite", str(lab_folder / "databases" / "scratch.db"))
    assert known.address("relative") == Address("sqlite", str(lab_folder.parent / "games.db"))
    assert known.address("absolute") == Address("sqlite", "/var/games.db")


def test_a_name_that_is_not_known(lab_folder):
    with pytest.raises(InputError, match="'scratsh'") as caught:
        databases(lab_folder, scratch={}).address("scratsh")
    assert caught.value.hint == "did you mean 'scratch'?"
    assert not (lab_folder / "databases").exists()
