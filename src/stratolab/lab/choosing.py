"""Which lab a command means: the project's, the lab of a `lab.toml`, or one by its name."""

from __future__ import annotations

from pathlib import Path

from stratolab.lab.aws import CONFIG as LAB_CONFIG
from stratolab.lab.aws import AwsLab
from stratolab.lab.deployed import DeployedLab
from stratolab.lab.local import CONFIG as PROJECT_CONFIG
from stratolab.lab.local import FOLDER, LocalLab

LOCAL = "local"


def chosen(named: str = "", start: Path | None = None) -> LocalLab | DeployedLab:
    """The lab `named`; without a name, the lab that the folder belongs to.

    That is the lab of the nearest project (`lab` in its `[project]`), or of the nearest `lab.toml` if that is nearer or
    there is no project; else the local lab. Raises `InputError` if there is no such lab.
    """
    start = (start or Path.cwd()).absolute()
    file = _nearest(start)
    if named in {"", LOCAL} and (named == LOCAL or file is None or file.name != LAB_CONFIG):
        lab = LocalLab.around(start)
        named = named or lab.named
        if named == LOCAL:
            return lab
    if file is not None and file.name == LAB_CONFIG and named in {"", AwsLab(file).name}:
        return AwsLab(file).deployed
    return DeployedLab(named)


def _nearest(start: Path) -> Path | None:
    """The nearest file that says which lab is meant. Of two in one folder, the project's."""
    for folder in (start, *start.parents):
        if (folder / PROJECT_CONFIG).is_file() or (folder / FOLDER / "store.db").is_file():
            return folder / PROJECT_CONFIG
        if (folder / LAB_CONFIG).is_file():
            return folder / LAB_CONFIG
    return None
