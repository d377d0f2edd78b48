"""Files that are there, files that are not, and files that no one should be made to read."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.config.examples import DESIGN, SMALLEST, SOUND

from stratolab.config.load import FINDINGS_LIMIT, check, find, from_mapping, inspect, load
from stratolab.config.models import Instances, StopConfig
from stratolab.core.errors import InputError
from stratolab.core.findings import Level

if TYPE_CHECKING:
    from collections.abc import Iterator


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "stratolab.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def told(path: Path) -> list[str]:
    return [str(finding).replace(str(path), "FILE") for finding in inspect(path)]


# --- sound files ---------------------------------------------------------------------------------


def test_the_example_of_the_design_page_is_read_as_typed_values(tmp_path: Path) -> None:
    config = load(written(tmp_path, DESIGN))
    assert (config.project.name, config.project.lab, config.project.environment) == (
        "world-series",
        "local",
        "dev",
    )
    assert config.project.requirements == "requirements.lock"
    job = config.jobs["train"]
    assert (job.command, job.cpus, job.memory, job.timeout) == ("python train.py", 1.0, 2 * 2**30, 1800.0)
    assert (job.retries, job.env, job.secrets) == (
        1,
        {"OMP_NUM_THREADS": "1"},
        {"DB_URL": "world-series/database"},
    )
    assert (job.queue, job.data, job.folder, job.seed) == ("small", (), None, None)
    sweep = config.sweeps["tune"]
    assert (sweep.job, sweep.metric, sweep.goal, sweep.trials) == ("train", "log_loss", "minimize", 60)
    assert (sweep.parallel, sweep.sampler, sweep.prune) == (2, "auto", "median")
    assert sweep.stop == StopConfig(hours=2, dollars=10, patience=30)
    assert (sweep.warm, sweep.points, sweep.fixed, sweep.seed) == (("numpy", "sklearn"), (), {}, None)
    assert list(sweep.space) == ["depth", "rate", "model", "leaves"]
    assert sweep.space["rate"].float == (0.001, 0.3)
    assert sweep.space["rate"].log
    assert sweep.space["model"].choice == ("gbm", "forest")
    assert sweep.space["leaves"].when == {"model": "gbm"}
    service = config.services["predictor"]
    assert (service.model, service.sample, service.access) == (
        "world-series@champion",
        {"year": 2015},
        ("203.0.113.0/24",),
    )
    assert service.instances == Instances(min=1, max=4, cpu_target=60)
    schedule = config.schedules["retrain"]
    assert (schedule.job, schedule.cron, schedule.timezone) == ("train", "0 6 * * MON", "Europe/Paris")


@pytest.mark.parametrize("name", SOUND)
def test_sound_files_have_no_errors(tmp_path: Path, name: str) -> None:
    assert [
        finding for finding in inspect(written(tmp_path, SOUND[name])) if finding.level is Level.ERROR
    ] == []


def test_defaults(tmp_path: Path) -> None:
    config = load(written(tmp_path, f'{SMALLEST}[jobs.a]\ncommand = "true"\n'))
    assert config.local.cpus is None
    assert config.local.store is None
    job = config.jobs["a"]
    assert (job.cpus, job.memory, job.timeout, job.retries) == (1.0, None, None, 0)
    assert (config.sweeps, config.services, config.schedules) == ({}, {}, {})


def test_values_are_frozen(tmp_path: Path) -> None:
    config = load(written(tmp_path, SMALLEST))
    with pytest.raises(ValueError, match="frozen"):
        config.project.name = "other"  # type: ignore[misc]


def test_a_folder_stands_for_its_file(tmp_path: Path) -> None:
    written(tmp_path, SMALLEST)
    assert load(tmp_path).project.name == load(str(tmp_path / "stratolab.toml")).project.name == "p"


def test_windows_line_ends_are_lines_too(tmp_path: Path) -> None:
    path = written(tmp_path, SMALLEST.replace("\n", "\r\n") + "[local]\r\ncpus = 0\r\n")
    assert [finding.line for finding in inspect(path)] == [4]


def test_warnings_are_given_and_do_not_stop(tmp_path: Path) -> None:
    checked = check(written(tmp_path, DESIGN), cpus=1)
    assert checked.config is not None
    assert [(finding.level, finding.key) for finding in checked.findings] == [
        (Level.WARNING, "jobs.train.queue"),
        (Level.WARNING, "sweeps.tune.parallel"),
    ]


def test_an_error_stops_with_all_findings(tmp_path: Path) -> None:
    path = written(tmp_path, DESIGN.replace("cpus = 1\n", "cpus = 0\n").replace("trials", "trails"))
    with pytest.raises(InputError) as caught:
        load(path)
    assert caught.value.exit_code == 2
    told = str(caught.value).splitlines()
    assert told[0] == "read the configuration: 2 problems found"
    assert [line.strip() for line in told[1:]] == [str(finding) for finding in caught.value.findings]
    assert [finding.key for finding in caught.value.findings] == [
        "jobs.train.cpus",
        "jobs.train.queue",
        "sweeps.tune.trails",
    ]


def test_the_collector_is_left_as_it_was(tmp_path: Path) -> None:
    path = written(tmp_path, SMALLEST)
    assert gc.isenabled()
    load(path)
    assert gc.isenabled()


# --- finding a file ------------------------------------------------------------------------------


def test_find_walks_up_to_the_nearest(tmp_path: Path) -> None:
    outer = written(tmp_path, SMALLEST)
    inner = tmp_path / "a" / "b"
    (inner / "c").mkdir(parents=True)
    assert find(inner / "c") == outer
    nearer = written(inner, SMALLEST)
    assert find(inner / "c") == nearer
    assert find(inner) == nearer


def test_find_gives_none_at_the_root() -> None:
    assert find(Path("/")) is None


def test_a_folder_of_that_name_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a" / "stratolab.toml").mkdir(parents=True)
    outer = written(tmp_path, SMALLEST)
    assert find(tmp_path / "a") == outer


# --- files that cannot be read -------------------------------------------------------------------


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "stratolab.toml"
    assert told(path) == ["FILE: error: there is no such file (stratolab init)"]


def test_a_folder_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path)
    assert [finding.file for finding in caught.value.findings] == [str(tmp_path / "stratolab.toml")]


def test_a_link_to_itself(tmp_path: Path) -> None:
    path = tmp_path / "stratolab.toml"
    path.symlink_to(path)
    assert told(path) == [
        "FILE: error: cannot be read: Too many levels of symbolic links (check its permissions)"
    ]


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = written(tmp_path, SMALLEST)
    load(path)  # so that everything is imported that another user could not read
    path.chmod(0o000)
    with as_nobody():
        said = told(path)
    assert said == ["FILE: error: cannot be read: Permission denied (check its permissions)"]


@contextmanager
def as_nobody() -> Iterator[None]:
    """As a user who may not read everything: root may."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_pipe_does_not_hold_us(tmp_path: Path) -> None:
    path = tmp_path / "stratolab.toml"
    os.mkfifo(path)
    assert told(path) == ["FILE: error: is no file (stratolab init)"]


