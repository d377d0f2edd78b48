"""Images of a lab in AWS: a project's from its folder, the tracking server's from stratolab itself.

Members of a project find the lab by its name and build its images; the owner, who has `lab.toml`, also has the
project's jobs and the tracking server run in them, by a parameter of their stacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError
from stratolab.lab.aws import CONFIG as LAB_CONFIG
from stratolab.lab.aws import AwsLab
from stratolab.lab.deployed import DeployedLab, need
from stratolab.lab.local import CONFIG as PROJECT_CONFIG
from stratolab.lab.local import LocalLab

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stratolab.aws.clients import Clients
    from stratolab.aws.registry import Image
    from stratolab.config.models import ProjectConfig
    from stratolab.deploy.images import Built, Told, Workshop
    from stratolab.infra.images.recipe import Recipe

_DOING = "building an image"


@dataclass(frozen=True)
class Subject:
    """Whose image is meant: a project of a lab, its folder if there is one, and `lab.toml`'s lab for its owner."""

    project: str
    lab_name: str
    folder: Path | None
    owned: AwsLab | None

    @cached_property
    def lab(self) -> DeployedLab:
        """The lab as it stands. Raises as `AwsLab.caller` for the credentials of another account."""
        return self.owned.deployed if self.owned else DeployedLab(self.lab_name)


def subject(named: str, start: Path | None = None, *, folder: Path | None = None) -> Subject:
    """The project `named`, or that of the folder; `folder` has its `stratolab.toml`, if `start` has not.

    Raises `InputError` if no project is meant, or one whose lab is this machine.
    """
    need("boto3")
    start = (start or Path.cwd()).absolute()
    local = LocalLab.around((folder or start).absolute())
    here = local if local.configured and (not named or local.project_name == named) else None
    if folder and here is None:
        raise InputError(f"{folder} is not the folder of {named or 'a project'}", doing=_DOING)
    owned = _owned(start)
    if not named and here is None:
        raise InputError("no project is named", doing=_DOING, hint="stratolab image build PROJECT")
    project, folder = (here.project_name, here.project) if here else (named, None)
    lab = here.named if here and here.named != "local" else (owned.name if owned else "")
    if not lab:
        told = f'lab = "NAME" in [project] of {PROJECT_CONFIG}: images are for labs in AWS'
        raise InputError("the lab of this project is this machine", doing=_DOING, hint=told)
    if owned is not None and owned.name != lab:
        owned = None
    return Subject(project, lab, folder, owned)


def _owned(start: Path) -> AwsLab | None:
    found = next((one for one in (start, *start.parents) if (one / LAB_CONFIG).is_file()), None)
    return AwsLab(found / LAB_CONFIG) if found else None


# -- what makes them ------------------------------------------------------------------------------


def recipe_of(folder: Path | None) -> Recipe:
    """What makes the image of the project in a folder; without one, Python alone. Raises `InputError`."""
    need("troposphere")
    from stratolab.config.images import ImageConfig
    from stratolab.infra.images import project

    if folder is None:
        return project.recipe(ImageConfig.model_construct())
    config = LocalLab(folder).config
    options = config.image
    return project.recipe(
        options,
        requirements=_requirements(folder, config),
        hook=_read(folder, options.hook, "image.hook"),
        start=_read(folder, options.start, "image.start"),
        dockerfile=_read(folder, options.dockerfile, "image.dockerfile"),
        more={name: _read(folder, name, "image.files") or b"" for name in options.files},
    )


def _requirements(folder: Path, config: ProjectConfig) -> tuple[str, bytes] | None:
    name = config.project.requirements
    content = _read(folder, name, "project.requirements")
    return (Path(name).name, content) if name and content is not None else None


def _read(folder: Path, name: str | None, key: str) -> bytes | None:
    if name is None:
        return None
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise InputError(
            f"{key} names {name}, which cannot be read: {error.strerror}", doing=_DOING, hint=str(folder)
        ) from None


def write_context(recipe: Recipe, folder: Path) -> None:
    """Write what makes an image into a new folder, for a Docker engine of one's own. Raises `InputError`."""
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty", doing="writing what makes an image")
    for name, content in recipe.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


# -- having them ----------------------------------------------------------------------------------


