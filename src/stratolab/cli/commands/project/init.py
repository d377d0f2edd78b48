"""`stratolab project init`: make a project in the lab."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stratolab.lab.aws import AwsLab

EXAMPLES = """\
  stratolab project init world-series --person ana --secret games-api
  stratolab project init world-series --source none     its source is elsewhere
  stratolab project init world-series --yes --json      in a script; again changes nothing

It writes [projects.world-series] into lab.toml, lets the people in, and makes repository, roles and secrets. Then the
first image is built in the account, from the folder of the project if it is this one or named, and its jobs are made.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", help="the name that the project has in its stratolab.toml")
    parser.add_argument(
        "--person",
        action="append",
        default=[],
        metavar="NAME",
        help="let somebody of [people] in; may be repeated",
    )
    parser.add_argument(
        "--secret",
        action="append",
        default=[],
        metavar="NAME",
        help="make a secret without a value; may be repeated",
    )
    parser.add_argument(
        "--source", choices=("codecommit", "none"), help="where its source is kept (default: codecommit)"
    )
    parser.add_argument("--from", dest="folder", metavar="DIR", help="the folder of its stratolab.toml")
    parser.add_argument("--no-image", action="store_true", help="build no first image")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.cli.projecting import carry_out
    from stratolab.lab import projects
    from stratolab.lab.aws import AwsLab

    lab = AwsLab.around()
    had = lab.config.projects.get(options.name)
    secrets = list(dict.fromkeys([*(had.secrets if had else ()), *options.secret]))
    given = {
        **({"source": options.source} if options.source else {}),
        **({"secrets": secrets} if secrets else {}),
    }
    text = projects.begun(
        lab.file.read_text(encoding="utf-8"), lab.config, options.name, given, options.person
    )
    stack = f"project.{options.name}"
    changed = carry_out(
        lab, text, [projects.ACCOUNT, stack], doing="project init", yes=options.yes, quiet=options.json
    )
    if not options.no_image:
        _first_image(changed, options, Path(options.folder) if options.folder else None)
    outputs = dict(changed.outputs(changed.chosen([stack])).get(stack, {}))
    made = projects.project(changed.config, options.name)
    if options.json:
        ui.document({"project": made.name, "members": list(made.members), "outputs": outputs})
        return 0
    ui.note(f"{made.name} is there; in its stratolab.toml:")
    ui.note(f'  [project]\n  name = "{made.name}"\n  lab = "{lab.name}"')
    for one in made.secrets:
        ui.note(f"its secret wants a value: stratolab secrets set {made.name}/{one}")
    return 0


def _first_image(lab: AwsLab, options: Namespace, folder: Path | None) -> None:
    """The image that its jobs begin with, if they have none yet; a later one is `stratolab image build`."""
    from stratolab.cli import imaging
    from stratolab.lab import images

    key = f"project.{options.name}"
    if not images.without_image(lab, key):
        return
    one = images.subject(options.name, folder=folder)
    recipe = images.recipe_of(one.folder)
    made = imaging.built(lambda tell: images.build(one, recipe, tell), verbose=False, quiet=options.json)
    imaging.use(lab, key, made.address, doing="project init", yes=True, quiet=True)
