"""What every `SecretStore` must do. Subclass `SecretStoreContract` and give it the fixture `store`, empty.

`EngineSecretsContract` is for engines that hand secrets to jobs; its fixture `engine` has two CPU slots and knows one
secret, NAME, with the value VALUE.
"""

# ruff: noqa: D102 - the name of a test is what it promises

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from stratolab.core.errors import InputError
from stratolab.jobs.models import Reason
from stratolab.secrets.models import CURRENT, PENDING, PREVIOUS, VALUE_LIMIT
from stratolab.testing.bench import Bench, Heard, python, spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stratolab.jobs.engine import Engine
    from stratolab.secrets.protocol import SecretStore

NAME = "contract/secret"
VALUE = "value-of-the-contract-7f3a"  # no secret: what tests look for where it must not be

NAMES = ("a", "Database", "world-series/database", "a_b.c@d", "x/" * 100 + "y")
NO_NAMES = ("", "/a", "with space", "a=b", "postgresql://ana@db/lab", "x" * 257, "naïve", "a\n", "a:b")
VALUES = (
    "x",
    " kept ",
    "naïve 漢字 🦉",
    "two\nlines\n",
    "quote ' and \" and \\",
    '{"a": 1}',
    "y" * VALUE_LIMIT,
)
NO_VALUES = ("", "nul\0", "\ud800", "y" * (VALUE_LIMIT + 1))


class SecretStoreContract:
    """A store keeps values by name, the version before too, and says nothing of them in its errors."""

    @pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
    def test_a_value_comes_back_as_it_is(self, store: SecretStore, value: str) -> None:
        version = store.put(NAME, value)
        assert store.get(NAME) == value
        assert (version.stages, version.size) == ((CURRENT,), len(value.encode()))

    @pytest.mark.parametrize("name", NAMES)
    def test_names(self, store: SecretStore, name: str) -> None:
        store.put(name, VALUE)
        assert store.get(name) == VALUE
        assert [secret.name for secret in store.all()] == [name]

    @pytest.mark.parametrize("name", NO_NAMES)
    def test_no_names(self, store: SecretStore, name: str) -> None:
        with pytest.raises(InputError):
            store.put(name, VALUE)
        with pytest.raises(InputError):
            store.get(name)
        assert store.all() == []

    @pytest.mark.parametrize("value", NO_VALUES, ids=range(len(NO_VALUES)))
    def test_values_that_cannot_be_kept(self, store: SecretStore, value: str) -> None:
        with pytest.raises(InputError) as caught:
            store.put(NAME, value)
        assert not value or value not in str(caught.value)
        assert store.all() == []

    def test_what_is_not_there(self, store: SecretStore) -> None:
        store.put("other", VALUE)
        for call in (store.get, store.find, store.remove):
            with pytest.raises(InputError, match=NAME) as caught:
                call(NAME)
            assert VALUE not in str(caught.value)

    def test_a_new_value_makes_the_old_one_previous(self, store: SecretStore) -> None:
        first, second, third = (store.put(NAME, f"{VALUE}-{number}") for number in range(3))
        assert len({first.id, second.id, third.id}) == 3
        assert store.get(NAME) == f"{VALUE}-2"
        assert store.get(NAME, stage=PREVIOUS) == f"{VALUE}-1"
        found = store.find(NAME)
        assert [(version.id, version.stages) for version in found.versions] == [
            (third.id, (CURRENT,)),
            (second.id, (PREVIOUS,)),
        ]
        assert found.version() == found.versions[0]

    def test_the_same_value_is_no_new_version(self, store: SecretStore) -> None:
        store.put(NAME, "before")
        first = store.put(NAME, VALUE)
        assert store.put(NAME, VALUE).id == first.id
        assert store.get(NAME, stage=PREVIOUS) == "before"

    def test_a_pending_value_changes_nothing_for_others(self, store: SecretStore) -> None:
        store.put(NAME, VALUE)
        with pytest.raises(InputError, match=PENDING):
            store.get(NAME, stage=PENDING)
        store.put(NAME, "tried", stage=PENDING)
        assert (store.get(NAME), store.get(NAME, stage=PENDING)) == (VALUE, "tried")
        with pytest.raises(InputError, match=PREVIOUS):
            store.get(NAME, stage=PREVIOUS)

    def test_what_is_removed_is_gone_with_all_versions(self, store: SecretStore) -> None:
        store.put(NAME, "before")
        store.put(NAME, VALUE)
        store.put("other", "stays")
        store.remove(NAME)
        assert [secret.name for secret in store.all()] == ["other"]
        store.put(NAME, "again")
        with pytest.raises(InputError):
            store.get(NAME, stage=PREVIOUS)

    def test_listed_by_name_and_without_values(self, store: SecretStore) -> None:
        for name in ("b", "a/b", "C"):
            store.put(name, VALUE)
        assert [secret.name for secret in store.all()] == sorted(["b", "a/b", "C"])
        assert VALUE not in repr(store.all())
        assert VALUE not in repr(store)

    def test_writers_lose_nothing_of_each_other(self, store: SecretStore) -> None:
        def several(who: int) -> None:
            for number in range(10):
                store.put(f"writer-{who}/{number}", f"{VALUE}-{number}")

        threads = [threading.Thread(target=several, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(store.all()) == 40
        assert store.get("writer-3/7") == f"{VALUE}-7"


class EngineSecretsContract:
    """A secret's value is in its job's environment and in nothing else that the engine gives or writes."""

    @pytest.fixture
    def bench(self, engine: Engine) -> Iterator[Bench]:
        """An open session."""
        heard = Heard()
        with engine.open(heard) as session:
            yield Bench(engine, session, heard)

    def test_it_reaches_the_job(self, bench: Bench) -> None:
        code = f"import os, sys; sys.exit(0 if os.environ['TOKEN'] == {VALUE!r} else 1)"
        assert bench.end(spec(*python(code), secrets={"TOKEN": NAME})).reason is Reason.DONE

    def test_it_reaches_every_attempt(self, bench: Bench) -> None:
        code = (
            "import os, sys; "
            f"sys.exit(3 if os.environ['TOKEN'] != {VALUE!r} else 0 if os.environ['STRATOLAB_ATTEMPT'] == '2' else 1)"
        )
        outcome = bench.end(spec(*python(code), secrets={"TOKEN": NAME}, retries=3))
        assert (outcome.reason, outcome.attempts) == (Reason.DONE, 2)

    def test_the_request_holds_the_reference_alone(self, engine: Engine) -> None:
        request = engine.prepare(spec("true", secrets={"TOKEN": NAME}), job="job", fence=1)
        assert request.secrets == {"TOKEN": NAME}
        assert VALUE not in repr(request)

    def test_another_job_does_not_get_it(self, bench: Bench) -> None:
        bench.end(spec("true", secrets={"TOKEN": NAME}))
        code = f"import os, sys; sys.exit(any({VALUE!r} in value for value in os.environ.values()))"
        assert bench.end(spec(*python(code))).reason is Reason.DONE

    def test_one_that_is_not_there_is_refused_before_anything_runs(self, engine: Engine) -> None:
        with pytest.raises(InputError, match="missing/secret"):
            engine.check(spec("true", secrets={"TOKEN": "missing/secret"}))
