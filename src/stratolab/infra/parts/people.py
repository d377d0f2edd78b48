"""Groups as named shells, their policies beside them, and the people in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Ref
from troposphere.iam import Group, User

from stratolab.infra import names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.config.labs.models import PersonConfig

EVERYONE = "people"
"""The group that everybody is in, whatever else he does."""


def group_title(name: str) -> str:
    """The title of a group in the template: `DataScientistsGroup`."""
    return f"{''.join(map(str.capitalize, name.split('-')))}Group"


def project_group(project: str) -> str:
    """The name of the group of a project's members."""
    return f"project-{project}"


def group(lab: str, name: str, policies: Sequence[Any]) -> Any:
    """A group: a name, and the policies that are attached to it."""
    return Group(
        group_title(name),
        GroupName=names.named("group", lab, name),
        Path=names.people_path(lab),
        ManagedPolicyArns=list(policies),
    )


def people(lab: str, given: Mapping[str, PersonConfig]) -> list[Any]:
    """The people, without keys and without a password: that one is made when it can be shown, once."""
    return [_person(lab, name, person) for name, person in sorted(given.items())]


def projects(given: Mapping[str, PersonConfig]) -> list[str]:
    """Every project that somebody is a member of."""
    return sorted({project for person in given.values() for project in person.projects})


def _person(lab: str, name: str, person: PersonConfig) -> Any:
    groups = [EVERYONE, *person.groups, *map(project_group, person.projects)]
    return User(
        names.title("Person", name),
        UserName=name,
        Path=names.people_path(lab),
        Groups=[Ref(group_title(one)) for one in groups],
    )
