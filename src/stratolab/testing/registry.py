"""The contract that every registry of models must pass: subclass `RegistryContract` and give it `registry`.

class TestMyRegistry(RegistryContract):
    @pytest.fixture
    def registry(self, tmp_path):
        return MyRegistry(...)      # empty

    @pytest.fixture
    def foreign(self, tmp_path):
        return MyRegistry(...)      # the same store, opened by a lab with another signing key
"""

# ruff: noqa: D102 - a test's name is its promise

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from stratolab.core.errors import InputError, RefusedError
from stratolab.models import delivery, opening, service
from stratolab.models.models import Data, Opening, Origin, Reference
from stratolab.testing.registry_safety import ORIGIN, RegistrySafety

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stratolab.models.protocol import Registry


class RegistryContract(RegistrySafety):
    """What every registry does."""

    contenders = 6

    # --- registering -----------------------------------------------------------------------------

    def test_an_empty_registry_has_no_versions(self, registry: Registry) -> None:
        assert registry.versions() == []
        assert registry.versions("nothing") == []
        assert registry.logged("job", "run") == []
        assert registry.metrics("run") == {}

    def test_everything_that_was_registered_comes_back(self, registry: Registry, model: Path) -> None:
        version, new = service.register(
            registry,
            service.Wanted(
                "world-series",
                ORIGIN,
                description="the first\nof many 🦉",
                sample={"year": 2015, "teams": ["a"]},
            ),
            model,
        )
        assert new
        assert (version.name, version.version, version.aliases) == ("world-series", 1, ())
        assert version.origin == ORIGIN
        assert version.description == "the first\nof many 🦉"
        assert version.sample == {"year": 2015, "teams": ["a"]}
        assert version.schema is not None
        assert version.schema["required"] == ["year", "teams"]
        assert version.content is not None
        assert (version.content.format, version.content.opening) == ("json", Opening.SAFE)
        assert (version.content.path, version.content.files, version.content.size) == ("model.json", 1, 19)
        assert registry.versions("world-series") == registry.versions() == [version]

    def test_an_origin_of_which_little_is_known(self, registry: Registry, model: Path) -> None:
        origin = Origin(run="ab" * 16, job="01")
        assert self.add(registry, model, origin=origin).origin == origin

    def test_versions_count_up_from_one_newest_first(self, registry: Registry, model: Path) -> None:
        for number in range(1, 5):
            assert self.add(registry, model, run=number).version == number
        assert [version.version for version in registry.versions("model")] == [4, 3, 2, 1]
        assert self.add(registry, model, name="other").version == 1
        assert {version.name for version in registry.versions()} == {"model", "other"}

    def test_the_same_bytes_of_the_same_run_are_the_same_version(
        self, registry: Registry, model: Path
    ) -> None:
        first = self.add(registry, model)
        again, new = service.register(registry, service.Wanted("model", ORIGIN), model)
        assert (again, new) == (first, False)
        assert self.add(registry, model, run=2).version == 2
        model.write_text("{}", encoding="utf-8")
        assert self.add(registry, model).version == 3
        assert len(registry.versions("model")) == 3

    def test_registering_again_brings_what_it_says_besides(self, registry: Registry, model: Path) -> None:
        self.add(registry, model)
        wanted = service.Wanted("model", ORIGIN, description="better words", sample={"year": 1})
        service.register(registry, wanted, model)
        again, new = service.register(registry, service.Wanted("model", ORIGIN), model)
        assert not new
        assert (again.description, again.sample) == ("better words", {"year": 1})
        assert registry.versions("model") == [again]

    def test_a_folder_keeps_its_tree(self, registry: Registry, tmp_path: Path) -> None:
        folder = tmp_path / "tree"
        (folder / "sub" / "deep").mkdir(parents=True)
        (folder / "sub" / "deep" / "w.json").write_text("[1]", encoding="utf-8")
        (folder / "notes with spaces.txt").write_text("ü", encoding="utf-8")
        (folder / "link.json").symlink_to("sub/deep/w.json")
        version = self.add(registry, folder)
        files, content = delivery.verified(registry, version)
        assert (content.files, content.path) == (3, "tree")
        assert (files / "sub" / "deep" / "w.json").read_text(encoding="utf-8") == "[1]"
        assert (files / "link.json").read_text(encoding="utf-8") == "[1]"
        assert not (files / "link.json").is_symlink()

    def test_what_the_job_does_to_its_file_later_does_not_matter(
        self, registry: Registry, model: Path
    ) -> None:
        version = self.add(registry, model)
        model.write_text("other", encoding="utf-8")
        model.unlink()
        assert opening.load(registry, version) == {"weights": [1, 2]}

    def test_large_things_are_kept_as_far_as_they_fit(self, registry: Registry, model: Path) -> None:
        many = {f"data/{number:05}.csv": Data(number, "ab" * 32, 1) for number in range(5000)}
        origin = replace(ORIGIN, data=many, params={"text": "x" * 5000})
        found = self.add(registry, model, origin=origin)
        assert found.origin.params == origin.params
        assert 500 < len(found.origin.data) <= 5000
        assert found.origin.data.items() <= many.items()
        assert delivery.verified(registry, found)

    @pytest.mark.parametrize(
        "name", ["", "a/b", "a:b", "../up", ".hidden", "with space", "x" * 101, "ü", "a\nb"]
    )
    def test_a_name_that_cannot_be_one_is_refused(self, registry: Registry, model: Path, name: str) -> None:
        with pytest.raises(InputError):
            self.add(registry, model, name=name)
        assert registry.versions() == []

    def test_files_that_are_none_are_refused(self, registry: Registry, tmp_path: Path) -> None:
        empty = tmp_path / "empty"
        empty.mkdir()
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "link").symlink_to("/etc/passwd")
        folder = tmp_path / "linked-folder"
        folder.mkdir()
        (folder / "link").symlink_to(outside, target_is_directory=True)
        for path, error in (
            (empty, InputError),
            (tmp_path / "none", InputError),
            (outside, RefusedError),
            (folder, RefusedError),
        ):
            with pytest.raises(error):
                self.add(registry, path)
        assert registry.versions() == []

    # --- finding, aliases ------------------------------------------------------------------------

    def test_a_reference_finds_its_version(self, registry: Registry, model: Path) -> None:
        versions = [self.add(registry, model, run=number) for number in range(3)]
        registry.set_alias(versions[1], "champion")
        assert service.find(registry, Reference("model")).version == 3
        assert service.find(registry, Reference("model", version=1)).version == 1
        assert service.find(registry, Reference("model", alias="champion")).version == 2

    def test_what_is_not_there_is_told_with_what_is(self, registry: Registry, model: Path) -> None:
        with pytest.raises(InputError, match="no model 'model'"):
            service.find(registry, Reference("model"))
        registry.set_alias(self.add(registry, model), "champion")
        with pytest.raises(InputError) as wrong:
            service.find(registry, Reference("modle"))
        assert "model" in wrong.value.hint
        with pytest.raises(InputError) as wrong:
            service.find(registry, Reference("model", alias="champoin"))
        assert "champion" in wrong.value.hint
        with pytest.raises(InputError, match="version 9"):
            service.find(registry, Reference("model", version=9))

    def test_an_alias_names_one_version_of_its_model(self, registry: Registry, model: Path) -> None:
        one, two = (self.add(registry, model, run=number) for number in range(2))
        other = self.add(registry, model, name="other")
        assert service.holder(registry, "model", "champion") is None
        for version in (one, other, two):
            registry.set_alias(version, "champion")
            registry.set_alias(version, "champion")
        registry.set_alias(one, "challenger")
        assert self.aliases(registry) == {
            "model/1": ("challenger",),
            "model/2": ("champion",),
            "other/1": ("champion",),
        }
        held = service.holder(registry, "model", "champion")
        assert held is not None
        assert held.version == 2

    def test_versions_can_be_compared(self, registry: Registry, model: Path) -> None:
        one = self.add(registry, model)
        model.write_text("[]", encoding="utf-8")
        origin = replace(
            ORIGIN, run="cd" * 16, params={**ORIGIN.params, "rate": 0.2, "new": 1}, value=0.25, capsule="c2"
        )
        other = self.add(registry, model, origin=origin)
        found = service.compare(one, other, lambda: ["train.py changed"], ("a", "b"))
        told = {(line.about, line.name): (line.one, line.other) for line in found if not line.same}
        assert told["param", "rate"] == ("0.1", "0.2")
        assert told["param", "new"] == ("-", "1")
        assert told["metric", "log_loss"] == ("0.333333", "0.25")
        assert ("code", "train.py changed") in told
        assert told["job", "command"] == ("a", "b")
        assert ("files", "sha256") in told
        assert ("param", "model") not in told
        assert [line for line in service.compare(one, one, list, ("a", "a")) if not line.same] == []

    # --- downloading -----------------------------------------------------------------------------

    def test_a_download_is_the_model_and_nothing_else(
        self, registry: Registry, model: Path, tmp_path: Path
    ) -> None:
        version = self.add(registry, model)
        target = tmp_path / "copy"
        assert delivery.download(registry, version, target)
        assert [path.name for path in target.iterdir()] == ["model.json"]
        assert (target / "model.json").read_bytes() == model.read_bytes()
        assert not delivery.download(registry, version, target), "it was there already"
        assert {path.name for path in tmp_path.iterdir() if "copy" in path.name} == {"copy"}

    def test_a_download_overwrites_nothing_unless_it_is_told_to(
        self, registry: Registry, model: Path, tmp_path: Path
    ) -> None:
        version = self.add(registry, model)
        target = tmp_path / "copy"
        target.mkdir()
        assert delivery.download(registry, version, target), "an empty folder may be filled"
        (target / "model.json").write_text("mine", encoding="utf-8")
        with pytest.raises(RefusedError, match="files of the same names"):
            delivery.download(registry, version, target)
        assert (target / "model.json").read_text(encoding="utf-8") == "mine"
        assert delivery.download(registry, version, target, force=True)
        (target / "thesis.txt").write_text("mine", encoding="utf-8")
        for force in (False, True):
            with pytest.raises(RefusedError, match=r"thesis\.txt"):
                delivery.download(registry, version, target, force=force)
        file = tmp_path / "file"
        file.write_text("mine", encoding="utf-8")
        with pytest.raises(RefusedError):
            delivery.download(registry, version, file, force=True)
        with pytest.raises(InputError):
            delivery.download(registry, version, tmp_path / "nowhere" / "copy")

    # --- at once ---------------------------------------------------------------------------------

    def test_many_that_register_the_same_make_one_version(self, registry: Registry, model: Path) -> None:
        found = self.at_once(lambda _: service.register(registry, service.Wanted("model", ORIGIN), model))
        assert {version.version for version, _ in found} == {1}
        assert sum(new for _, new in found) == 1
        assert len(registry.versions()) == 1

    def test_many_that_register_different_runs_make_one_version_each(
        self, registry: Registry, model: Path
    ) -> None:
        found = self.at_once(lambda number: self.add(registry, model, run=number))
        assert sorted(version.version for version in found) == list(range(1, self.contenders + 1))
        runs = {version.origin.run: version.version for version in registry.versions("model")}
        assert runs == {version.origin.run: version.version for version in found}

    def test_many_that_promote_leave_one_champion(self, registry: Registry, model: Path) -> None:
        versions = [self.add(registry, model, run=number) for number in range(self.contenders)]
        self.at_once(lambda number: registry.set_alias(versions[number], "champion"))
        assert sum("champion" in version.aliases for version in registry.versions("model")) == 1

    # --- tools -----------------------------------------------------------------------------------

    def aliases(self, registry: Registry) -> Mapping[str, tuple[str, ...]]:
        """The aliases of all versions."""
        return {str(version.reference): version.aliases for version in registry.versions()}

    def at_once(self, work: Any) -> list[Any]:
        """What `work(number)` gives for each contender, all of them begun at the same moment."""
        line = threading.Barrier(self.contenders)

        def one(number: int) -> Any:
            line.wait()
            return work(number)

        with ThreadPoolExecutor(self.contenders) as pool:
            return list(pool.map(one, range(self.contenders)))
