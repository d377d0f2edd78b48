"""What every database must do for data frames. Subclass `TablesContract` and give it the fixture `address`.

`address` is the `Address` of an empty database. `pandas` and `polars` must be installed.
"""

# ruff: noqa: D102, S608 - the name of a test is what it promises; every name in a statement here is quoted

from __future__ import annotations

import datetime as dt
import importlib
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from stratolab.core.errors import InputError, RefusedError, RemoteError, StratolabError
from stratolab.tables import service
from stratolab.tables.dialects import dialect
from stratolab.tables.opening import open_connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stratolab.tables.address import Address
    from stratolab.tables.connection import Connection

PARIS = dt.timezone(dt.timedelta(hours=1), "CET")


def _plain(*parts: int) -> dt.datetime:
    """A time without a zone, as many frames hold them."""
    return dt.datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


COLUMNS: dict[str, list[Any]] = {
    "whole": [1, None, -(2**63), 2**63 - 1],
    "flag": [True, False, None, True],
    "real": [0.1, None, -1.7976931348623157e308, 5e-324],
    "text": ["", None, "quote ' \" ` \\ % %s :x", "naïve 漢字 🦉\n\t"],
    "bytes": [b"", None, b"\x00\xff'\\", b"x"],
    "price": [Decimal("1.10"), None, Decimal("-0.05"), Decimal(12345)],
    "day": [dt.date(2020, 2, 29), None, dt.date(1900, 1, 1), dt.date(9999, 12, 31)],
    "hour": [dt.time(1, 2, 3, 4), None, dt.time(), dt.time(23, 59, 59, 999999)],
    "naive": [_plain(2020, 2, 29, 1, 2, 3, 4), None, _plain(1970, 1, 1), _plain(9999, 12, 31, 23)],
    "moment": [
        dt.datetime(2020, 2, 29, 1, 2, 3, 4, PARIS),
        None,
        dt.datetime(2037, 1, 1, tzinfo=dt.UTC),
        None,
    ],
    "nothing": [None, None, None, None],
}
NAMES = (
    "plain", "Capital", "select", "two words", 'quote "', "quote '", "back `tick`", "50 %", "%s", "%(x)s", ":x", "a.b",
    "naïve", "漢字", "semi;colon", "--", "/* x */", "[x]", "back\\slash", "new\nline", "x" * 63, "?", "{}", "$1", "1",
)  # fmt: skip
ATTACKS = (
    'x"; DROP TABLE victim; --', "x`; DROP TABLE victim; --", "x; DROP TABLE victim", "victim; --",
    '" UNION SELECT * FROM victim --', "x') ; DROP TABLE victim; --", "SELECT * FROM victim",
)  # fmt: skip


