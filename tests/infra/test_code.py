"""Zips of functions: all that is needed is in them, nothing else, and they are the same each time."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile

import pytest

from stratolab.infra import code as codes

HANDLER = "stratolab.runtime.databases.setup.set_up"
"""Any function of ours will do."""


@pytest.fixture
def code():
    return codes.code("any", HANDLER, *codes.DRIVERS.values())


def test_the_same_sources_give_the_same_bytes(code):
    assert code.archive() == codes.code("any", HANDLER, *codes.DRIVERS.values()).archive()


def test_another_content_has_another_key(code):
    other = codes.Code(code.name, code.handler, {**code.sources, "stratolab/more.py": b""})
    moved = (
        codes.Code(code.name, code.handler, {"a": b"bc"}),
        codes.Code(code.name, code.handler, {"ab": b"c"}),
    )
    assert len({code.key, other.key, *(one.key for one in moved)}) == 4
    assert code.key.startswith("functions/any-")


def test_only_what_is_imported_when_it_runs_is_packed(code):
    ours = {name for name in code.sources if name.startswith("stratolab/")}
    assert "stratolab/runtime/databases/splitting.py" in ours
    assert "stratolab/core/errors.py" in ours
    assert not any(name.startswith(("stratolab/lab/", "stratolab/jobs/", "stratolab/cli/")) for name in ours)
    assert not any(name.endswith((".pyc", ".so")) for name in code.sources)


def test_libraries_bring_their_licences(code):
    licensed = {name.split("-")[0] for name in code.sources if "licen" in name.lower()}
    assert {"pg8000", "scramp", "asn1crypto", "pymysql"} <= licensed


def test_it_runs_with_nothing_else(code, tmp_path):
    """An interpreter without our environment imports the handler and both drivers from what Lambda unpacks."""
    zipfile.ZipFile(io.BytesIO(code.archive())).extractall(tmp_path)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import stratolab.runtime.databases.setup as ours, pg8000.dbapi, pymysql\n"
        "print(ours.__file__, pg8000.__version__ > '1', pymysql.__version__ > '1', callable(ours.set_up))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split()[1:] == ["True", "True", "True"]
    assert str(tmp_path) in done.stdout


def test_everybody_may_read_what_is_in_it(code):
    for entry in zipfile.ZipFile(io.BytesIO(code.archive())).infolist():
        assert entry.external_attr >> 16 == 0o644
        assert entry.date_time == (1980, 1, 1, 0, 0, 0)
