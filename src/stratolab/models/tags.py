"""A version as MLflow keeps it: a row and its tags. What is not MLflow's own stands in tags `stratolab.*`.

A tag is text that anybody with the store can change. So reading never fails on one: what cannot be read is as
good as absent, and what matters (hash, format, reasons) is under the signature.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from stratolab.models.models import Content, Data, Draft, Opening, Origin, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX: Final = "stratolab."
SHA256: Final = f"{PREFIX}sha256"
JOB: Final = f"{PREFIX}job"
_LIMIT: Final = 90_000  # characters; MLflow takes 100,000 in a tag of a version
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")  # it names a folder
_MILLISECONDS: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Row:
    """A version as it stands in MLflow's tables. `created` in milliseconds since the epoch.

    `storage` is where its files are; `source` what was registered. `run_tags` are those of its run, of ours.
    """

    name: str
    version: int
    created: int
    description: str
    source: str
    storage: str
    run: str
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    run_tags: Mapping[str, str] = field(default_factory=dict)


def of_draft(draft: Draft) -> dict[str, str]:
    """The tags of a new version."""
    origin, content = draft.origin, draft.content
    found: dict[str, object] = {
        "job": origin.job,
        "sweep": origin.sweep,
        "trial": origin.trial,
        "capsule": origin.capsule,
        "seed": origin.seed,
        "params": dict(origin.params),
        "metric": origin.metric,
        "value": origin.value,
        "metrics": dict(origin.metrics),
        "data": {path: asdict(data) for path, data in origin.data.items()},
        "written": origin.written,
        "sha256": content.sha256,
        "size": content.size,
        "files": content.files,
        "format": content.format,
        "opening": content.opening.value,
        "reasons": list(content.reasons),
        "path": content.path,
        "signature": draft.signature,
        "schema": draft.schema,
        "sample": draft.sample,
    }
    return {
        f"{PREFIX}{name}": _text(value) for name, value in found.items() if value not in (None, "", {}, [])
    }


def of_version(version: Version) -> dict[str, str]:
    """The tags that a version would have, were it made anew; none for one whose files were never looked at."""
    if version.content is None:
        return {}
    return of_draft(
        Draft(
            name=version.name,
            origin=version.origin,
            content=version.content,
            signature=version.signature,
            schema=version.schema,
            sample=version.sample,
        )
    )


def version_of(row: Row) -> Version:
    """The version that a row stands for."""
    return Version(
        name=row.name,
        version=row.version,
        created=row.created / _MILLISECONDS,
        source=row.storage or row.source,
        description=row.description,
        aliases=tuple(sorted(row.aliases)),
        origin=_origin(row),
        content=_content(row),
        schema=_mapping(row, "schema") or None,
        sample=_json(row, "sample"),
        signature=row.tags.get(f"{PREFIX}signature", ""),
    )


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if len(text) <= _LIMIT:
        return text
    if isinstance(value, dict):  # the capsule and the job's folder have all of it
        return _text(dict(list(value.items())[: len(value) * 9 // 10]))
    return _text(value[: len(value) * 9 // 10]) if isinstance(value, list) else text[:_LIMIT]


def _origin(row: Row) -> Origin:
    tag = {**row.run_tags, **row.tags}.get
    return Origin(
        run=row.run,
        job=tag(JOB) or "",
        sweep=tag(f"{PREFIX}sweep") or "",
        trial=_whole(tag(f"{PREFIX}trial")),
        capsule=tag(f"{PREFIX}capsule") or "",
        seed=_whole(tag(f"{PREFIX}seed")),
        params=_mapping(row, "params"),
        metric=tag(f"{PREFIX}metric") or "",
        value=_number(_json(row, "value")),
        metrics={
            name: float(value)
            for name, value in _mapping(row, "metrics").items()
            if _number(value) is not None
        },
        data={
            path: found for path, item in _mapping(row, "data").items() if (found := _data(item)) is not None
        },
        written=tag(f"{PREFIX}written") or "",
    )


def _content(row: Row) -> Content | None:
    digest = row.tags.get(SHA256, "")
    if not _DIGEST.fullmatch(digest):
        return None
    reasons = _json(row, "reasons")
    said = row.tags.get(f"{PREFIX}opening", "")
    return Content(
        sha256=digest,
        size=_whole(row.tags.get(f"{PREFIX}size")) or 0,
        files=_whole(row.tags.get(f"{PREFIX}files")) or 0,
        format=row.tags.get(f"{PREFIX}format", ""),
        opening=Opening(said) if said in set(Opening) else Opening.CODE,
        reasons=tuple(map(str, reasons)) if isinstance(reasons, list) else (),
        path=row.tags.get(f"{PREFIX}path", ""),
    )


def _data(item: Any) -> Data | None:
    try:
        return Data(int(item["size"]), str(item["sha256"]), int(item["files"]))
    except (TypeError, ValueError, KeyError):
        return None


def _json(row: Row, name: str) -> Any:
    try:
        return json.loads(row.tags.get(f"{PREFIX}{name}", "null"))
    except (ValueError, RecursionError):
        return None


def _mapping(row: Row, name: str) -> dict[str, Any]:
    found = _json(row, name)
    return found if isinstance(found, dict) else {}


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.lstrip("-").isdigit() else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
