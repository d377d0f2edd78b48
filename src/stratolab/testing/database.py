"""What every `Database` must do. Subclass `DatabaseContract` and give it the fixture `address`."""

# ruff: noqa: D102 - the name of a test is what it promises

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

import pytest

from stratolab.core.errors import RefusedError, RemoteError, StratolabError
from stratolab.jobs.stores import open_database
from stratolab.sweeps import ledger
from stratolab.testing.contenders import NOW, compete

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from stratolab.jobs.database import Database, Transaction

T = TypeVar("T")

FLOATS = (0.1, 1 / 3, 2**-1074, 1.7976931348623157e308, -2.2250738585072014e-308, 1e22, 1_760_000_000.1234567)
TEXTS = (
    "",
    "plain",
    "naïve 漢字 🦉",
    " spaces  kept ",
    "quote ' and \" and \\",
    "percent % %s :name",
    "line\nbreak\ttab",
)


class DatabaseContract:
    """A database commits all of a unit of work or nothing, one after the other, and reads snapshots.

    A subclass defines the fixture `address`, which gives what `open_database` takes, for an empty database.
    """

    @pytest.fixture
    def database(self, address: str) -> Iterator[Database]:
        """The database under test."""
        database = open_database(address)
        yield database
        database.close()

    @pytest.fixture
    def sweep(self, database: Database) -> str:
        """A row to change."""
        return database.run(lambda tx: ledger.create(tx, "contract", "contract", {}, NOW)).id

    def test_what_was_committed_is_there_when_it_is_opened_again(
        self, database: Database, address: str, sweep: str
    ) -> None:
        database.close()
        again = open_database(address)
        assert again.read(lambda tx: ledger.get(tx, sweep)).id == sweep
        again.close()

    def test_run_gives_what_the_work_returns(self, database: Database) -> None:
        assert database.run(lambda tx: tx.rows("SELECT 1 AS one")) == [{"one": 1}]
        assert database.read(lambda tx: tx.rows("SELECT 1 AS one, 'a' AS two")) == [{"one": 1, "two": "a"}]

    def test_the_transaction_knows_its_dialect(self, database: Database) -> None:
        assert database.run(lambda tx: tx.dialect) == database.dialect

    def test_work_that_raises_leaves_nothing(self, database: Database, sweep: str) -> None:
        def work(tx: Transaction) -> None:
            assert tx.execute("UPDATE sweep SET trials = 5 WHERE id = :id", id=sweep) == 1
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            database.run(work)
        assert _trials(database, sweep) == 0
        database.run(lambda tx: tx.execute("UPDATE sweep SET trials = 6 WHERE id = :id", id=sweep))
        assert _trials(database, sweep) == 6

    def test_a_broken_rule_is_refused_and_leaves_nothing(self, database: Database, sweep: str) -> None:
        def work(tx: Transaction) -> None:
            tx.execute("UPDATE sweep SET trials = 7 WHERE id = :id", id=sweep)
            tx.execute("INSERT INTO job_attribute (job, name, value) VALUES ('nobody', 'a', 'b')")

        with pytest.raises(RefusedError):
            database.run(work)
        assert _trials(database, sweep) == 0

    def test_a_statement_that_makes_no_sense_is_an_error_of_ours(self, database: Database) -> None:
        with pytest.raises(StratolabError):
            database.run(lambda tx: tx.rows("SELECT nothing FROM nowhere"))
        assert database.run(lambda tx: tx.rows("SELECT 1 AS one")) == [{"one": 1}]

    def test_execute_counts_the_rows_it_matched(self, database: Database, sweep: str) -> None:
        same = "UPDATE sweep SET trials = trials WHERE id = :id"
        assert database.run(lambda tx: tx.execute(same, id=sweep)) == 1
        assert database.run(lambda tx: tx.execute(same, id="another")) == 0

    def test_execute_many_takes_any_number(self, database: Database) -> None:
        statement = "UPDATE sweep SET trials = :trials WHERE name = :name"
        values = [{"trials": number, "name": "contract"} for number in range(3)]
        database.run(lambda tx: tx.execute_many(statement, values))
        database.run(lambda tx: tx.execute_many(statement, []))

    def test_reading_cannot_write(self, database: Database, sweep: str) -> None:
        with pytest.raises(RemoteError):
            database.read(lambda tx: tx.execute("DELETE FROM sweep WHERE id = :id", id=sweep))
        assert _trials(database, sweep) == 0

    def test_a_read_sees_one_moment(self, database: Database, sweep: str) -> None:
        def work(tx: Transaction) -> tuple[int, int]:
            before = _count(tx, sweep)
            database.run(lambda other: other.execute("UPDATE sweep SET trials = 9 WHERE id = :id", id=sweep))
            return before, _count(tx, sweep)

        assert database.read(work) == (0, 0)
        assert _trials(database, sweep) == 9

    @pytest.mark.parametrize("number", FLOATS)
    def test_numbers_come_back_to_the_last_bit(self, database: Database, sweep: str, number: float) -> None:
        database.run(
            lambda tx: tx.execute("UPDATE sweep SET created = :x WHERE id = :id", x=number, id=sweep)
        )
        (row,) = database.read(lambda tx: tx.rows("SELECT created FROM sweep WHERE id = :id", id=sweep))
        assert row["created"] == number
        assert isinstance(row["created"], float)

    @pytest.mark.parametrize("text", TEXTS)
    def test_texts_come_back(self, database: Database, sweep: str, text: str) -> None:
        database.run(lambda tx: tx.execute("UPDATE sweep SET reason = :x WHERE id = :id", x=text, id=sweep))
        (row,) = database.read(lambda tx: tx.rows("SELECT reason FROM sweep WHERE id = :id", id=sweep))
        assert row["reason"] == text

    def test_a_megabyte_of_text_fits(self, database: Database, sweep: str) -> None:
        text = "x" * 2**20
        database.run(lambda tx: tx.execute("UPDATE sweep SET config = :x WHERE id = :id", x=text, id=sweep))
        assert database.read(lambda tx: tx.rows("SELECT config FROM sweep WHERE id = :id", id=sweep)) == [
            {"config": text}
        ]

    @pytest.mark.parametrize("other", ["CONTRACT-1", "çontract-1"])
    def test_words_that_differ_at_all_differ(self, database: Database, sweep: str, other: str) -> None:
        assert sweep == "contract-1"
        assert not database.read(lambda tx: tx.rows("SELECT id FROM sweep WHERE id = :id", id=other))

    def test_threads_take_turns(self, database: Database, sweep: str) -> None:
        def work(tx: Transaction) -> None:
            row = tx.rows(f"SELECT trials FROM sweep WHERE id = :id{tx.for_update}", id=sweep)[0]  # noqa: S608
            tx.execute("UPDATE sweep SET trials = :next WHERE id = :id", id=sweep, next=row["trials"] + 1)

        def several() -> None:
            for _ in range(10):
                database.run(work)
                database.read(lambda tx: _count(tx, sweep))

        threads = [threading.Thread(target=several) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert _trials(database, sweep) == 40

    def test_processes_take_turns(self, database: Database, address: str, sweep: str) -> None:
        order = {"action": "count", "address": address, "sweep": sweep, "times": 25}
        assert compete(order, order, order, order) == ["done"] * 4
        assert _trials(database, sweep) == 100

    def test_a_sound_database_has_no_findings(self, database: Database) -> None:
        assert database.check() == []

    def test_closing_twice_does_no_harm(self, database: Database) -> None:
        database.close()
        database.close()


def _trials(database: Database, sweep: str) -> int:
    return database.read(lambda tx: _count(tx, sweep))


def _count(tx: Transaction, sweep: str) -> int:
    return int(tx.rows("SELECT trials FROM sweep WHERE id = :id", id=sweep)[0]["trials"])


@dataclass
class FailingDatabase:
    """A database whose `at`-th call fails: a statement, or a commit, counted from 1 over all works.

    `when` tells whether it fails before it is done or after: a commit that fails after it was done is one
    whose answer was lost.
    """

    database: Database
    at: int
    when: Literal["before", "after"]
    calls: int = 0
    dialect: str = field(init=False)

    def __post_init__(self) -> None:
        self.dialect = self.database.dialect

    def run(self, work: Callable[[Transaction], T]) -> T:
        """Run `work`, unless one of its calls is the one to fail."""

        def failing(tx: Transaction) -> T:
            result = work(_FailingTransaction(tx, self))
            self.calls += 1
            self.fail("before")
            return result

        result = self.database.run(failing)
        self.fail("after")
        return result

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Read, unless one of the calls is the one to fail."""
        return self.database.read(lambda tx: work(_FailingTransaction(tx, self)))

    def close(self) -> None:
        """Let go of the database within."""
        self.database.close()

    def check(self) -> list[str]:
        """What the database within finds."""
        return self.database.check()

    def fail(self, when: str) -> None:
        """Fail, if the call that is counted is the one."""
        if self.calls == self.at and self.when == when:
            raise RemoteError(f"call {self.at} failed {self.when} it was done, as the test wants")


@dataclass
class _FailingTransaction:
    tx: Transaction
    failing: FailingDatabase
    dialect: str = field(init=False)
    for_update: str = field(init=False)

    def __post_init__(self) -> None:
        self.dialect, self.for_update = self.tx.dialect, self.tx.for_update

    def rows(self, sql: str, **values: object) -> list[Mapping[str, Any]]:
        return self._call(lambda: self.tx.rows(sql, **values))

    def execute(self, sql: str, **values: object) -> int:
        return self._call(lambda: self.tx.execute(sql, **values))

    def execute_many(self, sql: str, values: Sequence[Mapping[str, object]]) -> None:
        self._call(lambda: self.tx.execute_many(sql, values))

    def _call(self, call: Callable[[], T]) -> T:
        self.failing.calls += 1
        self.failing.fail("before")
        result = call()
        self.failing.fail("after")
        return result
