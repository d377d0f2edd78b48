"""`stratolab sweeps report`: write a sweep's report as one HTML file."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from stratolab.cli import find, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab sweeps report                    of the latest sweep
  stratolab sweeps report tune-3 -o tune.html
  stratolab sweeps report --json             {"sweep": "tune-3", "path": "..."}
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.sweep_argument(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where (default: .stratolab/reports/SWEEP.html)"
    )
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab
    from stratolab.sweeps.report import facts, page

    lab = open_lab()
    sweep = find.sweep(lab, options.sweep)
    found = lab.database.read(lambda tx: facts.read(tx, sweep.id))
    path = Path(options.output or lab.folder / "reports" / f"{sweep.id}.html")
    if not options.output:
        lab.create()  # a lab on a server may have no folder yet
    _write(path, page.html(found), folder=not options.output)
    if options.json:
        ui.document({"sweep": sweep.id, "path": str(path)})
    else:
        ui.say(ui.clean(str(path)))
    return 0


def _write(path: Path, text: str, *, folder: bool) -> None:
    """Put `text` there at once, readable by its owner alone: a reader sees the old file or the new one.

    With `folder`, its folder is made too, for the owner alone.
    Raises `InputError` where that cannot be.
    """
    from stratolab.core.errors import InputError

    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise InputError(f"{path} is no file", doing="sweeps report", hint="name a file with -o FILE")
    try:
        if folder:
            target.parent.mkdir(mode=0o700, exist_ok=True)
        with NamedTemporaryFile(
            "wb", dir=target.parent, prefix=".report-", delete=False
        ) as file:  # mode 0600
            try:
                file.write(text.encode())
                file.flush()
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}", doing="sweeps report") from error
