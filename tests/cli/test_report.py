from __future__ import annotations

import json
import os
import stat

import pytest

TRAIN = """\
import json, sys
flags = dict(zip(sys.argv[1::2], sys.argv[2::2]))
for step in range(3):
    print(json.dumps({"loss": (float(flags["--x"]) - 0.3) ** 2 + 1 / (step + 1), "step": step}))
"""
CONFIG = """
[jobs.train]
command = "python train.py"

[sweeps.tune]
job = "train"
metric = "loss"
trials = 4
parallel = 2
seed = 1
[sweeps.tune.space]
x = { float = [0.0, 1.0] }
"""


@pytest.fixture
def root(project, cli):
    root = project(CONFIG, {"train.py": TRAIN})
    assert cli("sweep", "tune", folder=root).code == 0
    return root


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_report_is_written_into_the_lab_for_its_owner_alone(cli, root):
    before = os.umask(0)
    try:
        answer = cli("sweeps", "report", folder=root)
    finally:
        os.umask(before)
    path = root / ".stratolab" / "reports" / "tune-1.html"
    assert (answer.code, answer.out) == (0, f"{path}\n"), answer.err
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    text = path.read_text()
    assert text.startswith("<!DOCTYPE html>")
    for word in (
        "all 4 trials have ended",
        "Learning curves",
        "Timeline",
        "AWS Fargate list prices",
        "--x 0.",
    ):
        assert word in text
    assert str(root) not in text


def test_the_same_sweep_gives_the_same_bytes_and_nothing_is_left_beside_the_file(cli, root):
    for name in ("one.html", "two.html", "two.html"):
        assert cli("sweeps", "report", "tune-1", "-o", name, folder=root, env={"TZ": "Asia/Tokyo"}).code == 0
    assert (root / "one.html").read_bytes() == (root / "two.html").read_bytes()
    assert mode(root / "two.html") == 0o600
    assert not list(root.glob(".report-*"))


def test_json_names_the_sweep_and_the_file(cli, root):
    answer = cli("sweeps", "report", "tune", "-o", "r.html", "--json", folder=root)
    assert json.loads(answer.out) == {"sweep": "tune-1", "path": "r.html"}


@pytest.mark.parametrize("place", ["nowhere/r.html", ".", "/dev/null"])
def test_a_place_that_takes_no_file_is_refused(cli, root, place):
    answer = cli("sweeps", "report", "-o", place, folder=root)
    assert (answer.code, answer.out) == (2, "")
    assert place in answer.err


def test_a_lab_that_cannot_take_it_is_told_plainly(cli, root):
    (root / ".stratolab" / "reports").write_text("in the way")
    answer = cli("sweeps", "report", folder=root)
    assert (answer.code, answer.out) == (2, "")
    assert "cannot write" in answer.err


def test_a_report_replaces_what_a_link_points_to(cli, root):
    (root / "real.html").write_text("old")
    (root / "link.html").symlink_to("real.html")
    assert cli("sweeps", "report", "-o", "link.html", folder=root).code == 0
    assert (root / "link.html").is_symlink()
    assert (root / "real.html").read_text().startswith("<!DOCTYPE html>")


def test_a_sweep_that_is_not_there_is_refused(cli, root):
    answer = cli("sweeps", "report", "tuna", folder=root)
    assert answer.code == 2
    assert "tune" in answer.err
