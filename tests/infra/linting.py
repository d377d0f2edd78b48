"""cfn-lint over a template, remembered by the template's text: the same template is looked at once.

What is remembered lies in pytest's cache, under the version of cfn-lint. `pytest --cache-clear` forgets it.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path

from stratolab.config.labs.databases import VERSIONS

FOLDER = Path(__file__).parents[2] / ".pytest_cache" / "cfn-lint"
INFORMATIONAL = ("I3011", "I3042", "I3510")
"""What is only told by default: state without a deletion policy, fixed partitions, actions that an ARN does not fit."""
MAJOR = re.compile(
    r"W3691 at .*: Engine version '(?P<version>[0-9.]+)' for engine '(?P<engine>\w+)' is deprecated"
    r"|E3691 at .*/EngineVersion: '(?P<unknown>[0-9.]+)' is not one of "
)
"""RDS takes a major version and chooses the minor one; cfn-lint knows whole ones, and takes it for old or for none."""

PINNED = re.compile(r"W3010 at Resources/Database\w*/Properties/AvailabilityZone: ")
"""A database lies in the zone that its owner names, where he names one: it is in the template because he did."""


def findings(body: str, region: str) -> list[str]:
    """What cfn-lint says of a template in a region; nothing, if all is well."""
    key = hashlib.sha256(f"{version('cfn-lint')} {INFORMATIONAL} {region} {body}".encode()).hexdigest()
    kept = FOLDER / key
    if kept.exists():
        return []
    found = _lint(body, region)
    if not found:
        FOLDER.mkdir(parents=True, exist_ok=True)
        kept.touch()
    return found


def _lint(body: str, region: str) -> list[str]:
    lint, arguments = _loaded()
    matches = lint(body, config=arguments(regions=[region], include_checks=list(INFORMATIONAL)))
    told = [
        f"{match.rule.id} at {'/'.join(map(str, match.path or []))}: {match.message}" for match in matches
    ]
    return [line for line in told if not _is_a_major_version(line) and not PINNED.match(line)]


def _is_a_major_version(line: str) -> bool:
    found = MAJOR.match(line)
    if not found:
        return False
    of_engine = VERSIONS.get(found["engine"], ()) if found["engine"] else itertools.chain(*VERSIONS.values())
    return (found["version"] or found["unknown"]) in of_engine


@cache
def _loaded():
    """cfn-lint, which takes three seconds to load: not before there is something new to look at."""
    from cfnlint.api import ManualArgs, lint  # noqa: PLC0415

    return lint, ManualArgs
