"""`stratolab replay`: run a job again from its recorded code and compare."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from stratolab.cli import find, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab replay                 the latest job, as its code, parameters and seed were
  stratolab replay t48v5t --keep   leave the restored code there, to look at
  stratolab replay --json          exit code 0: the same values; 1: others
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.job_argument(parser)
    parser.add_argument("--keep", action="store_true", help="keep the folder with the restored code")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.cli import follow
    from stratolab.lab import open_lab, replaying

    lab = open_lab()
    old = replaying.original(lab, find.job(lab, options.job))
    restored = replaying.restore(lab, old)
    try:
        for path in restored.left_out:
            ui.note(f"not recorded, so not there: {path}")
        with lab.tracking.feed(ui.note), lab.jobs() as jobs:
            job = jobs.submit(restored.spec, attributes={replaying.REPLAY_OF: old.id})
            ui.note(f"{job.name} {job.id}, from the code of {old.id}")
            follow.follow(
                jobs, job, lab.home(job.id) / "log", show=not options.json, mask=lab.mask(job.secrets)
            )
        said = replaying.judge(lab, old, replaying.find(lab, job.id))
    finally:
        if not options.keep:
            shutil.rmtree(restored.folder, ignore_errors=True)
    if options.json:
        ui.document(
            {
                "job": old.id,
                "replay": job.id,
                "same": said.same,
                "verdict": said.told,
                "differences": [str(difference) for difference in said.differences],
                "elsewhere": list(said.elsewhere),
            }
        )
    else:
        ui.say(f"{ui.paint('same', 'green') if said.same else ui.paint('different', 'red')}: {said.told}")
        for line in said.elsewhere:
            ui.note(f"besides: {line}")
    if options.keep:
        ui.note(f"its code is in {restored.folder}")
    return 0 if said.same else 1
