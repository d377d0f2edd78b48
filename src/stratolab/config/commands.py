"""What is wrong with a job's command: a shell's work without a shell, places that nothing fills."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from stratolab.config.problems import Problem, clipped, table, tables
from stratolab.config.texts import TEXT_LIMIT
from stratolab.core.names import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stratolab.config.problems import Path

PLACE = re.compile(r"(?<!\$)\{([A-Za-z_][A-Za-z0-9_-]*)\}")

_SHELL_HINT = 'command = ["sh", "-c", "..."]'
_OPERATOR = re.compile(r"\d?[<>]{1,2}(?:&\d)?|\|{1,2}|;|&&|&(?=\s|$)")
_SUBSTITUTION = re.compile(r"\$\(|`")
_PART = re.compile(r"'[^']*'|(\"(?:[^\"\\]|\\.)*\")|\\.", re.DOTALL)  # the group is a part in double quotes
_VARIABLE = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[^}]*\}?)")


def command_problems(path: Path, command: object) -> Iterator[Problem]:
    """What is wrong with a command as written."""
    if isinstance(command, str) and len(command) <= TEXT_LIMIT:
        yield from _text_problems(path, command)
    elif isinstance(command, list) and (not command or command[0] == ""):
        yield Problem(path, "is empty", 'for example: command = ["python", "train.py"]')


def _text_problems(path: Path, command: str) -> Iterator[Problem]:
    words = split(command)
    if words is None:
        yield Problem(path, "has a quote that is not closed", "close it, or give a list of words")
    elif not words:
        yield Problem(path, "is empty", 'for example: command = "python train.py"')
    elif operator := shell_word(command):
        yield Problem(
            path, f"holds {operator!r}, which only a shell understands, and none runs it", _SHELL_HINT
        )


def split(command: object) -> Sequence[str] | None:
    """The words of a command, however written; None if it has none that can be told."""
    if isinstance(command, list):
        return [word for word in command if isinstance(word, str)]
    if not isinstance(command, str) or len(command) > TEXT_LIMIT:
        return None  # shlex takes a minute for a megabyte
    try:
        return shlex.split(command)
    except ValueError:
        return None


def shell_word(command: str) -> str:
    """The first thing that a shell would act on in a command written as one text; empty if there is none.

    As in a shell, what stands in single quotes is meant for the program, and in double quotes all but `$`.
    """
    found = (
        _OPERATOR.search(_PART.sub("_", command))
        or _SUBSTITUTION.search(_PART.sub(_kept, command))
        or _VARIABLE.search(_PART.sub(_kept, command))
    )
    return clipped(found[0]) if found else ""


def _kept(part: re.Match[str]) -> str:
    return part[1] or "_"


def place_problems(jobs: object, sweeps: object) -> Iterator[Problem]:
    """Places `{name}` in the commands of jobs that no parameter of their sweeps fills."""
    users: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for name, sweep in tables(sweeps):
        if isinstance(sweep.get("job"), str):
            users.setdefault(sweep["job"], []).append((name, sweep))
    for name, job in tables(jobs):
        places = _places(job.get("command"))
        given = set().union(*(_given(sweep) for _, sweep in users.get(name, ())))
        for place in places:
            if place not in given:
                yield _nobody(("jobs", name, "command"), place, given, used=name in users)
            else:
                yield from _some(place, name, users[name])


def _nobody(path: Path, place: str, given: set[str], *, used: bool) -> Problem:
    if used:
        return Problem(path, f"no parameter fills {{{place}}}", did_you_mean(place, given))
    return Problem(path, f"no parameter fills {{{place}}}: no sweep runs this job", "write the value instead")


def _some(place: str, job: str, users: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Problem]:
    """The sweeps of a job that leave a place open which another sweep fills, or fill it only at times."""
    for name, sweep in users:
        path = ("sweeps", name)
        space = table(sweep.get("space"))
        lacking = [index for index, point in _points(sweep) if place not in point]
        if place not in _given(sweep):
            yield Problem(path, f"gives no {place!r}, which the command of job {job!r} wants in {{{place}}}")
        elif place in table(sweep.get("fixed")):
            continue
        elif table(space.get(place)).get("when"):
            yield Problem(
                (*path, "space", place, "when"),
                f"leaves {{{place}}} in the command of job {job!r} open where it does not hold",
                f"take {{{place}}} out of the command: the flag is then appended only where it is given",
            )
        elif lacking and place not in space:
            where = (*path, "points", lacking[0])
            yield Problem(where, f"gives no {place!r}, which the command of job {job!r} wants in {{{place}}}")


def _points(sweep: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    points = sweep.get("points")
    given = enumerate(points) if isinstance(points, list) else ()
    return [(index, point) for index, point in given if isinstance(point, dict)]


def _places(command: object) -> list[str]:
    """The names of the places in a command. A word with a space in it is a program's text, not a flag."""
    words = split(command) or ()
    flags = [word for word in words if not re.search(r"\s", word)]
    return list(dict.fromkeys(name for word in flags for name in PLACE.findall(word)))


def _given(sweep: Mapping[str, Any]) -> set[str]:
    """The parameters that a sweep can give."""
    listed = set().union(*(point for _, point in _points(sweep)))
    return {*table(sweep.get("space")), *table(sweep.get("fixed")), *listed}
