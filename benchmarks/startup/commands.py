"""The commands that are timed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring.environments import Unavailable
from benchmarks.measuring.places import our_python
from benchmarks.measuring.usage import measure
from benchmarks.peers import ours
from benchmarks.peers.contestants import TRIAL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.measuring.environments import Environment

BARE = "python -c pass"
HELP, LISTING, COMPLETION = "stratolab --help", "stratolab jobs ls", "stratolab jobs <TAB>"
PEERS = ("optuna", "metaflow", "ray", "mlflow")  # an environment, its package and its program have one name
_JOBS = 20


@dataclass(frozen=True)
class Timed:
    """A command, and where it runs."""

    name: str
    words: Sequence[str]
    folder: Path
    env: Mapping[str, str]
    rounds: int
    version: str = ""


def commands(
    folder: Path, *, rounds: int, peers: Sequence[str], environments: Callable[[str], Environment]
) -> tuple[list[Timed], dict[str, str]]:
    """The commands, bare Python first, and the peers that are not here, each with the reason.

    `folder` becomes a project of ours with a lab of 20 jobs.
    """
    program = str(Path(our_python()).with_name("stratolab"))
    trial = [our_python(), str(TRIAL), "--witness", str(folder / "witness")]
    words = ours.sweep(folder, command=trial, count=_JOBS, workers=2, sampler="random")
    measure(words, folder=folder)
    typed = "stratolab jobs "
    completion = {
        "_ARGCOMPLETE": "1",  # what the shell hands over when TAB is pressed
        "_ARGCOMPLETE_STDOUT_FILENAME": "/dev/null",
        "COMP_LINE": typed,
        "COMP_POINT": str(len(typed)),
    }
    found = [
        Timed(BARE, [our_python(), "-c", "pass"], folder, {}, rounds),
        Timed(HELP, [program, "--help"], folder, {}, rounds),
        Timed(COMPLETION, [program], folder, completion, rounds),
        Timed(LISTING, [program, "jobs", "ls"], folder, {}, rounds),
    ]
    absent: dict[str, str] = {}
    for name in peers:
        try:
            peer = environments(name)
        except Unavailable as error:
            absent[name] = str(error)
            continue
        few = max(1, rounds // 2)  # they take seconds, which differ by less
        found.append(
            Timed(f"{name} --help", [peer.program(name), "--help"], folder, {}, few, peer.versions[name])
        )
    return found, absent