class TablesContract:
    """A frame that is written comes back as it was, all of it or nothing, and a name is only ever a name."""

    @pytest.fixture
    def database(self, address: Address) -> Iterator[Connection]:
        """The database under test."""
        connection = open_connection(address)
        yield connection
        connection.close()

    # --- there and back --------------------------------------------------------------------------

    @pytest.mark.parametrize("name", COLUMNS)
    def test_values_come_back_as_they_were(self, database: Connection, name: str) -> None:
        service.write(database, {name: COLUMNS[name]}, "kept")
        back = service.read(database, "kept", into="columns")
        assert back == {name: COLUMNS[name]}
        kinds = [type(value) for value in COLUMNS[name] if value is not None]
        assert [type(value) for value in back[name] if value is not None] == kinds

    @pytest.mark.parametrize("library", ["pandas", "polars"])
    def test_a_frame_comes_back_as_it_was(self, database: Connection, library: str) -> None:
        frame = _frame(library)
        assert service.write(database, frame, "kept") == 4
        back = service.read(database, "kept", into=library)
        assert list(back.columns) == list(frame.columns)
        service.write(database, back, "kept", if_exists="replace")
        again = service.read(database, "kept", into=library)
        assert again.equals(back)
        assert service.read(database, "kept", into="columns") == COLUMNS

    def test_rows_of_dicts(self, database: Connection) -> None:
        service.write(database, [{"a": 1}, {"b": "x", "a": 2}, {}], "kept")
        assert service.read(database, "kept", into="columns") == {"a": [1, 2, None], "b": [None, "x", None]}

    def test_moments_are_the_same_moments_whatever_their_zone(self, database: Connection) -> None:
        zones = [dt.timezone(dt.timedelta(hours=hours)) for hours in (-11, 0, 5, 14)]
        moments = [dt.datetime(2021, 3, 28, 1, 30, tzinfo=zone) for zone in zones]
        service.write(database, {"place": [0, 1, 2, 3], "moment": moments}, "kept")
        back = service.read(database, "kept", into="columns")["moment"]
        assert back == moments
        assert {moment.tzinfo for moment in back} == {dt.UTC}
        sql = f"SELECT place FROM kept ORDER BY {dialect(database.dialect).quoted('moment')}"
        assert [row[0] for row in database.execute(sql)] == [3, 2, 1, 0]

    @pytest.mark.parametrize("library", ["pandas", "polars"])
    def test_an_empty_frame_makes_a_table_of_its_types(self, database: Connection, library: str) -> None:
        frame = _frame(library)[:0]
        assert service.write(database, frame, "kept") == 0
        assert list(service.read(database, "kept", into="columns")) == list(COLUMNS)
        service.write(database, frame, "kept", if_exists="append")
        assert service.query(database, "SELECT COUNT(*) AS n FROM kept", into="columns") == {"n": [0]}

    def test_many_rows(self, database: Connection) -> None:
        count = 25_001
        columns = {"n": list(range(count)), "text": [f"row {number}" for number in range(count)]}
        assert service.write(database, columns, "kept") == count
        assert service.read(database, "kept", into="columns") == columns

    # --- names -----------------------------------------------------------------------------------

    @pytest.mark.parametrize("name", NAMES)
    def test_names_of_tables_and_columns(self, database: Connection, name: str) -> None:
        for way in ("fail", "replace", "append"):
            service.write(database, {name: [1], "other": ["x"]}, name, if_exists=way)
        assert service.read(database, name, into="columns") == {name: [1, 1], "other": ["x", "x"]}

    @pytest.mark.parametrize("name", ATTACKS)
    def test_a_name_is_never_a_statement(self, database: Connection, name: str) -> None:
        service.write(database, {"secret": ["kept"]}, "victim")
        with pytest.raises(RemoteError):  # there is no such table
            service.read(database, name)
        database.rollback()
        service.write(database, {name: [name]}, name)
        service.write(database, {name: [name]}, name, if_exists="append")
        assert service.read(database, name, into="columns") == {name: [name, name]}
        assert service.read(database, "victim", into="columns") == {"secret": ["kept"]}

    @pytest.mark.parametrize("name", ["", "nul\0", "\ud800", "x" * 10_001])
    def test_names_that_cannot_be(self, database: Connection, name: str) -> None:
        for frame, table in (({name: [1]}, "kept"), ({"a": [1]}, name)):
            with pytest.raises(InputError):
                service.write(database, frame, table)
            with pytest.raises(InputError):
                service.ddl(frame, table, database.dialect)

    def test_a_name_is_not_cut(self, database: Connection) -> None:
        limit = dialect(database.dialect).name_limit
        service.write(database, {"a": [1]}, "t" * limit)
        with pytest.raises(InputError, match=str(limit + 1)):
            service.write(database, {"a": [1]}, "t" * (limit + 1))
        with pytest.raises(InputError, match=str(limit + 1)):
            service.write(database, {"c" * (limit + 1): [1]}, "kept")

    def test_columns_of_one_name_are_refused(self, database: Connection) -> None:
        pandas = importlib.import_module("pandas")
        with pytest.raises(InputError, match="two columns are called 'a'"):
            service.write(database, pandas.DataFrame([[1, 2]], columns=["a", "a"]), "kept")
        with pytest.raises(InputError, match="two columns are called '1'"):
            service.write(database, pandas.DataFrame([[1, 2]], columns=["1", 1]), "kept")
        with pytest.raises(InputError, match="two columns are called 'a'"):
            service.query(database, "SELECT 1 AS a, 2 AS a")

    # --- a table that is there -------------------------------------------------------------------

    def test_a_table_that_is_there_is_left_alone(self, database: Connection) -> None:
        service.write(database, {"a": [1]}, "kept")
        with pytest.raises(RefusedError, match="kept"):
            service.write(database, {"a": [2]}, "kept")
        assert service.read(database, "kept", into="columns") == {"a": [1]}

    def test_append_goes_by_name_and_may_lack_columns(self, database: Connection) -> None:
        service.write(database, {"a": [1], "b": ["x"]}, "kept")
        service.write(database, {"b": ["y"], "a": [2]}, "kept", if_exists="append")
        service.write(database, {"a": [3]}, "kept", if_exists="append")
        service.write(database, {"a": [None], "b": [None]}, "kept", if_exists="append")
        found = {"a": [1, 2, 3, None], "b": ["x", "y", None, None]}
        assert service.read(database, "kept", into="columns") == found

    @pytest.mark.parametrize(
        "frame",
        [
            {"whole": [1.5]}, {"whole": ["x"]}, {"whole": [True]}, {"price": [Decimal("0.005")]}, {"price": [0.1]},
            {"text": [1]}, {"day": [_plain(2020, 1, 1)]}, {"moment": [_plain(2020, 1, 1)]},
            {"naive": [dt.datetime(2020, 1, 1, tzinfo=dt.UTC)]}, {"flag": ["true"]}, {"more": [1]},
        ],
        ids=str,
    )  # fmt: skip
    def test_append_does_not_bend_values(self, database: Connection, frame: dict[str, list[Any]]) -> None:
        statement = service.ddl(COLUMNS, "kept", database.dialect)
        if database.dialect != "mysql":  # where a column of decimals has a scale, as users make them
            statement = statement.replace("NUMERIC", "NUMERIC(10, 2)").replace("DECIMAL", "DECIMAL(10, 2)")
        database.execute(statement)
        database.commit()
        if database.dialect == "sqlite" and "price" in frame and isinstance(frame["price"][0], Decimal):
            service.write(
                database, frame, "kept", if_exists="append"
            )  # there a column of decimals keeps them
            return
        with pytest.raises(InputError, match=next(iter(frame))):
            service.write(database, frame, "kept", if_exists="append")
        assert service.query(database, "SELECT COUNT(*) AS n FROM kept", into="columns") == {"n": [0]}

    def test_replace_takes_new_columns(self, database: Connection) -> None:
        service.write(database, {"a": [1]}, "kept")
        service.write(database, {"b": ["x"], "c": [0.5]}, "kept", if_exists="replace")
        assert service.read(database, "kept", into="columns") == {"b": ["x"], "c": [0.5]}

    @pytest.mark.parametrize("way", ["append", "replace", "fail"])
    def test_all_rows_or_none(self, database: Connection, way: str) -> None:
        """The last row breaks a rule of the database itself, after thousands that did not."""
        table = dialect(database.dialect)
        if way == "append":
            database.execute(f"CREATE TABLE kept (a BIGINT, CONSTRAINT few CHECK (a < 20000))")  # noqa: F541
            database.execute("INSERT INTO kept VALUES (1)")
            database.commit()
            wrong: dict[str, list[Any]] = {"a": [*range(15_000), 20_001]}
        else:
            if way == "replace":
                service.write(database, {"a": [1]}, "kept")
            wrong = {"a": [*map(str, range(15_000)), "\udcff"]}
        with pytest.raises(StratolabError):
            service.write(database, wrong, "kept", if_exists=way)
        if way == "fail":
            assert _tables(database) == set()
        else:
            assert service.read(database, "kept", into="columns") == {"a": [1]}
            assert _tables(database) == {"kept"}
        assert table.name == database.dialect
        service.write(database, {"a": [2]}, "other")  # the connection is good for more

    def test_who_reads_meanwhile_sees_the_old_or_the_new(
        self, database: Connection, address: Address
    ) -> None:
        service.write(database, {"a": [0] * 500}, "kept")
        counts: set[tuple[int, int]] = set()
        over = threading.Event()
        failed: list[BaseException] = []

        def look() -> None:
            try:
                with open_connection(address) as other:
                    while not over.is_set():
                        counts.add(tuple(other.execute("SELECT COUNT(*), MIN(a) FROM kept").fetchone()))
                        other.rollback()
            except BaseException as error:  # noqa: BLE001 - it is told by the test's own thread
                failed.append(error)

        reader = threading.Thread(target=look)
        reader.start()
        for number in range(1, 11):
            service.write(database, {"a": [number] * 500}, "kept", if_exists="replace")
        over.set()
        reader.join()
        assert failed == []
        assert counts <= {(500, number) for number in range(11)}

    def test_several_may_begin_a_table_at_once(self, address: Address) -> None:
        start = threading.Barrier(4)
        failed: list[BaseException] = []

        def add(who: int) -> None:
            try:
                with open_connection(address) as own:
                    start.wait(30)
                    for number in range(5):
                        service.write(own, {"who": [who], "number": [number]}, "kept", if_exists="append")
            except BaseException as error:  # noqa: BLE001 - it is told by the test's own thread
                failed.append(error)

        writers = [threading.Thread(target=add, args=(who,)) for who in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert failed == []
        with open_connection(address) as connection:
            rows = connection.execute("SELECT who, number FROM kept").fetchall()
        assert sorted(rows) == [(who, number) for who in range(4) for number in range(5)]

    # --- statements ------------------------------------------------------------------------------

    @pytest.mark.parametrize("schema", [None])
    def test_the_ddl_makes_the_same_table(self, database: Connection, schema: str | None) -> None:
        service.write(database, COLUMNS, "written")
        statement = service.ddl(COLUMNS, "said", database.dialect, schema=schema)
        assert statement.endswith(";\n")
        database.execute(statement)
        database.commit()
        service.write(database, COLUMNS, "said", if_exists="append")
        said, written = (service.read(database, name, into="columns") for name in ("said", "written"))
        assert said == written == COLUMNS

    def test_values_go_to_their_places(self, database: Connection) -> None:
        service.write(database, {"a": [1, 2, 3], "b": ["x", ":a", "50%"]}, "kept")
        sql = "SELECT a, b, ':a', '%s %' -- :nothing\n FROM kept /* :nothing % */ WHERE a >= :a AND b <> :b AND a = :a"
        rows = database.execute(sql, {"a": 2, "b": "'; DROP TABLE kept; --", "unused": 1}).fetchall()
        assert list(rows) == [(2, ":a", ":a", "%s %")]
        found = service.query(
            database, "SELECT b FROM kept WHERE b LIKE '%0%' AND a > :a", {"a": 0}, into="columns"
        )
        assert found == {"b": ["50%"]}
        with pytest.raises(InputError, match=":missing"):
            database.execute("SELECT * FROM kept WHERE a = :missing", {"a": 1})

    def test_values_of_numpy_and_pandas_are_taken(self, database: Connection) -> None:
        numpy, pandas = importlib.import_module("numpy"), importlib.import_module("pandas")
        moment = dt.datetime(2020, 1, 2, 3, 4, 5, 6, dt.UTC)
        rows = [
            {"whole": numpy.int64(7), "real": numpy.float32(0.5), "moment": pandas.Timestamp(moment)},
            {"whole": pandas.NA, "real": None, "moment": pandas.NaT},
        ]
        service.write(database, {"whole": [1], "real": [1.5], "moment": [moment]}, "kept")
        database.execute("DELETE FROM kept")
        database.executemany("INSERT INTO kept (whole, `real`, moment) VALUES (:whole, :real, :moment)".replace(
            "`", dialect(database.dialect).quote), rows)  # fmt: skip
        database.executemany("DELETE FROM kept WHERE whole = :whole", [])
        database.commit()
        found = {"whole": [7, None], "real": [0.5, None], "moment": [moment, None]}
        assert service.read(database, "kept", into="columns") == found

    def test_a_with_block_keeps_or_undoes(self, address: Address) -> None:
        with open_connection(address) as connection:
            service.write(connection, {"a": [1]}, "kept")
        with open_connection(address) as connection:
            connection.execute("INSERT INTO kept VALUES (2)")
        with pytest.raises(InputError), open_connection(address) as connection:
            self._add_and_fail(connection)
        with open_connection(address) as connection:
            assert [*connection.execute("SELECT a FROM kept ORDER BY a")] == [(1,), (2,)]

    @staticmethod
    def _add_and_fail(connection: Connection) -> None:
        connection.execute("INSERT INTO kept VALUES (3)")
        raise InputError("as the test wants")

    def test_now_is_now(self, database: Connection) -> None:
        (told,) = database.execute("SELECT NOW()").fetchone()
        told = dt.datetime.fromisoformat(told) if isinstance(told, str) else told
        told = told.replace(tzinfo=dt.UTC) if told.tzinfo is None else told
        assert abs(dt.datetime.now(dt.UTC) - told) < dt.timedelta(minutes=5)

    def test_what_gives_no_rows_is_told(self, database: Connection) -> None:
        with pytest.raises(InputError, match="no rows"):
            service.query(database, "CREATE TABLE made (a BIGINT)")


def _frame(library: str) -> Any:
    """The columns of the contract as a frame whose types say what they are."""
    module = importlib.import_module(library)
    if library == "polars":
        return module.DataFrame(COLUMNS, schema_overrides={"moment": module.Datetime("us", "Europe/Paris")})
    frame = module.DataFrame(
        {name: module.Series(values, dtype="object") for name, values in COLUMNS.items()}
    )
    dtypes = {
        "whole": "Int64",
        "flag": "boolean",
        "real": "float64",
        "text": "string",
        "naive": "datetime64[us]",
    }
    frame = frame.astype(dtypes)
    frame["moment"] = module.to_datetime(frame["moment"], utc=True).dt.tz_convert("Europe/Paris")
    return frame


def _tables(database: Connection) -> set[str]:
    sql = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
        "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
        "mysql": "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
    }[database.dialect]
    found = {str(row[0]) for row in database.execute(sql)}
    database.rollback()
    return found
