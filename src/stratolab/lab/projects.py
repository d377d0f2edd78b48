"""Projects of a lab in AWS, for its owner: `lab.toml` says which there are and who is in them, two stacks follow.

What a project has is a stack of its own; who is in it is a group in the stack `account`. So every verb is a small
change to `lab.toml`, and then `up` for one or both of the two. A change that was broken off goes on when it is typed
again.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean
from stratolab.lab.aws import AwsLab

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stratolab.aws.repositories import Repositories
    from stratolab.config.labs.models import LabConfig

ACCOUNT = "account"
"""The stack of people and their groups."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project as `lab.toml` has it."""

    name: str
    members: tuple[str, ...]
    secrets: tuple[str, ...]
    source: str

    @property
    def stack(self) -> str:
        """The key of its stack."""
        return f"project.{self.name}"


@dataclass(frozen=True, slots=True)
class Holding:
    """Something that a project holds and that cannot be made again. `delete` makes an end of it."""

    what: str
    name: str
    delete: Callable[[], None]


def projects(config: LabConfig) -> list[Project]:
    """All projects by name."""
    return [
        Project(name, members(config, name), tuple(one.secrets), one.source)
        for name, one in sorted(config.projects.items())
    ]


def project(config: LabConfig, name: str) -> Project:
    """One project. Raises `InputError` with the nearest one."""
    found = {one.name: one for one in projects(config)}
    if name not in found:
        hint = did_you_mean(name, found) if found else f"stratolab project init {name}"
        raise InputError(f"there is no project {name!r} in this lab", doing="project", hint=hint)
    return found[name]


def members(config: LabConfig, name: str) -> tuple[str, ...]:
    """Who is in a project."""
    return tuple(sorted(person for person, one in config.people.items() if name in one.projects))


# -- changes to lab.toml ---------------------------------------------------------------------------


def begun(text: str, config: LabConfig, name: str, options: Mapping[str, Any], people: Sequence[str]) -> str:
    """The text of `lab.toml` with this project and these people in it, both if need be."""
    from stratolab.config.labs.editing import with_table, with_value

    if name not in config.projects:
        text = with_table(text, ("projects", name), options)
    else:
        there = config.projects[name].model_dump()
        for key, value in options.items():
            if _plain(there[key]) != value:
                text = with_value(text, ("projects", name, key), value)
    return granted(text, config, name, people)


def granted(text: str, config: LabConfig, name: str, people: Sequence[str]) -> str:
    """The text with these people in the project. Raises `InputError` for who is not in the lab."""
    return _with_projects(text, config, people, lambda had: [*had, *([name] if name not in had else [])])


def revoked(text: str, config: LabConfig, name: str, people: Sequence[str]) -> str:
    """The text with these people out of the project. Raises `InputError` for who is not in the lab."""
    return _with_projects(text, config, people, lambda had: [one for one in had if one != name])


def ended(text: str, config: LabConfig, name: str) -> str:
    """The text without the project, and without anybody in it."""
    from stratolab.config.labs.editing import without_table

    text = revoked(text, config, name, members(config, name))
    return without_table(text, ("projects", name)) if name in config.projects else text


def with_text(lab: AwsLab, text: str) -> AwsLab:
    """The lab as its file would make it with this text. Raises `InputError` with every finding."""
    from stratolab.config.labs.load import lab_from_mapping

    changed = AwsLab(lab.file)
    changed.config = lab_from_mapping(tomllib.loads(text), str(lab.file))
    return changed


def _with_projects(
    text: str, config: LabConfig, people: Sequence[str], change: Callable[[list[str]], list[str]]
) -> str:
    from stratolab.config.labs.editing import with_value

    for person in dict.fromkeys(people):
        if person not in config.people:
            raise InputError(
                f"there is no {person!r} among the lab's people",
                doing="project",
                hint=did_you_mean(person, config.people) or f"[people.{person}] in lab.toml",
            )
        had = list(config.people[person].projects)
        if change(had) != had:
            text = with_value(text, ("people", person, "projects"), change(had))
    return text


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


# -- what one holds --------------------------------------------------------------------------------


def holdings(lab: AwsLab, name: str) -> list[Holding]:
    """What would be lost with a project: its images, its source, its secrets. Its files in the buckets stay."""
    from stratolab.aws.repositories import Repositories
    from stratolab.aws.secretsmanager import SecretVault

    clients, prefix = lab.clients, f"{lab.name}/{name}"
    repositories = Repositories(clients.of("ecr"), clients.of("codecommit"))
    vault = SecretVault(clients.of("secretsmanager"))
    return [
        *_images(repositories, prefix),
        *_source(repositories, f"{lab.name}-{name}"),
        *(
            Holding(
                "secret",
                one.name.removeprefix(f"{lab.name}/"),
                partial(vault.delete, one.name, days=lab.config.secrets.recovery),
            )
            for one in vault.below(f"{prefix}/")
            if not one.deleted
        ),
    ]


def _images(repositories: Repositories, name: str) -> list[Holding]:
    count = repositories.count_images(name)
    if count is None:
        return []
    return [Holding(f"repository of {count} images", name, partial(repositories.delete_images, name))]


def _source(repositories: Repositories, name: str) -> list[Holding]:
    if not repositories.has_source(name):
        return []
    return [Holding("source", name, partial(repositories.delete_source, name))]
