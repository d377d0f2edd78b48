"""Into a registry and about it, whichever it is: register, find, who holds an alias, compare."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from stratolab.core.errors import InputError, RefusedError
from stratolab.core.names import did_you_mean, nearest
from stratolab.models import inspection, tree
from stratolab.models.models import Draft, Opening, check_alias, check_name
from stratolab.models.schema import bounded, from_mlflow, from_sample
from stratolab.models.signing import statement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from stratolab.models.models import Content, Logged, Origin, Reference, Staged, Version
    from stratolab.models.protocol import Registry

_SLACK: Final = 2.0  # seconds: file systems round the times of files, some to two seconds
_MISSING: Final = "-"
_NAMED: Final = 20  # names in a hint


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to register: the name, where the files come from, what a reader should know, whether code may be in it.

    `ran` is when the job began and ended, in seconds since the epoch; None for an end that is not there yet.
    """

    name: str
    origin: Origin
    ran: tuple[float | None, float | None] = (None, None)
    description: str = ""
    sample: Any = None
    allow_code: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of a comparison: what it is about, and what either version has."""

    about: str
    name: str
    one: str
    other: str

    @property
    def same(self) -> bool:
        """Whether both have the same."""
        return self.one == self.other


def register(registry: Registry, wanted: Wanted, files: Path | Logged) -> tuple[Version, bool]:
    """Register the files, and say whether that made a new version.

    Raises `RefusedError` for a model that runs code when it is opened, unless that is allowed; it then names why.
    """
    check_name(wanted.name)
    with registry.stage(files) as staged:
        found = inspection.inspect(staged.folder, staged.tree)
        if staged.source and tree.read(staged.folder).sha256 != staged.tree.sha256:
            raise RefusedError("its files changed while they were looked at", doing="registering a model")
        content = inspection.content(staged.tree, found, staged.path)
        if content.opening is Opening.CODE and not wanted.allow_code:
            raise _runs_code(wanted.name, content)
        origin = _dated(wanted, staged)
        schema = from_mlflow(found.inputs) if found.inputs else None
        if schema is None and wanted.sample is not None:
            schema = from_sample(wanted.sample)
        draft = Draft(
            name=wanted.name,
            origin=origin,
            content=content,
            signature=registry.signer.sign(statement(wanted.name, origin.run, content)),
            schema=None if schema is None else bounded(schema),
            sample=wanted.sample,
            description=wanted.description,
        )
        return registry.publish(draft, staged)


def find(registry: Registry, reference: Reference) -> Version:
    """The version that is meant; the latest one for a name alone.

    Raises `InputError` naming what there is if there is none.
    """
    versions = registry.versions(reference.name)
    if not versions:
        known = sorted({version.name for version in registry.versions()})
        raise InputError(f"there is no model {reference.name!r}", hint=_other_name(reference.name, known))
    if reference.alias:
        meant = [version for version in versions if reference.alias in version.aliases]
    else:
        meant = [version for version in versions if reference.version in {None, version.version}]
    if meant:
        return meant[0]
    aliases = ", ".join(sorted({alias for version in versions for alias in version.aliases})) or "none"
    lacking = f"alias {reference.alias!r}" if reference.alias else f"version {reference.version}"
    raise InputError(
        f"{reference.name} has no {lacking}",
        hint=f"stratolab models ls {reference.name}  (aliases: {aliases}; latest version: {versions[0].version})",
    )


def holder(registry: Registry, name: str, alias: str) -> Version | None:
    """The version that an alias names now."""
    check_alias(alias)
    return next((version for version in registry.versions(name) if alias in version.aliases), None)


def compare(
    one: Version, other: Version, code: Callable[[], Sequence[str]], commands: tuple[str, str]
) -> list[Difference]:
    """Everything that two versions can differ in, a line each; equal lines too.

    `code` tells how the code differs; `commands` are what the two jobs ran.
    """
    a, b = one.origin, other.origin
    lines = [Difference("model", "version", str(one.reference), str(other.reference))]
    lines += [Difference("model", "aliases", ", ".join(one.aliases), ", ".join(other.aliases))]
    lines += [Difference("job", "command", *commands)]
    lines += _of_mappings("param", a.params, b.params)
    lines += _of_mappings("metric", _metrics(a), _metrics(b))
    lines += [Difference("seed", "seed", _shown(a.seed), _shown(b.seed))]
    lines += _of_mappings(
        "data",
        {path: f"{data.sha256[:12] or 'missing'} ({data.size} bytes)" for path, data in a.data.items()},
        {path: f"{data.sha256[:12] or 'missing'} ({data.size} bytes)" for path, data in b.data.items()},
    )
    lines += [
        Difference("code", line, a.capsule, b.capsule) for line in (code() if a.capsule != b.capsule else ())
    ]
    for name in ("format", "opening", "size", "files", "sha256"):
        lines.append(
            Difference("files", name, _of_content(one.content, name), _of_content(other.content, name))
        )
    return lines


def _other_name(name: str, known: Sequence[str]) -> str:
    """What to try instead of a name that is not known."""
    if not known:
        return "stratolab models register NAME PATH"
    few = len(known) <= _NAMED or nearest(name, known)
    return did_you_mean(name, known) if few else "stratolab models ls"


def _runs_code(name: str, content: Content) -> RefusedError:
    reasons = "\n  ".join(content.reasons)
    return RefusedError(
        f"{content.path or name} runs code when it is opened:\n  {reasons}",
        doing="registering a model",
        hint="save it as skops, ONNX, safetensors, or in its library's own format; if you trust it: --allow-code",
    )


def _dated(wanted: Wanted, staged: Staged) -> Origin:
    """The origin, with whether the files were written while the job ran."""
    began, ended = wanted.ran
    written = "during"
    if began is not None and staged.tree.changed < began - _SLACK:
        written = "before"
    elif ended is not None and staged.tree.changed > ended + _SLACK:
        written = "after"
    return replace(wanted.origin, written=written if began is not None else "")


def _metrics(origin: Origin) -> dict[str, float]:
    own = {origin.metric: origin.value} if origin.metric and origin.value is not None else {}
    return {**origin.metrics, **own}


def _of_mappings(about: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Difference]:
    names = dict.fromkeys([*one, *other])
    return [
        Difference(about, name, _shown(one.get(name, _MISSING)), _shown(other.get(name, _MISSING)))
        for name in names
    ]


def _of_content(content: Content | None, name: str) -> str:
    return _MISSING if content is None else str(getattr(content, name))


def _shown(value: object) -> str:
    if value is None:
        return _MISSING
    return f"{value:.6g}" if isinstance(value, float) else str(value)
