"""What every registry does about models that run code, and about files that were changed.

Part of `RegistryContract` (`stratolab.testing.registry`).
"""

# ruff: noqa: D102 - a test's name is its promise

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stratolab.core.errors import RefusedError
from stratolab.models import delivery, opening, service
from stratolab.models.models import Data, Opening, Origin, Reference

if TYPE_CHECKING:
    from stratolab.models.models import Version
    from stratolab.models.protocol import Registry

ORIGIN = Origin(
    run="0123456789abcdef0123456789abcdef",
    job="01jd4x0000000000",
    sweep="tune-3",
    trial=7,
    capsule="0123456789abcdef",
    seed=-5,
    params={"rate": 0.1, "model": "gbm", "depth": 3, "flip": True, "näme": "ünï"},
    metric="log_loss",
    value=1 / 3,
    metrics={"log_loss": 1 / 3, "accuracy": 0.5},
    data={"data/games.csv": Data(12, "ab" * 32, 1), "gone": Data(0, "", 0)},
)


class _Marker:
    """Unpickling it says so in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


class RegistrySafety:
    """Nothing runs code unless this lab has signed it."""

    @pytest.fixture
    def model(self, tmp_path: Path) -> Path:
        """A safe model."""
        path = tmp_path / "job" / "model.json"
        path.parent.mkdir()
        path.write_text('{"weights": [1, 2]}', encoding="utf-8")
        return path

    @pytest.fixture
    def canary(self, tmp_path: Path) -> Path:
        """A file that is there when somebody has unpickled the hostile model."""
        return tmp_path / "canary"

    @pytest.fixture
    def hostile(self, tmp_path: Path, canary: Path) -> Path:
        """A model whose opening makes the canary."""
        path = tmp_path / "model.pkl"
        path.write_bytes(pickle.dumps(_Marker(canary)))
        return path

    def test_what_runs_code_is_registered_only_on_request(
        self, registry: Registry, hostile: Path, canary: Path
    ) -> None:
        with pytest.raises(RefusedError, match="a pickle that imports") as refused:
            self.add(registry, hostile)
        assert "--allow-code" in refused.value.hint
        assert registry.versions() == []
        version = self.add(registry, hostile, allow_code=True)
        assert version.content is not None
        assert version.content.opening is Opening.CODE
        assert not canary.exists()

    def test_signed_code_is_opened(self, registry: Registry, hostile: Path, canary: Path) -> None:
        version = self.add(registry, hostile, allow_code=True)
        opening.load(registry, version)
        assert canary.exists()

    def test_another_labs_code_is_not_opened(
        self, registry: Registry, foreign: Registry, hostile: Path, canary: Path
    ) -> None:
        self.add(registry, hostile, allow_code=True)
        version = service.find(foreign, Reference("model"))
        self.assert_refused(foreign, version, canary, "another lab")
        self.add(foreign, hostile, run=2, allow_code=True)  # and now it has a key of its own
        self.assert_refused(foreign, version, canary, "another lab")

    def test_registering_it_again_signs_it_here(
        self, registry: Registry, foreign: Registry, hostile: Path, canary: Path
    ) -> None:
        first = self.add(registry, hostile, allow_code=True)
        again = self.add(foreign, hostile, allow_code=True)
        assert again.version == first.version
        opening.load(foreign, again)
        assert canary.exists()

    def test_changed_bytes_are_not_opened(
        self, registry: Registry, hostile: Path, model: Path, canary: Path
    ) -> None:
        for path in (hostile, model):
            version = self.add(registry, path, name=path.stem + path.suffix[1:], allow_code=True)
            self.tamper(registry, version)
            self.assert_refused(registry, version, canary, "changed")
            with pytest.raises(RefusedError):
                delivery.download(registry, version, path.parent / "copy")
            assert not (path.parent / "copy").exists()

    def test_registering_changed_bytes_again_mends_them(self, registry: Registry, model: Path) -> None:
        version = self.add(registry, model)
        self.tamper(registry, version)
        assert self.add(registry, model) == version
        assert opening.load(registry, version) == {"weights": [1, 2]}

    def test_a_changed_claim_is_not_believed(self, registry: Registry, hostile: Path, canary: Path) -> None:
        version = self.add(registry, hostile, allow_code=True)
        assert version.content is not None
        claims = [
            replace(version, content=replace(version.content, opening=Opening.SAFE)),
            replace(
                version, content=replace(version.content, opening=Opening.SAFE, reasons=(), format="json")
            ),
            replace(version, content=replace(version.content, reasons=())),
            replace(version, name="other"),
            replace(version, origin=replace(version.origin, run="ef" * 16)),
            replace(version, signature=""),
            replace(
                version, signature=version.signature[:-1] + ("0" if version.signature[-1] != "0" else "1")
            ),
            replace(version, signature="none:" + version.signature),
            replace(version, content=None),
        ]
        for claim in claims:
            self.assert_refused(registry, claim, canary, "it runs code when it is opened")
        for claim in claims[:-1]:
            with pytest.raises(RefusedError, match="it runs code when it is opened"):
                delivery.download(registry, claim, hostile.parent / "copy")
            assert not (hostile.parent / "copy").exists()

    def test_safe_files_need_no_signature(self, registry: Registry, foreign: Registry, model: Path) -> None:
        version = self.add(registry, model)
        assert opening.load(foreign, version) == {"weights": [1, 2]}
        assert opening.load(registry, replace(version, signature="")) == {"weights": [1, 2]}
        assert opening.load(registry, replace(version, content=None)) == {"weights": [1, 2]}

    # --- tools -----------------------------------------------------------------------------------

    def add(
        self,
        registry: Registry,
        path: Path,
        *,
        name: str = "model",
        run: int | None = None,
        origin: Origin = ORIGIN,
        allow_code: bool = False,
    ) -> Version:
        """Register a file."""
        origin = origin if run is None else replace(origin, run=f"{run:032x}")
        wanted = service.Wanted(name, origin, allow_code=allow_code)
        return service.register(registry, wanted, path)[0]

    def tamper(self, registry: Registry, version: Version) -> None:
        """Change a byte of a registered file where the registry keeps it."""
        path = next(path for path in registry.files(version).rglob("*") if path.is_file())
        content = bytearray(path.read_bytes())
        content[-2] ^= 1
        path.write_bytes(content)

    def assert_refused(self, registry: Registry, version: Version, canary: Path, words: str) -> None:
        """Loading is refused, and nothing was run."""
        with pytest.raises(RefusedError, match=words):
            opening.load(registry, version)
        assert not canary.exists()
