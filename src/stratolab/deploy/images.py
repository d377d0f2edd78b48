"""Making an account's repository have the image of a recipe: look, bring the zip, build, follow, name the digest.

What makes an image names it, so one that is there is never built again, and a build that somebody else has under way is
followed, not repeated. It may be left and begun again at any point. Nothing is built on this machine.
"""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stratolab.aws.builds import BuildStatus
from stratolab.aws.errors import BusyError
from stratolab.core.errors import InputError, RemoteError, WorkFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stratolab.aws.builds import Build, Builds, Phase
    from stratolab.aws.logs import LogStreams
    from stratolab.aws.registry import Registry
    from stratolab.aws.s3 import Objects
    from stratolab.infra.images.recipe import Recipe

POLL = 3.0  # seconds between two looks at a build
LAST = 12  # lines of a log that tell why a build failed
TAG = "IMAGE_TAG"
_OWN = re.compile(r"^\[Container\] \d{4}/\d\d/\d\d ")
_COMMAND = re.compile(r"^Error while executing command: (?P<command>.*)\. Reason: (?P<reason>.*)$", re.DOTALL)

_HINTS = (
    (
        r"No matching distribution|ResolutionImpossible|Could not find a version",
        "a package of the lock file is not to be had for this Python on Linux: lock it again for the image's Python",
    ),
    (
        r"DO NOT MATCH THE HASHES|must have their versions pinned|Hashes are required",
        "lock the packages again, with the hash of every file",
    ),
    (
        r"Temporary failure|Could not connect|Name or service not known|i/o timeout|Network is unreachable",
        "the network of builds has no way out: nat of its environment, or [images] environment in lab.toml",
    ),
    (
        r'ERROR: .*process ".*/build/hook',
        "mend the hook, [image] hook in stratolab.toml, then the same command",
    ),
    (
        r"AccessDenied|not authorized|403 Forbidden|denied:",
        "the role of builds lacks a right: stratolab drift",
    ),
    (r"No space left", 'size = "large" in [images] of lab.toml has a larger disk'),
    (
        r"toomanyrequests|Rate exceeded",
        "the registry of the base image asks for fewer calls: an hour later, again",
    ),
)


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where images of one owner are built and kept."""

    builder: str
    """CodeBuild's name."""
    address: str
    """The repository's, without a tag."""
    bucket: str
    folder: str
    """Where the zips go in the bucket."""

    @property
    def repository(self) -> str:
        """ECR's name of the repository."""
        return self.address.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Built:
    """An image that is there. `fresh` says whether it was made just now."""

    tag: str
    digest: str
    address: str
    """The repository with the digest: what runs is named by it."""
    fresh: bool


@dataclass(frozen=True, slots=True)
class Told:
    """Something that happens while an image is made: a phase of the build, or a line of its log."""

    text: str
    line: bool = False


@dataclass(frozen=True)
class Making:
    """What making images uses of an account; `sleep` and `tell` are the caller's."""

    builds: Builds
    registry: Registry
    objects: Objects
    logs: LogStreams
    tell: Callable[[Told], None]
    sleep: Callable[[float], object] = field(default=time.sleep)

    def have(self, recipe: Recipe, at: Workshop) -> Built:
        """The image of a recipe, built if it is not there.

        Raises `WorkFailedError` with the first cause of a failed build, `RemoteError` if AWS did not do its part.
        """
        there = self._there(recipe, at, fresh=False)
        if there:
            return there
        build = self._begin(recipe, at)
        lines = self._follow(build.id)
        build = self.builds.find(build.id)
        found = self._there(recipe, at, fresh=True)
        if found:  # even if another one's build, quicker than ours, has made it
            return found
        raise failure(build, lines)

    def _there(self, recipe: Recipe, at: Workshop, *, fresh: bool) -> Built | None:
        image = self.registry.tagged(at.repository, recipe.tag)
        if image is None:
            return None
        return Built(recipe.tag, image.digest, f"{at.address}@{image.digest}", fresh)

    def _begin(self, recipe: Recipe, at: Workshop) -> Build:
        """A build of this recipe: one that is under way, else a new one."""
        key = f"{at.folder}/{recipe.tag}.zip"
        source = f"{at.bucket}/{key}"
        underway = next(
            (one for one in self.builds.latest(at.builder) if one.source == source and not one.over), None
        )
        if underway:
            self.tell(Told(f"{underway.id} is building it already"))
            return underway
        with contextlib.suppress(BusyError):  # its name is made of its content: what is there is the same
            self.objects.put(at.bucket, key, recipe.archive(), new=True)
        build = self.builds.start(at.builder, source=source, variables={TAG: recipe.tag})
        self.tell(Told(f"building {at.repository}:{recipe.tag} as {build.id}"))
        return build

    def _follow(self, identity: str) -> list[str]:
        """Tell of a build up to its end; the lines that its commands printed."""
        lines: list[str] = []
        told, mark = 0, ""
        while True:
            build = self.builds.find(identity)
            if build.log_stream:
                new, mark = self.logs.after(build.log_group, build.log_stream, mark)
                lines += new
                for line in new:
                    if not _OWN.match(line):
                        self.tell(Told(line, line=True))
            over = [phase for phase in build.phases if phase.status]
            for phase in over[told:]:
                self.tell(Told(_phase(phase)))
            told = len(over)
            if build.over:
                return lines
            self.sleep(POLL)


def _phase(phase: Phase) -> str:
    words = phase.name.lower().replace("_", " ")
    return f"{words}: {'failed' if phase.failed else 'done'} after {phase.seconds:.0f}s"


def failure(build: Build, lines: Sequence[str]) -> WorkFailedError | RemoteError:
    """Why a build made no image: the command that failed, the last that it said, and what to try."""
    doing = f"building an image ({build.id})"
    printed = [line for line in lines if not _OWN.match(line) and line.strip()]
    said = "".join(f"\n    {line}" for line in printed[-LAST:])
    if build.status is BuildStatus.TIMED_OUT:
        return WorkFailedError(
            f"its time was over{said}", doing=doing, hint="minutes in [images] of lab.toml is the limit"
        )
    if build.status is BuildStatus.STOPPED:
        return WorkFailedError("somebody stopped it", doing=doing, hint="the same command builds it anew")
    phase = next((one for one in build.phases if one.failed), None)
    message = " ".join(phase.messages) if phase else "CodeBuild does not say why"
    found = _COMMAND.match(message)
    if phase is None or found is None:
        where = phase.name.lower().replace("_", " ") if phase else "the build"
        return RemoteError(
            f"{where} failed: {message}{said}", doing=doing, hint="mend the cause, then the same command"
        )
    return WorkFailedError(
        f"`{found['command']}` ended with {found['reason']}{said}", doing=doing, hint=_hint(printed[-LAST:])
    )


def _hint(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    found = (hint for pattern, hint in _HINTS if re.search(pattern, text, re.IGNORECASE))
    return next(found, "mend what its last lines say, then the same command")


def workshop(builder: str | None, address: str | None, bucket: str | None, folder: str) -> Workshop:
    """The workshop of these outputs. Raises `InputError` if a stack has not given one of them yet."""
    if not (builder and address and bucket):
        raise InputError("nothing here builds images yet", doing="building an image", hint="stratolab up")
    return Workshop(builder, address, bucket, folder)
