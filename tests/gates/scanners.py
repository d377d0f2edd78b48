"""checkov, Control Tower's rules by cfn-guard, and cdk-nag over templates, each remembered by the template's text.

They live in an environment of their own (tools/gates-env). One process of a tool looks at all templates that it has
not seen before; what it said lies in pytest's cache under the digest of the locks and the template. Test processes
that want the same wait for each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import re
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.gates.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".gates"
NODE = ENVIRONMENT / "bin" / "node"
MODULES = ENVIRONMENT / "node_modules"
HOW_TO_GET_THEM = "tools/gates-env"
CACHE = ROOT / ".pytest_cache" / "gates"
LIMIT = 1500.0
"""Seconds for all templates of one tool, on a machine that does other things as well."""

Found = list[tuple[str, str, str]]
"""Rules, resources and texts, of one template."""


class ToolError(RuntimeError):
    """A tool did not do its work; its own words are in the message. Never taken for a clean template."""


def there() -> bool:
    """Whether the environment is there."""
    return (ENVIRONMENT / "stamp").exists()


def scan(tool: str, bodies: Mapping[str, str]) -> dict[str, list[Finding]]:
    """What a tool says of templates, by their names. Raises `ToolError`."""
    folder = CACHE / tool
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: folder / f"{_digest(tool, body)}.json" for name, body in bodies.items()}
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        new = [name for name, file in kept.items() if not file.exists()]
        if new:
            said = _look(tool, [bodies[name] for name in new])
            for name, found in zip(new, said, strict=True):
                kept[name].write_text(json.dumps(found), encoding="utf-8")
    return {
        name: [Finding(tool, *one) for one in json.loads(file.read_text(encoding="utf-8"))]
        for name, file in kept.items()
    }


def _look(tool: str, texts: Sequence[str]) -> list[Found]:
    with tempfile.TemporaryDirectory() as scratch:
        files = [Path(scratch) / f"t{number:04}.json" for number in range(len(texts))]
        for file, text in zip(files, texts, strict=True):
            file.write_text(text, encoding="utf-8")
        said = TOOLS[tool](Path(scratch), files)
    return [sorted(set(said.get(file.name, []))) for file in files]


# -- the tools ------------------------------------------------------------------------------------


def checkov(folder: Path, files: Sequence[Path]) -> dict[str, Found]:
    """Its rules for CloudFormation, and its look for secrets."""
    kinds = ("--framework", "cloudformation", "secrets")
    quiet = ("--skip-download", "--compact", "--quiet", "--soft-fail", "--output", "json")
    reports = _run([str(ENVIRONMENT / "bin" / "checkov"), "--directory", str(folder), *kinds, *quiet])
    found: dict[str, Found] = {}
    looked: set[str] = set()
    for report in reports if isinstance(reports, list) else [reports]:
        if report["summary"]["parsing_errors"]:
            raise ToolError(f"checkov could not read {report['results']['parsing_errors']}")
        looked.add(report["check_type"])
        for one in report["results"]["failed_checks"]:
            title = one["resource"].rpartition(".")[2] if one["check_class"] else ""
            found.setdefault(Path(one["file_path"]).name, []).append(
                (one["check_id"], title, one["check_name"])
            )
    if "cloudformation" not in looked:
        raise ToolError(f"checkov did not look at {len(files)} templates")
    return found


def guard(folder: Path, files: Sequence[Path]) -> dict[str, Found]:
    """Control Tower's proactive rules."""
    package = MODULES / "@cdklabs" / "cdk-validator-cfnguard"
    system = {"Linux": "ubuntu", "Darwin": "macos"}[platform.system()]
    machine = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
    rules = package / "rules" / "control-tower" / "cfn-guard"
    command = [str(package / "bin" / system / machine / "cfn-guard"), "validate", "--structured"]
    reports = _run(
        [*command, "--output-format", "json", "--show-summary", "none",
         "--rules", str(rules), "--data", str(folder)], well={0, 19}
    )  # fmt: skip
    if {Path(report["name"]).name for report in reports} != {file.name for file in files}:
        raise ToolError(f"cfn-guard did not look at all of {len(files)} templates")
    found: dict[str, Found] = {}
    for report in reports:
        for one in report["not_compliant"]:
            found.setdefault(Path(report["name"]).name, []).extend(_of_guard(one["Rule"]))
    return found


_CONTROL = re.compile(r"\[(CT\.[A-Z0-9.]+)\]: ([^\n]*)")
_TITLE = re.compile(r'"/Resources/(\w+)')


def _of_guard(rule: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """A failed rule as one finding for each resource that its checks name."""
    text = json.dumps(rule)
    controls = dict(_CONTROL.findall(text.replace("\\n", "\n"))) or {rule["name"]: ""}
    for title in sorted(set(_TITLE.findall(text))) or [""]:
        for control, told in controls.items():
            yield control, title, told


def nag(_: Path, files: Sequence[Path]) -> dict[str, Found]:
    """cdk-nag's AwsSolutions pack."""
    script = Path(__file__).with_name("nag.cjs")
    said = _run([str(NODE), str(script), str(MODULES), *map(str, files)])
    return {Path(file).name: [tuple(one) for one in found] for file, found in said.items()}


TOOLS: dict[str, Callable[[Path, Sequence[Path]], dict[str, Found]]] = {
    "checkov": checkov,
    "guard": guard,
    "nag": nag,
}


# -- parts ----------------------------------------------------------------------------------------


def _run(command: list[str], *, well: set[int] = frozenset({0})) -> Any:  # type: ignore[assignment]
    """What a tool prints as JSON."""
    asleep = {"BC_SKIP_MAPPING": "TRUE", "LOG_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"}  # asks nobody
    ended = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=LIMIT, cwd=tempfile.gettempdir(),
        env={**{name: os.environ[name] for name in ("PATH", "HOME", "LC_ALL") if name in os.environ}, **asleep},
    )  # fmt: skip
    if ended.returncode not in well:
        raise ToolError(f"{Path(command[0]).name} ended with {ended.returncode}: {ended.stderr[-2000:]}")
    try:
        return json.loads(ended.stdout)
    except json.JSONDecodeError:
        raise ToolError(f"{Path(command[0]).name} printed no JSON: {ended.stdout[-500:]}") from None


def _digest(tool: str, body: str) -> str:
    return hashlib.sha256(f"{tool} {_versions()} {body}".encode()).hexdigest()


@cache
def _versions() -> str:
    """What decides about a tool's answer beside the template: the locks, and how it is asked."""
    folder = Path(__file__).parent
    files = (
        folder / "tools" / "requirements.txt",
        folder / "tools" / "package-lock.json",
        folder / "nag.cjs",
        Path(__file__),
    )
    return " ".join(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
