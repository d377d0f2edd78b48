"""`stratolab models register`: keep what a job wrote as a version of a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from stratolab.cli import completers, find, modelshow, promoting, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stratolab.jobs.models import Job
    from stratolab.lab.local import LocalLab
    from stratolab.models.models import Version

EXAMPLES = """\
  stratolab models register world-series model.json            what the latest job wrote
  stratolab models register world-series model.json --sweep tune --alias challenger
  stratolab models register world-series --job t48v5t          the model that it logged to MLflow
  stratolab models register world-series model.json --sample '{"year": 2015}'
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    name = parser.add_argument("name", help="the model's name; a new one makes a new model")
    opt.completed(name, completers.models)
    parser.add_argument(
        "path", nargs="?", default="",
        help="the file or folder that the job wrote, or the name of a model that it logged to MLflow (default)",
    )  # fmt: skip
    source = parser.add_mutually_exclusive_group()
    job = source.add_argument("--job", help="an id, its beginning, or a job's name (default: the latest job)")
    opt.completed(job, completers.jobs)
    sweep = source.add_argument("--sweep", help="the best trial of this sweep, by id or name")
    opt.completed(sweep, completers.sweeps)
    parser.add_argument("--alias", default="", help="let this alias name the new version, such as challenger")
    parser.add_argument("--describe", default="", metavar="TEXT", help="a description for readers")
    parser.add_argument(
        "--sample", metavar="JSON", help="an input of the model, or a file with one: its schema is kept"
    )
    parser.add_argument(
        "--allow-code",
        action="store_true",
        help="take a model that runs code when it is opened, such as a pickle",
    )
    parser.add_argument("--force", action="store_true", help="take it although the job failed")
    parser.add_argument("--yes", action="store_true", help="move the alias without asking")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab, registering
    from stratolab.models import service
    from stratolab.models.models import check_alias, check_name

    check_name(options.name)
    lab = open_lab()
    sample = None if options.sample is None else _sample(options.sample)
    job = _job(lab, options)
    if options.alias:
        check_alias(options.alias)
    version, new = registering.register(
        lab,
        registering.Request(
            name=options.name,
            job=job,
            path=options.path,
            description=options.describe,
            sample=sample,
            allow_code=options.allow_code,
            force=options.force,
        ),
        ui.note,
    )
    if options.alias:
        promoting.move(lab.models, version, options.alias, yes=options.yes)
        version = service.find(lab.models, version.reference)
    if options.json:
        ui.document({**modelshow.document(version), "new": new})
        return 0
    _tell(version, new=new)
    return 0


def _job(lab: LocalLab, options: Namespace) -> Job:
    from stratolab.lab import registering

    if options.sweep is not None:
        return registering.best_job(lab, find.sweep(lab, options.sweep))
    return find.job(lab, options.job or registering.own_job())


def _sample(text: str) -> Any:
    """The sample, from JSON or from a file that holds it."""
    from stratolab.core.errors import InputError
    from stratolab.models.schema import SAMPLE_LIMIT, parse_sample

    if text.lstrip()[:1] in {"{", "["}:
        return parse_sample(text)
    try:
        with Path(text).open(encoding="utf-8") as file:
            return parse_sample(file.read(SAMPLE_LIMIT + 1))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{text!r} is neither JSON nor a file that can be read",
            doing="--sample",
            hint="""'{"year": 2015}'""",
        ) from error


def _tell(version: Version, *, new: bool) -> None:
    ui.say(ui.clean(str(version.reference)))
    content = version.content
    if content is not None:
        ui.note(f"{'registered' if new else 'was registered before'}: {content.format}, {content.opening}")
        for reason in content.reasons:
            ui.note(f"  {reason}")
    if version.origin.written in {"before", "after"}:
        ui.note(
            f"{content.path if content else 'it'} was written {version.origin.written} the job ran: is it its model?"
        )
    if not version.aliases:
        ui.note(f"make it count: stratolab models promote {version.reference} --to champion")