def build(one: Subject, recipe: Recipe, tell: Callable[[Told], None]) -> Built:
    """The project's image in the account, built if it is not there. Raises as `deploy.images.Making.have`."""
    return _made(one.lab.clients, recipe, workshop_of(one.lab.published, one.project), tell)


def workshop_of(published: Mapping[str, str], project: str) -> Workshop:
    """Where a project's images are built. Raises `InputError` if the project is not in the lab."""
    from stratolab.deploy.images import workshop
    from stratolab.infra.parts.image_builds import FOLDER

    below = f"projects/{project}/"
    if not any(key.startswith(below) for key in published):
        raise InputError(
            f"there is no project {project!r} in this lab",
            doing=_DOING,
            hint=f"the lab's owner makes it: stratolab project init {project}",
        )
    return workshop(
        published.get(f"{below}builder"),
        published.get(f"{below}images"),
        published.get("buckets/delivery"),
        f"{FOLDER}/{project}",
    )


def images_of(one: Subject) -> tuple[list[Image], str]:
    """The project's images, the latest first, and the digest of the one that its jobs run in."""
    from stratolab.aws.registry import Registry

    place = workshop_of(one.lab.published, one.project)
    current = one.lab.published.get(f"projects/{one.project}/image", "").rpartition("@")[2]
    return Registry(one.lab.clients.of("ecr")).images(place.repository), current


def build_tracking(lab: AwsLab, tell: Callable[[Told], None]) -> Built:
    """The image of this stratolab's tracking server in the account, built if it is not there."""
    need("troposphere")
    from stratolab.deploy.images import workshop
    from stratolab.infra import names
    from stratolab.infra.images import tracking as of_tracking
    from stratolab.infra.parts.image_builds import FOLDER
    from stratolab.infra.stacks import foundation, tracking

    wanted = [stack for stack in lab.stacks if stack.concern in {"foundation", "tracking"}]
    outputs = lab.outputs(wanted)
    own = next((outputs[stack.key] for stack in wanted if stack.key in outputs and stack.environment), {})
    place = workshop(
        own.get(tracking.BUILDER.name),
        own.get(tracking.REPOSITORY.name),
        outputs.get("foundation", {}).get(foundation.DELIVERY_BUCKET.name),
        f"{FOLDER}/{names.TRACKING}",
    )
    return _made(lab.clients, of_tracking.recipe(), place, tell)


def _made(clients: Clients, recipe: Recipe, place: Workshop, tell: Callable[[Told], None]) -> Built:
    from stratolab.aws.builds import Builds
    from stratolab.aws.identity import Identity
    from stratolab.aws.logs import LogStreams
    from stratolab.aws.registry import Registry
    from stratolab.aws.s3 import Objects
    from stratolab.deploy.images import Making

    account = Identity(clients.of("sts")).caller().account
    making = Making(
        Builds(clients.of("codebuild")),
        Registry(clients.of("ecr")),
        Objects(clients.of("s3"), account),
        LogStreams(clients.of("logs")),
        tell,
    )
    return making.have(recipe, place)


# -- running in them ------------------------------------------------------------------------------


def given(lab: AwsLab, key: str, address: str) -> AwsLab:
    """The lab, with a stack that is given this image in place of the one that it has."""
    from stratolab.infra.stacks import project

    changed = AwsLab(lab.file)
    changed.config = lab.config
    changed.stacks = tuple(
        stack.given({project.IMAGE.parameter: address}) if stack.key == key else stack for stack in lab.stacks
    )
    return changed


def without_image(lab: AwsLab, key: str) -> bool:
    """Whether a stack stands and has been given no image yet; never for one whose image `lab.toml` names."""
    from stratolab.infra.stacks import project

    stack = next(one for one in lab.stacks if one.key == key)
    kept = any(one.kept and one.parameter == project.IMAGE.parameter for one in stack.inputs)
    there = lab.tools().at(stack.region).find(stack.name) if kept else None
    return there is not None and there.parameters.get(project.IMAGE.parameter) == project.NO_IMAGE


def tracking_key(lab: AwsLab) -> str:
    """The key of the tracking server's stack; empty if the lab has none."""
    return next((stack.key for stack in lab.stacks if stack.concern == "tracking"), "")
