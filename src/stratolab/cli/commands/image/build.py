"""`stratolab image build`: have a project's image built in the account."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab image build                       of the project in this folder
  stratolab image build world-series --from ../world-series
  stratolab image build --context DIR         write what makes it, and build nothing

Nothing is built on this machine. An image that is there already, by its lock file, hook and base, is not built again.
Beside a lab.toml, the jobs of the project run in it from then on.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("project", nargs="?", default="", help="the project (default: this folder's)")
    parser.add_argument("--from", dest="source", metavar="DIR", help="the folder of its stratolab.toml")
    parser.add_argument("--context", metavar="DIR", help="write the folder for `docker build`, and stop")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("-v", "--verbose", action="store_true", help="show every line of the build")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import images

    source = Path(options.source) if options.source else None
    if options.context:
        return _context(source, Path(options.context))
    from stratolab.cli import imaging

    one = images.subject(options.project, folder=source)
    recipe = images.recipe_of(one.folder)
    image = imaging.built(
        lambda tell: images.build(one, recipe, tell), verbose=options.verbose, quiet=options.json
    )
    if one.owned:
        key = f"project.{one.project}"
        imaging.use(one.owned, key, image.address, doing="image build", yes=options.yes, quiet=options.json)
    elif not options.json and image.digest not in one.lab.published.get(f"projects/{one.project}/image", ""):
        ui.note("its jobs run in it once the lab's owner types the same command beside lab.toml")
    if options.json:
        ui.document(
            {
                "project": one.project,
                "tag": image.tag,
                "digest": image.digest,
                "image": image.address,
                "fresh": image.fresh,
            }
        )
    else:
        ui.say(image.address)
    return 0


def _context(source: Path | None, target: Path) -> int:
    from stratolab.lab import images
    from stratolab.lab.local import LocalLab

    lab = LocalLab.around(source)
    recipe = images.recipe_of(lab.project if lab.configured else None)
    images.write_context(recipe, target)
    ui.note(f"docker build --tag IMAGE:{recipe.tag} {target}")
    return 0