def test_a_device(tmp_path: Path) -> None:
    (tmp_path / "stratolab.toml").symlink_to("/dev/zero")
    assert told(tmp_path / "stratolab.toml") == ["FILE: error: is no file (stratolab init)"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (SMALLEST.encode("utf-8-sig"), "FILE:1: error: begins with a byte order mark of UTF-8"),
        (SMALLEST.encode("utf-16"), "FILE:1: error: begins with a byte order mark of UTF-16"),
        (SMALLEST.encode() + b"# caf\xe9\n", "FILE:3: error: is not UTF-8: byte 0xe9"),
        (
            b"\x00" * 100,
            "FILE:1: error: a key holds U+0000 (a control character), which it may only in quotes",
        ),
        (b"#" * (2**20 + 1), "FILE: error: is larger than 1,024 KiB, which no configuration is"),
        (b"", "FILE: error: project: is missing"),
    ],
    ids=["a byte order mark", "UTF-16", "Latin-1", "zeros", "more than a megabyte", "an empty file"],
)
def test_content_that_is_no_text(tmp_path: Path, content: bytes, said: str) -> None:
    (line,) = told(written(tmp_path, content))
    assert line.startswith(said)


# --- files that are meant to hurt ----------------------------------------------------------------

LONG = "x" * 1_000_000


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (
            f'[jobs.a]\ncommand = "{LONG}"',
            "jobs.a.command: is a text of 1,000,000 characters; at most 10,000 are taken",
        ),
        (f'[jobs.{LONG}]\ncommand = "a"', "the name of a job has at most 40 characters, not 1,000,000"),
        (f'[jobs.a]\ncommand = "a"\n{LONG} = 1', "there is no such key"),
        (f"[local]\ncpus = 1{'0' * 5000}", "a number has too many digits"),
        (f"[local]\ncpus = 1{'0' * 4000}", "local.cpus: must be"),
        (f"[jobs.a]\ncommand = {'[' * 100_000}", "lists or tables lie too deep within one another"),
        (f"[jobs.a]\ncommand = {'{a=' * 100_000}", "lists or tables lie too deep within one another"),
        (f"{'a.' * 100_000}b = 1", "a key has more than 64 parts"),
        (f"[{'a.' * 100_000}b]", "a key has more than 64 parts"),
        (f"[jobs.a]\nenv = {{ {'a.' * 100_000}b = 1 }}", "a key has more than 64 parts"),
        (f"{'a . ' * 100_000}b = 1", "a key has more than 64 parts"),
        ("\n".join(f"[a.b{index}]" for index in range(50_000)), "a: there is no such key"),
    ],
    ids=range(12),
)
@pytest.mark.timeout(30)
def test_a_file_that_is_meant_to_hurt(tmp_path: Path, toml: str, said: str) -> None:
    found = told(written(tmp_path, SMALLEST + toml))
    assert said in "\n".join(found)
    assert all(len(line) < 500 for line in found)


