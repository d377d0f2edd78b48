"""`stratolab config check`: find everything wrong with stratolab.toml and lab.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from pathlib import Path

    from stratolab.core.findings import Finding
    from stratolab.lab.aws import AwsLab

EXAMPLES = """\
  stratolab config check            exit code 2 if anything is wrong
  stratolab config check --json

It looks at the nearest stratolab.toml and the nearest lab.toml, upwards from here.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from dataclasses import asdict

    from stratolab.core.errors import InputError
    from stratolab.core.findings import errors
    from stratolab.lab import open_lab

    checked = list(_checked())
    if not checked:
        return open_lab().config is None  # raises, naming the folder
    findings = [finding for _, of_file in checked for finding in of_file]
    wrong = errors(findings)
    if options.json:
        files = [str(path) for path, _ in checked]
        ui.document({"ok": not wrong, "files": files, "findings": [asdict(finding) for finding in findings]})
        return InputError.exit_code if wrong else 0
    if wrong:
        raise InputError(ui.plural(len(wrong), "error") + " found", doing="config check", findings=findings)
    for finding in findings:
        ui.note(str(finding))
    for path, _ in checked:
        ui.say(f"{path}: nothing wrong")
    return 0


def _checked() -> Iterator[tuple[Path, list[Finding]]]:
    """The files that there are, each with what there is to say about it."""
    from stratolab.config.labs.load import inspect_lab
    from stratolab.config.load import inspect
    from stratolab.core.errors import InputError
    from stratolab.lab import open_lab
    from stratolab.lab.aws import AwsLab

    project = open_lab()
    if project.configured:
        path = project.project / "stratolab.toml"
        yield path, inspect(path)
    try:
        lab = AwsLab.around()
    except InputError:
        return
    yield lab.file, [*inspect_lab(lab.file), *_of_scripts(lab)]


def _of_scripts(lab: AwsLab) -> Iterator[Finding]:
    """What is wrong with the scripts that a sound `lab.toml` names."""
    from stratolab.config.labs.load import check_lab
    from stratolab.core.errors import InputError
    from stratolab.core.findings import Finding, Level
    from stratolab.lab.setup_scripts import setup_scripts

    config = check_lab(lab.file).config
    if config is None:
        return
    try:
        setup_scripts(config, lab.file.parent)
    except InputError as error:
        yield Finding(Level.ERROR, str(lab.file), 0, "setup", error.what, error.hint)
