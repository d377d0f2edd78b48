"""Two people cannot apply at once: a lease in the lab's bucket, taken and renewed by conditional writes.

S3 refuses a conditional write whose condition does not hold, so exactly one of two who want the lease gets it, also
when both find an old one that nobody renews any more (S3's user guide, conditional writes). One whose command was
killed on this machine is over at once; elsewhere that cannot be known, so it runs out. The first `up` of a lab has
no bucket yet: there CloudFormation itself, which creates a stack of one name once, keeps two apart.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.aws.errors import BusyError
from stratolab.core.errors import RefusedError, StratolabError
from stratolab.core.processes import alive, identity
from stratolab.core.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stratolab.aws.s3 import Objects

KEY = "leases/up.json"
SECONDS = 120.0  # without renewal it may be taken by another
RENEWED = 30.0


@dataclass(frozen=True, slots=True)
class Lease:
    """Who applies: a person, since when, until when if nothing is heard of them. Seconds since the epoch."""

    holder: str
    token: str
    since: float
    until: float
    doing: str = "up"
    process: str = ""
    """The identity of the command's process, by which others beside it see that it is dead."""
    beside: str = ""
    """Where its number means the same process: the kernel's namespace of processes; empty where there is no telling."""

    def over(self, now: float) -> bool:
        """Whether another may take it."""
        if self.until <= now:
            return True
        if not self.beside or self.beside != _namespace():
            return False  # a container or a machine of the same name has other processes under these numbers
        with suppress(ValueError):  # not as we write it
            return alive(self.process) is False
        return False


def held(objects: Objects, bucket: str) -> tuple[Lease, str] | None:
    """The lease as it stands, and the tag of its object; None if there is none."""
    found = objects.tagged(bucket, KEY)
    if found is None:
        return None
    with suppress(ValueError, TypeError):
        return Lease(**json.loads(found[0])), found[1]
    return Lease("nobody", "", 0.0, 0.0), found[1]  # not ours, and not readable: as good as none


@contextmanager
def alone(
    objects: Objects, bucket: str, *, holder: str, token: str, doing: str, clock: Callable[[], float]
) -> Iterator[None]:
    """Hold the lease inside of the `with`. Raises `RefusedError`, naming who has it, while another does."""
    now = clock()
    wanted = Lease(holder, token, now, now + SECONDS, doing, identity(), _namespace())
    tag = _take(objects, bucket, wanted, clock)
    done = threading.Event()
    thread = threading.Thread(
        target=_renew, args=(objects, bucket, tag, clock, done), name="lease", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(5)
        with suppress(StratolabError):  # it ends by itself; what was done is more important
            there = held(objects, bucket)
            if there and there[0].token == token:
                objects.delete(bucket, KEY)


def _take(objects: Objects, bucket: str, wanted: Lease, clock: Callable[[], float]) -> str:
    body = json.dumps(asdict(wanted)).encode()
    there = held(objects, bucket)
    if there and not there[0].over(clock()) and there[0].token != wanted.token:
        raise _taken(there[0], clock())
    try:
        if there:
            return objects.put(bucket, KEY, body, replacing=there[1])
        return objects.put(bucket, KEY, body, new=True)
    except BusyError:  # at this very moment
        there = held(objects, bucket)
        raise _taken(there[0] if there else wanted, clock()) from None


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _taken(lease: Lease, now: float) -> RefusedError:
    ago = format_duration(max(0.0, now - lease.since))
    left = format_duration(max(0.0, lease.until - now))
    return RefusedError(
        f"{lease.holder} is applying to this lab ({lease.doing}, since {ago})",
        doing="taking the lab's lease",
        hint=f"wait until it is done; if that command was killed, the lease ends by itself in {left}",
    )


def _renew(
    objects: Objects, bucket: str, tag: str, clock: Callable[[], float], done: threading.Event
) -> None:
    while not done.wait(RENEWED):
        with suppress(StratolabError):
            there = held(objects, bucket)
            if not there or there[1] != tag:
                return
            lease = Lease(**{**asdict(there[0]), "until": clock() + SECONDS})
            tag = objects.put(bucket, KEY, json.dumps(asdict(lease)).encode(), replacing=tag)
