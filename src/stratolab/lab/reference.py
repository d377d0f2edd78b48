"""The reference of the Python API as Markdown, made from the signatures and docstrings of `stratolab.__all__`.

`make docs` writes it to docs/reference/python.md, and a test keeps the two equal.
"""

from __future__ import annotations

import inspect
from typing import Any

import stratolab
from stratolab.files.models import Progress, Transfer
from stratolab.lab.api import SweepResult
from stratolab.models.models import Content, Data, Origin, Version
from stratolab.tables.connection import Connection

_ABOUT = """\
What `import stratolab` offers to your scripts, notebooks and programs. Importing it loads nothing heavy (no pandas, no
database driver): each name is fetched when it is first used. Inside a job everything goes to the job's lab; elsewhere
to the lab of the project that holds the current folder.

Errors are `stratolab.core.errors.StratolabError` or one of its kinds; each says what happened (`what`) and what to try
(`hint`), and none holds a secret. This page is made from the code by `make docs`.
"""
_GROUPS = {
    "Inside a job": ("report",),
    "Secrets": ("secret",),
    "Files": ("upload", "download"),
    "Databases and tables": ("connect", "write_table", "read_table", "read_query", "ddl"),
    "Sweeps": ("Sweep",),
    "Models": ("Models",),
    "Besides": ("__version__",),
}
_GIVEN = {
    "Files": (Transfer, Progress),
    "Databases and tables": (Connection,),
    "Sweeps": (SweepResult,),
    "Models": (Version, Origin, Content, Data),
}
_VERSION = "The version of stratolab that is installed, as text."
_WIDTH = 100


def markdown() -> str:
    """The whole page."""
    parts = ["# Python", "", _ABOUT]
    for group, names in _GROUPS.items():
        parts += [f"## {group}", ""]
        for name in names:
            parts += _section(f"stratolab.{name}", getattr(stratolab, name))
        for kind in _GIVEN.get(group, ()):
            parts += _section(kind.__name__, kind)
    return "\n".join(parts).rstrip() + "\n"


def _section(title: str, thing: Any) -> list[str]:
    if isinstance(thing, str):
        return [f"### {title}", "", _VERSION, ""]
    lines = [f"### {title}", "", "```python", *_head(thing), "```", "", _text(thing), ""]
    for name, method in vars(thing).items() if inspect.isclass(thing) else ():
        if inspect.isfunction(method) and not name.startswith("_"):
            lines += [f"**`{name}`** {_text(method)}", "", "```python", _signature(method), "```", ""]
    return lines


def _head(thing: Any) -> list[str]:
    if not inspect.isclass(thing):
        return [_signature(thing)]
    fields = inspect.get_annotations(thing)
    if fields and "__dataclass_fields__" in vars(thing):
        return [f"class {thing.__name__}:", *(f"    {name}: {kind}" for name, kind in fields.items())]
    made = _signature(thing.__init__).splitlines()
    return [f"class {thing.__name__}:", *(f"    {line}" for line in made)]


def _signature(function: Any) -> str:
    """The signature as a line of Python, or a parameter a line where it is long."""
    signature = inspect.signature(function)
    given = [parameter for parameter in signature.parameters.values() if parameter.name != "self"]
    whole = signature.replace(parameters=given)
    told = str(whole).replace("'", "")
    for parameter in given:
        if isinstance(parameter.default, str):  # whose quotes belong to it
            told = told.replace(f"= {parameter.default},", f'= "{parameter.default}",')
            told = told.replace(f"= {parameter.default})", f'= "{parameter.default}")')
    line = f"def {function.__name__}{told}: ..."
    if len(line) <= _WIDTH:
        return line
    opening, _, rest = line.partition("(")
    inner, _, result = rest.rpartition(") ->")
    parameters = ",\n    ".join(_split(inner))
    return f"{opening}(\n    {parameters},\n) ->{result}"


def _split(inner: str) -> list[str]:
    """The parameters of a signature: commas within brackets part nothing."""
    parts, depth = [""], 0
    for one in inner:
        depth += (one in "[(") - (one in "])")
        if one == "," and not depth:
            parts.append("")
        else:
            parts[-1] += one
    return [part.strip() for part in parts]


def _text(thing: Any) -> str:
    return inspect.getdoc(thing) or ""