def test_findings_without_end_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path, SMALLEST + "".join(f"[jobs.j{index}]\n" for index in range(5_000)))
    found = inspect(path)
    assert len(found) == FINDINGS_LIMIT + 1
    assert (found[-1].line, found[-1].message) == (103, "and 4,900 more from here on")


# --- from a program ------------------------------------------------------------------------------


def test_a_mapping_is_checked_like_a_file() -> None:
    values = {
        "project": {"name": "p", "requirements": None},
        "jobs": {"a": {"command": ("python", "a.py"), "memory": "1GiB"}},
        "sweeps": {"s": {"job": "a", "metric": "loss", "space": {"x": {"int": (1, 9)}}}},
    }
    config = from_mapping(values, "Sweep(...)")
    assert config.jobs["a"].command == ("python", "a.py")
    assert config.sweeps["s"].space["x"].int == (1, 9)


def test_what_is_wrong_with_a_mapping_names_its_origin() -> None:
    values = {"project": {"name": "p"}, "jobs": {"a": {"command": object()}}}
    with pytest.raises(InputError) as caught:
        from_mapping(values, "Sweep(...)")
    (finding,) = caught.value.findings
    assert (finding.file, finding.line, finding.key) == ("Sweep(...)", 0, "jobs.a.command")
    assert finding.message == "must be text or a list of texts, not a value of type object"


# --- what it costs -------------------------------------------------------------------------------


def test_a_broken_file_does_not_load_pydantic(tmp_path: Path) -> None:
    path = written(tmp_path, "[project\n")
    program = f"""\
        import sys
        from pathlib import Path
        from stratolab.config.load import find, inspect
        assert find(Path({str(tmp_path)!r})) == Path({str(path)!r})
        assert len(inspect({str(path)!r})) == 1
        print("pydantic" in sys.modules)
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "False\n"
