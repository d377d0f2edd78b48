"""`stratolab run`: run a job or a script and follow its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import completers, show, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab run train                          the job [jobs.train] of stratolab.toml
  stratolab run train -- --depth 7             with arguments of its own
  stratolab run train.py --memory 2GiB         a script, without any configuration
  stratolab run train --detach                 in the background; stratolab jobs logs -f
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    target = parser.add_argument("target", help="a job of stratolab.toml, or the path of a script")
    opt.completed(target, completers.targets)
    parser.add_argument("arguments", nargs="*", metavar="-- ARGUMENT", help="arguments for the job's command")
    parser.add_argument("--cpus", type=opt.cpus, help="CPU slots it takes")
    parser.add_argument("--memory", type=opt.size, help="limit for it and its children, such as 2GiB")
    parser.add_argument("--timeout", type=opt.duration, help="limit of time, such as 30m")
    parser.add_argument("--retries", type=opt.whole, help="how often to run it again when it fails")
    parser.add_argument(
        "--env", type=opt.assignment, action="append", default=[], metavar="NAME=VALUE", help="set a variable"
    )
    parser.add_argument("--seed", type=opt.whole, help="recorded, and given to the job as STRATOLAB_SEED")
    parser.add_argument("-d", "--detach", action="store_true", help="print the job's id and return at once")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the job as JSON when it ends; its log goes to its file only",
    )


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.cli import follow
    from stratolab.lab import open_lab
    from stratolab.lab.specs import Overrides, spec

    lab = open_lab()
    wanted = spec(
        lab,
        options.target,
        Overrides(
            arguments=options.arguments,
            cpus=options.cpus,
            memory=options.memory,
            timeout=options.timeout,
            retries=options.retries,
            env=opt.assignments(options.env),
            seed=options.seed,
        ),
    )
    with lab.tracking.feed(ui.note), lab.jobs() as jobs:
        job = jobs.submit(lab.with_capsule(wanted))
        if options.detach:
            show.detached(lab, job, as_json=options.json)
            return 0
        ui.note(f"{job.name} {job.id}")
        outcome = follow.follow(
            jobs, job, lab.home(job.id) / "log", show=not options.json, mask=lab.mask(job.secrets)
        )
    return show.ended(lab, job.id, outcome, as_json=options.json)
