"""`stratolab tracking update`: put another image under the tracking server of a lab in AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stratolab.lab.aws import AwsLab

EXAMPLES = """\
  stratolab tracking update                     MLflow as this stratolab has it, built in the account
  stratolab tracking update --image "$IMAGE"    an image of yours by its digest, written into lab.toml

Copies of the new image are started beside the old ones and take over when they answer; if they do not, the old ones go
on. An image that lab.toml names is changed there, any other is kept by the stack.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--image", metavar="IMAGE", help="an image of yours, by its digest")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("-v", "--verbose", action="store_true", help="show every line of the build")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.cli import imaging
    from stratolab.core.errors import InputError, RemoteError
    from stratolab.lab import images, tracking_updates
    from stratolab.lab.aws import AwsLab

    lab = AwsLab.around()
    key = images.tracking_key(lab)
    stack = next((one for one in lab.stacks if one.key == key), None)
    if stack is None or not lab.stands(stack):
        hint = f"stratolab up {key}" if key else "[tracking] in lab.toml, then: stratolab up"
        raise InputError("there is no tracking server yet", doing="tracking update", hint=hint)
    image = options.image or _built(lab, verbose=options.verbose, quiet=options.json)
    try:
        if options.image or (lab.config.tracking and lab.config.tracking.image):
            _by_file(lab, key, image, options)
        else:
            imaging.use(lab, key, image, doing="tracking update", yes=options.yes, quiet=options.json)
    except RemoteError as error:
        raise tracking_updates.explained(lab, stack, error) from error
    if options.json:
        ui.document({"image": image, "stack": key})
    else:
        ui.note("the server runs in it")
        ui.say(image)
    return 0


def _built(lab: AwsLab, *, verbose: bool, quiet: bool) -> str:
    from stratolab.cli import imaging
    from stratolab.lab import images

    made = imaging.built(lambda tell: images.build_tracking(lab, tell), verbose=verbose, quiet=quiet)
    return made.address


def _by_file(lab: AwsLab, key: str, image: str, options: Namespace) -> None:
    """Write it into lab.toml, and make that so."""
    from stratolab.cli.projecting import carry_out
    from stratolab.config.labs.editing import with_value

    text = with_value(lab.file.read_text(encoding="utf-8"), ("tracking", "image"), image)
    carry_out(lab, text, [key], doing="tracking update", yes=options.yes, quiet=options.json)
