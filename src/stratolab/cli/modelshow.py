"""How registered models are shown: a line, a page, a JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stratolab.cli import ui
from stratolab.core.errors import StratolabError
from stratolab.core.units import format_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.lab.local import LocalLab
    from stratolab.models.models import Data, Version


def document(version: Version) -> dict[str, Any]:
    """A version as JSON. The keys are stable; times are seconds since the epoch, sizes bytes."""
    origin, content = version.origin, version.content
    return {
        "name": version.name,
        "version": version.version,
        "aliases": list(version.aliases),
        "description": version.description or None,
        "created": version.created,
        "source": version.source,
        "run": origin.run or None,
        "job": origin.job or None,
        "sweep": origin.sweep or None,
        "trial": origin.trial,
        "capsule": origin.capsule or None,
        "seed": origin.seed,
        "params": dict(origin.params),
        "metric": origin.metric or None,
        "value": origin.value,
        "metrics": dict(origin.metrics),
        "data": {
            path: {"size": data.size, "sha256": data.sha256, "files": data.files}
            for path, data in origin.data.items()
        },
        "written": origin.written or None,
        "path": content.path if content else None,
        "format": content.format if content else None,
        "opening": str(content.opening) if content else None,
        "reasons": list(content.reasons) if content else [],
        "size": content.size if content else None,
        "files": content.files if content else None,
        "sha256": content.sha256 if content else None,
        "schema": version.schema,
        "sample": version.sample,
        "signature": version.signature or None,
    }


def page(lab: LocalLab, version: Version) -> None:
    """Everything known about a version."""
    origin, content = version.origin, version.content
    ui.fields(
        [
            ("model", f"{version.name}, version {version.version}"),
            ("aliases", ", ".join(version.aliases)),
            ("about", version.description),
            ("registered", ui.moment(version.created)),
            ("format", f"{content.format}: {content.opening}" if content else "not looked at (registered by MLflow)"),
            ("why", "\n".join(content.reasons) if content else ""),
            ("signature", _signature(lab, version)),
            ("files", _files(version)),
            ("sha256", content.sha256 if content else ""),
            ("from", _origin(version)),
            ("written", f"{origin.written} the job" if origin.written not in {"", "during"} else ""),
            ("run", origin.run),
            ("params", ", ".join(f"{name}={_short(value)}" for name, value in origin.params.items())),
            (origin.metric or "value", value(version, alone=True)),
            ("metrics", ", ".join(f"{name}={ui.number(number)}" for name, number in origin.metrics.items())),
            ("seed", "" if origin.seed is None else str(origin.seed)),
            ("data", "\n".join(f"{path}: {_fingerprint(item)}" for path, item in origin.data.items())),
            ("code", origin.capsule),
            ("input", json.dumps(version.schema, ensure_ascii=False) if version.schema is not None else ""),
            ("sample", json.dumps(version.sample, ensure_ascii=False) if version.sample is not None else ""),
        ]
    )  # fmt: skip


def models_table(versions: Sequence[Version]) -> None:
    """A line a model: how many versions, the aliases, and the latest one."""
    by_name: dict[str, list[Version]] = {}
    for version in versions:
        by_name.setdefault(version.name, []).append(version)
    rows = []
    for name, found in by_name.items():
        latest = found[0]
        aliases = [f"{alias}={version.version}" for version in found for alias in version.aliases]
        rows.append(
            (name, str(latest.version), str(len(found)), ", ".join(aliases), value(latest), opening(latest),
             ui.ago(latest.created))
        )  # fmt: skip
    ui.table(
        ("model", "latest", "versions", "aliases", "value", "opening", "age"),
        rows,
        right=("latest", "versions", "age"),
    )


def versions_table(versions: Sequence[Version]) -> None:
    """A line a version."""
    ui.table(
        ("version", "aliases", "value", "format", "opening", "size", "from", "age"),
        [
            (
                str(version.version),
                ", ".join(version.aliases),
                value(version),
                version.content.format if version.content else "",
                opening(version),
                format_size(version.content.size) if version.content else "",
                _from(version),
                ui.ago(version.created),
            )
            for version in versions
        ],
        right=("version", "size", "age"),
    )


def value(version: Version, *, alone: bool = False) -> str:
    """The number that says how good a version is, with its metric's name unless it stands `alone`."""
    origin = version.origin
    if origin.value is None:
        return ""
    return ui.number(origin.value) if alone else f"{origin.metric}={ui.number(origin.value)}"


def opening(version: Version) -> str:
    """What happens when the version is opened, in a word or two."""
    return str(version.content.opening) if version.content else "not looked at"


def _signature(lab: LocalLab, version: Version) -> str:
    from stratolab.models.signing import statement

    if version.content is None:
        return "none"
    try:
        lab.models.signer.check(
            statement(version.name, version.origin.run, version.content), version.signature
        )
    except StratolabError as error:
        return f"not valid: {error.what}"
    return "this lab's"


def _files(version: Version) -> str:
    content = version.content
    if content is None:
        return version.source
    size = format_size(content.size)
    return (
        f"{content.path}, {size}" if content.files == 1 else f"{content.path}, {content.files} files, {size}"
    )


def _origin(version: Version) -> str:
    origin = version.origin
    trial = f" (trial {origin.trial} of {origin.sweep})" if origin.sweep else ""
    return f"job {origin.job}{trial}" if origin.job else ""


def _from(version: Version) -> str:
    origin = version.origin
    return f"{origin.sweep}/{origin.trial}" if origin.sweep else origin.job


def _fingerprint(data: Data) -> str:
    return f"{data.sha256[:12]}, {format_size(data.size)}" if data.sha256 else "was not there"


def _short(value: object) -> str:
    return ui.number(value) if isinstance(value, float) else str(value)
