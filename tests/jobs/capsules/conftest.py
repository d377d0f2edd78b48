"""Projects to take capsules of: a plain folder, and one in git."""

import pytest
from tests.jobs.capsules.project import Project


@pytest.fixture
def plain(tmp_path):
    """A folder without git that holds two sources."""
    project = Project(tmp_path / "work")
    project.write("train.py", "print('hello')\n")
    project.write("lib/model.py", "DEPTH = 3\n")
    return project


@pytest.fixture
def project(plain):
    """The same, committed to git on the branch main."""
    plain.git("init", "-q", "-b", "main")
    plain.write(".gitignore", ".stratolab/\n")
    plain.commit()
    return plain
