"""The documentation is held against the code: what it has a reader type, write or look for is there.

What is generated from the code (`docs/reference`) is held equal elsewhere (`tests/cli/test_reference.py`). Each way
of reading is also tried on a text that is wrong, so that none of these tests passes because it sees nothing.
"""

from __future__ import annotations

import ast
import itertools
import re
import shlex
import subprocess
import tomllib

import pytest
from tests.docs import reading

import stratolab
from stratolab.cli import main, modelshow, show, sweepshow, table
from stratolab.config import fields, models
from stratolab.config.labs.load import lab_from_mapping
from stratolab.config.labs.models import LabConfig
from stratolab.config.load import from_mapping
from stratolab.core import errors
from stratolab.core.errors import InputError
from stratolab.jobs.engines.local import OF_A_JOB
from stratolab.jobs.models import Job, JobState, Reason, Resources
from stratolab.models.models import Opening, Version
from stratolab.sweeps.models import Sweep, SweepState, Trial, TrialState
from stratolab.sweeps.prune import PRUNERS

PAGES = reading.pages()
GUIDES = {page: text for page, text in PAGES.items() if page == "README.md" or page.startswith("docs/")}
README_LINES = 120


def found_in(read, pages=PAGES):
    return [
        pytest.param(piece, id=f"{piece.page}:{piece.line}")
        for page, text in pages.items()
        for piece in read(text, page=page)
    ]


def page(name):
    return PAGES[f"docs/how-to/{name}.md"]


# -- links ----------------------------------------------------------------------------------------


def test_every_link_leads_somewhere():
    dead_links = reading.link_checker().dead_links
    assert [finding for name in PAGES for finding in dead_links(reading.ROOT / name)] == []


def test_every_page_is_reached_from_the_index_or_the_readme():
    text = PAGES["docs/index.md"] + PAGES["README.md"].replace("](docs/", "](")
    reached = {f"docs/{link}" for link in re.findall(r"\]\(([\w/-]+\.md)", text)}
    assert {name for name in PAGES if name.startswith("docs/")} - {"docs/index.md"} <= reached


def test_the_readme_is_short():
    assert len(PAGES["README.md"].splitlines()) <= README_LINES


# -- commands -------------------------------------------------------------------------------------


def parsed(line):
    """What the real parser makes of a command line; None for one that only names a command."""
    words = shlex.split(line)[1:]
    command, count = table.find(words)
    if command is None:
        assert main._without_command(words) == 0
        return None
    if len(words) == count:
        return None
    return main.parser_of(command, main.load(command)).parse_args(words[count:])


@pytest.mark.parametrize("piece", found_in(reading.command_lines))
def test_every_command_line_is_one_that_stratolab_takes(piece):
    parsed(piece.text)


@pytest.mark.parametrize(
    ("typed", "calls"),
    [
        ("stratolab sweep tune  # comment", ["stratolab sweep tune"]),
        ("A=1 ../bin/stratolab jobs ls --json | jq '.jobs | x' > out.json", ["stratolab jobs ls --json"]),
        (
            "python train.py $(stratolab sweeps best --flags) && stratolab why",
            ["stratolab sweeps best --flags", "stratolab why"],
        ),
        ('eval "$(stratolab completion bash)"         into ~/.bashrc', ["stratolab completion bash"]),
        ("echo stratolab sweep", []),
    ],
)
def test_command_lines_are_read_as_a_shell_would(typed, calls):
    found = [piece.text for piece in reading.command_lines(f"```sh\n{typed}\n```\n")]
    assert found == calls
    assert [piece.text for piece in reading.command_lines(f"```console\noutput\n$ {typed}\n```\n")] == calls


@pytest.mark.parametrize("line", ["stratolab swep", "stratolab jobs ls --jsn", "stratolab sweep a b"])
def test_a_wrong_command_line_is_seen(line):
    (piece,) = reading.command_lines(f"so type `{line}` now")
    with pytest.raises(InputError):
        parsed(piece.text)


def test_every_command_is_in_the_reference():
    headings = re.findall(r"^### stratolab (.+)$", PAGES["docs/reference/commands.md"], re.MULTILINE)
    assert sorted(headings) == sorted(command.words for command in table.COMMANDS)


