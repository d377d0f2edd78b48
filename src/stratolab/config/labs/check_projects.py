"""What types cannot see in `[projects]`: names, and how many there are of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stratolab.config.labs.regions import WITHOUT_CODECOMMIT
from stratolab.config.problems import Problem, clipped, name_problem, table, tables
from stratolab.config.secrecy import REFERENCE_LIMIT, why_no_reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROJECT_LIMIT = 40
"""Characters. A role's name has 64, of which the lab takes 20."""
RESERVED = ("general", "people", "projects")
"""Beginnings of references and paths that are not a project's."""
SECRETS = 100
"""Secrets of one project that a template names."""


def project_problems(whole: Mapping[str, Any]) -> Iterator[Problem]:
    """Everything that is wrong with the projects."""
    for name in table(whole.get("projects")):
        yield from _name_problems(name)
    for name, project in tables(whole.get("projects")):
        yield from _secret_problems(name, project.get("secrets"))
        yield from _source_problems(
            name, project.get("source", "codecommit"), table(whole.get("lab")).get("region")
        )


def _name_problems(name: str) -> Iterator[Problem]:
    path = ("projects", name)
    found = list(name_problem(path, name, "project"))
    yield from found
    if name in RESERVED:
        yield Problem(path, f'"{name}" is a word of the lab\'s own', "choose another name")
    elif not found and len(name) > PROJECT_LIMIT:
        told = f"the name of a project has at most {PROJECT_LIMIT} characters, not {len(name)}"
        yield Problem(path, told, f"for example: {name[:PROJECT_LIMIT].rstrip('-')}")


def _source_problems(project: str, source: object, region: object) -> Iterator[Problem]:
    if source == "codecommit" and region in WITHOUT_CODECOMMIT:
        told = f"{region} has no CodeCommit, where the project's source would lie"
        yield Problem(("projects", project, "source"), told, 'source = "none"')


def _secret_problems(project: str, secrets: object) -> Iterator[Problem]:
    if not isinstance(secrets, list):
        return
    path = ("projects", project, "secrets")
    if len(secrets) > SECRETS:
        yield Problem(
            path, f"holds {len(secrets)} names; a project takes {SECRETS}", "keep several in one as JSON"
        )
    for index, name in enumerate(secrets):
        if not isinstance(name, str):
            continue
        why = why_no_reference(name) or ("names a key of a secret" if ":" in name else "")
        if not why and len(name) + len(project) >= REFERENCE_LIMIT:
            why = f"is longer than {REFERENCE_LIMIT} characters with its project"
        if why:  # what may be a secret itself is not repeated
            yield Problem((*path, index), why, "letters, digits and / _ . @ -: games-api")
        elif name.startswith(f"{project}/"):
            yield Problem(
                (*path, index), "has the project's name before it already", name.removeprefix(f"{project}/")
            )
        elif name in secrets[:index]:
            yield Problem((*path, index), f'"{clipped(name)}" is there twice')
