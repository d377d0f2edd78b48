"""Driving a sweep from the terminal: the view, Ctrl-C, the last words."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

from stratolab.cli import sweepshow, ui
from stratolab.core.errors import Interrupted, WorkFailedError
from stratolab.sweeps.models import SweepState

if TYPE_CHECKING:
    from argparse import Namespace
    from types import FrameType

    from stratolab.lab.local import LocalLab
    from stratolab.lab.sweeping import Wanted
    from stratolab.sweeps.driver import Driver
    from stratolab.sweeps.models import Sweep


def changes(options: Namespace) -> dict[str, Any]:
    """The settings that flags change."""
    return {"trials": options.trials, "parallel": options.parallel}


def wanted(lab: LocalLab, name: str, options: Namespace) -> Wanted:
    """What the configuration asks for with these flags, with all loaded that drives it.

    Python looks for no garbage until it is driven: among what is loaded there is none.
    """
    from stratolab.lab import sweeping

    gc.disable()
    return sweeping.wanted_aside(lab, name, changes(options))


def drive(lab: LocalLab, sweep: Sweep, wanted: Wanted, options: Namespace) -> int:
    """Drive the sweep here, or in the background with `--detach`, and give the exit code."""
    if options.detach:
        return _detach(lab, sweep, options)
    from stratolab.cli.live import view
    from stratolab.lab import sweeping

    with closing(lab):
        with lab.tracking.feed(ui.note), view(quiet=options.json) as shown:
            driver = sweeping.driver(lab, sweep, wanted, shown.tell)
            _catch_signals(driver)
            gc.freeze()
            gc.enable()
            ended = driver.run()
        if options.json:
            ui.document(sweepshow.document(lab, ended))
        else:
            _last_words(lab, ended)
    gc.freeze()  # to look for garbage before it leaves takes Python 25 ms; what must be closed is closed
    if driver.stopped and ended.state is SweepState.RUNNING:
        raise Interrupted(f"this driver of {ended.id} was stopped; another one goes on")
    if driver.stopped:
        raise Interrupted(
            f"{ended.id} was stopped", hint=f"go on with it: stratolab sweeps resume {ended.id}"
        )
    if ended.state is SweepState.RUNNING:
        ui.note(f"another driver still runs trials of {ended.id}")
    if driver.view.best is None:
        raise WorkFailedError(
            f"no trial of {ended.id} succeeded", hint=f"stratolab sweeps show {ended.id}; stratolab why"
        )
    return 0


def _catch_signals(driver: Driver) -> None:
    """The first Ctrl-C stops cleanly, the second one at once."""
    asked = []

    def handle(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        if len(asked) > 1:
            sys.stderr.write(
                "\nleft at once; what still ran was asked to end, and is picked up when the sweep is resumed\n"
            )
            sys.stderr.flush()
            os._exit(Interrupted.exit_code)
        driver.stop(
            {signal.SIGINT: "interrupted"}.get(
                signal.Signals(number), f"stopped by {signal.Signals(number).name}"
            )
        )

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handle)


def _last_words(lab: LocalLab, sweep: Sweep) -> None:
    stands = sweepshow.standing(lab, sweep)
    best = stands.best
    ui.say()
    ui.say(f"{ui.paint(sweep.id, 'bold')}: {sweep.reason or sweep.state}")
    ui.fields(sweepshow.summary(sweep, stands))
    if best is not None:
        ui.say(ui.paint("best parameters", "bold"))
        ui.fields(
            [
                (f"  {name}", ui.number(value) if isinstance(value, float) else str(value))
                for name, value in best.params.items()
            ]
        )
    log = f"    log of the best: stratolab jobs logs {best.job}" if best is not None else ""
    ui.note(f"look closer: stratolab sweeps show {sweep.id}{log}")


def _detach(lab: LocalLab, sweep: Sweep, options: Namespace) -> int:
    """Start another process that drives, free of this terminal."""
    path = lab.folder / "sweeps"
    path.mkdir(mode=0o700, exist_ok=True)
    log = path / f"{sweep.id}.log"
    command = [sys.executable, "-m", "stratolab", "sweeps", "resume", sweep.id, "-C", str(lab.project)]
    for flag in ("trials", "parallel"):
        value = getattr(options, flag)
        command += [f"--{flag}", str(value)] if value else []
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
    )
    os.close(file)
    if options.json:
        ui.document({"sweep": sweep.id, "pid": process.pid, "log": str(log)})
        return 0
    ui.say(sweep.id)
    ui.note(f"it is driven in the background; log: {log}")
    ui.note(f"look: stratolab sweeps show {sweep.id}    stop: stratolab sweeps stop {sweep.id}")
    return 0