def test_every_word_of_make_is_one():
    makefile = (reading.ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {
        word
        for text in PAGES.values()
        for span in reading.spans(text)
        for word in re.findall(r"^make ([a-z]+)", span.text)
    }
    assert named >= {"demo", "test"}
    assert named <= known


# -- configuration --------------------------------------------------------------------------------

DEFAULTS = {
    "jobs": {"command": "python train.py"},
    "sweeps": {"job": "train", "metric": "loss"},
    "services": {"model": "name@alias"},
    "schedules": {"job": "train", "cron": "0 6 * * MON"},
}
SPACE = {"space": {"depth": {"int": [2, 12]}}}
POINTS = {"points": [{"depth": 2}]}


def completed(given):
    """A part of a `stratolab.toml` as a whole one: what every table must have is put in where it is missing."""
    whole = {"project": {"name": "sample"}, "jobs": {"train": {}}, **given}
    whole["jobs"] = {"train": {}, **whole["jobs"]}
    for kind, needed in DEFAULTS.items():
        tables = whole.get(kind, {}).items()
        whole[kind] = {_named(name): {**needed, **_named_table(table_)} for name, table_ in tables}
    whole["databases"] = {_named(name): table_ for name, table_ in whole.get("databases", {}).items()}
    for sweep in whole["sweeps"].values():
        if not {"space", "points"} & set(sweep):
            sweep.update(POINTS if sweep.get("sampler") == "list" else SPACE)
        sweep.setdefault("trials", max(2, sweep.get("parallel", 1)))
    return whole


def _named(name):
    return "name" if name == "NAME" else name  # the reference's place-holder


def _named_table(given):
    return {key: value for key, value in given.items() if not isinstance(value, dict) or value}


@pytest.mark.parametrize("piece", found_in(lambda text, page: reading.blocks(text, "toml", page=page)))
def test_every_configuration_loads(piece):
    raw = tomllib.loads(piece.text)
    if set(raw) <= set(LabConfig.model_fields):
        lab_from_mapping(completed_lab(raw), str(piece))
    else:
        from_mapping(completed(raw), str(piece))


def completed_lab(given):
    """A part of a `lab.toml` as a whole one: a name and a region, and the environment that most of it needs."""
    whole = {"lab": {"name": "acme", "region": "eu-west-1"}, **given}
    environments = {
        ("dev" if name == "NAME" else name): part for name, part in given.get("environments", {}).items()
    }
    for part in environments.values():
        if canaries := part.get("database", {}).get("canaries"):  # each is of an application
            canaries = {_named(name): canary for name, canary in canaries.items()}
            part["database"] = {"applications": list(canaries), **part["database"], "canaries": canaries}
    whole["environments"] = {"prod": {"cidr": "10.99.0.0/16", "database": {}}, "dev": {}, **environments}
    for kind in ("people", "projects", "compute", "queues"):
        whole[kind] = {_named(name): part for name, part in given.get(kind, {}).items()}
    return whole


@pytest.mark.parametrize(
    "text",
    [
        '[sweeps.tune]\njob = "train"\nmetrik = "loss"',
        '[jobs.train]\ncommand = "python train.py"\nmemory = "2 gigs"',
        "[sweeps.tune.space]\ndepth = { int = [12, 2] }",
    ],
)
def test_a_wrong_configuration_is_seen(text):
    (piece,) = reading.blocks(f"```toml\n{text}\n```\n", "toml")
    with pytest.raises(InputError):
        from_mapping(completed(tomllib.loads(piece.text)), "here")


def loads_somewhere(key, value):
    """Whether some table of the configuration takes this key with this value."""
    places = [
        {"project": {"name": "sample", key: value}},
        {"local": {key: value}},
        {"jobs": {"train": {key: value}}},
        {"sweeps": {"tune": {key: value}}},
        {"sweeps": {"tune": {"stop": {key: value}}}},
        {"sweeps": {"tune": {"space": {key: value}}}},
        {"sweeps": {"tune": {"space": {"x": {"float": [0.1, 1.0], key: value}}}}},
    ]
    of_labs = [{table: {key: value}} for table in LabConfig.model_fields if table != "lab"]
    of_labs += [{table: {"one": {"kind": "ec2", key: value}}} for table in ("compute", "queues")]
    of_labs.append({"projects": {"one": {key: value}}})
    of_labs.append({"environments": {"dev": {key: value}}})
    of_labs.append({"environments": {"dev": {"database": {key: value}}}})
    of_labs.append({"lab": {"name": "acme", "region": "eu-west-1", key: value}})
    return any(
        _loads(load, place)
        for load, many in (
            (lambda place: from_mapping(completed(place), "here"), places),
            (lambda place: lab_from_mapping(completed_lab(place), "here"), of_labs),
        )
        for place in many
    )


def _loads(load, place):
    try:
        load(place)
    except (InputError, AttributeError):  # what is no table cannot be completed
        return False
    return True


@pytest.mark.parametrize("piece", found_in(reading.assignments, GUIDES))
def test_every_key_and_value_in_a_sentence_is_one(piece):
    assert loads_somewhere(*reading.key_and_value(piece.text))


@pytest.mark.parametrize("said", ["patients = 12", 'prune = "mean"', 'memory = "2 gigs"', "parallel = 0"])
def test_a_wrong_key_or_value_in_a_sentence_is_seen(said):
    (piece,) = reading.assignments(f"Write `{said}` there.")
    assert not loads_somewhere(*reading.key_and_value(piece.text))


# -- Python ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", found_in(lambda text, page: reading.blocks(text, "python", page=page)))
def test_every_python_block_compiles_and_uses_names_that_exist(piece):
    tree = ast.parse(piece.text, str(piece))
    used = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_ours(node.value)]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "stratolab":
            used += [name.name for name in node.names]
    assert set(used) <= set(stratolab.__all__)


def _is_ours(node):
    return isinstance(node, ast.Name) and node.id == "stratolab"


# -- names ----------------------------------------------------------------------------------------


def test_every_variable_is_one_that_the_code_knows():
    source = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("src", "benchmarks", "tests/chaos", "tests/servers.py")
        for path in _python_files(reading.ROOT / folder)
    )
    known = set(re.findall(r"STRATOLAB_[A-Z_]+", source)) | OF_A_JOB
    named = {name for text in PAGES.values() for name in re.findall(r"STRATOLAB_[A-Z_]+", text)}
    assert named >= {"STRATOLAB_STORE", "STRATOLAB_REPORT"}
    assert named <= known


def _python_files(place):
    return [place] if place.is_file() else sorted(place.rglob("*.py"))


def test_the_samplers_are_those_that_there_are():
    assert sorted(reading.first_column(page("choose-a-sampler"))) == sorted(fields.SAMPLERS)


def test_the_stop_rules_are_those_that_there_are():
    assert sorted(reading.first_column(page("stop-rules"))) == sorted(models.StopConfig.model_fields)


def test_the_pruners_are_those_that_there_are():
    assert sorted(reading.first_column(page("early-stopping"))) == sorted(PRUNERS)


def test_the_ends_of_a_job_are_those_that_there_are():
    named = set(reading.first_column(page("limits-and-retries")))
    assert named == {"cpus", "memory", "timeout"} | {str(reason) for reason in Reason}


def test_the_exit_codes_are_those_of_the_errors():
    kinds = [errors.StratolabError, *_below(errors.StratolabError)]
    told = re.findall(r"^\| (\d+) \|", page("exit-codes"), re.MULTILINE)
    assert {int(code) for code in told} == {0, *(kind.exit_code for kind in kinds)}


def _below(kind):
    return itertools.chain.from_iterable([[child, *_below(child)] for child in kind.__subclasses__()])


# -- keys of JSON ---------------------------------------------------------------------------------

JOB = Job(
    id="a", name="train", project="p", state=JobState.QUEUED, command=("true",), folder="/", resources=Resources(),
    retries=0, env={}, secrets={}, params={}, data=(), seed=None, owner="me", engine="local", fence=1, submitted=0.0,
)  # fmt: skip
TRIAL = Trial(
    sweep="tune-1", number=0, state=TrialState.RUNNING, params={}, job="a", owner="me", fence=1, lease=0.0,
    created=0.0,
)  # fmt: skip
VERSION = Version(name="model", version=1, created=0.0, source="")
SWEEP = Sweep(id="tune-1", name="tune", project="p", state=SweepState.RUNNING, config={}, created=0.0)


@pytest.mark.parametrize(
    ("heading", "document", "states"),
    [
        ("Keys of a job", show.job_document(JOB), JobState),
        ("Keys of a sweep", sweepshow.sweep_document(SWEEP, sweepshow.counts([TRIAL])), SweepState),
        ("Keys of a trial", sweepshow.trial_document(TRIAL), TrialState),
        ("Keys of a model's version", modelshow.document(VERSION), Opening),
    ],
)
def test_the_keys_and_states_of_documents_are_those_that_are_printed(heading, document, states):
    text = reading.section(page("read-results"), heading)
    keys, told, *_ = text.strip().split("\n\n")
    assert reading.names(keys) == list(document)
    assert set(states) <= set(reading.names(told))


# -- the quick start ------------------------------------------------------------------------------


def test_the_quick_start_of_the_readme_works(tmp_path):
    block = next(reading.blocks(PAGES["README.md"], "sh")).text
    assert block.startswith("pip install .")
    script = "\n".join(["set -e", "mkdir clone", "cd clone", *block.splitlines()[1:]])
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "best parameters" in done.stdout
    assert re.search(r"^TRIAL +STATE +LOSS", done.stdout, re.MULTILINE)
