"""SQLite, PostgreSQL and MariaDB keep the contract; what each of them cannot hold is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

pytest.register_assert_rewrite("stratolab.testing.tables")

from stratolab.core.errors import InputError, RemoteError  # noqa: E402 - after the rewriting is asked for
from stratolab.tables import service  # noqa: E402
from stratolab.testing.tables import TablesContract  # noqa: E402

NAN, INF = float("nan"), float("inf")
HUGE = [2**63, -(2**70), 3, None]


def back(database, values):
    service.write(database, {"a": values}, "kept", if_exists="replace")
    return service.read(database, "kept", into="columns")["a"]


class TestSqlite(TablesContract):
    @pytest.fixture
    def address(self, sqlite):
        return sqlite

    @pytest.mark.parametrize("values", [[NAN], HUGE, [Decimal("1.234567890123456")], [Decimal(10**20 + 1)]])
    def test_what_it_cannot_hold_is_refused(self, database, values):
        with pytest.raises(InputError, match="row 0"):
            back(database, values)

    @pytest.mark.parametrize(
        "values",
        [
            [INF, -INF],
            [Decimal("1E+30"), Decimal("1E-30")],
            [Decimal(2**62)],
            [Decimal("123456789012.345")],
            ["nul\0"],
        ],
    )
    def test_what_it_holds(self, database, values):
        assert back(database, values) == values

    def test_decimals_compare_as_numbers(self, database):
        back(database, [Decimal("9.5"), Decimal("10.25")])
        assert database.execute("SELECT COUNT(*) FROM kept WHERE a > 9.75").fetchone() == (1,)

    def test_names_that_differ_by_case_are_one(self, database):
        with pytest.raises(InputError, match="'a' and 'A' are one"):
            service.write(database, {"a": [1], "A": [2]}, "kept")

    def test_columns_of_others_are_read_as_they_were_declared(self, database):
        database.execute(
            "CREATE TABLE kept (d DATE, t TIMESTAMP, b BOOL, n NUMERIC(9,2), v VARCHAR(9), x, odd DATE)"
        )
        database.execute(
            "INSERT INTO kept VALUES ('2020-01-02', '2020-01-02T03:04:05', 1, 1.5, 'v', 7, 20200102)"
        )
        database.commit()
        assert service.read(database, "kept", into="columns") == {
            "d": [dt.date(2020, 1, 2)], "t": [dt.datetime(2020, 1, 2, 3, 4, 5)], "b": [True], "n": [Decimal("1.5")],  # noqa: DTZ001
            "v": ["v"], "x": [7], "odd": [20200102],
        }  # fmt: skip

    def test_a_statement_that_no_view_takes_is_read(self, database):
        assert service.query(database, "PRAGMA user_version;", into="columns") == {"user_version": [0]}

    def test_values_of_several_sorts_come_as_they_are(self, database):
        database.execute("CREATE TABLE kept (a)")
        database.execute("INSERT INTO kept VALUES (1), ('x'), (x'00'), (NULL)")
        for into in ("pandas", "polars"):
            assert service.read(database, "kept", into=into)["a"].to_list() == [1, "x", b"\0", None]


class TestPostgres(TablesContract):
    @pytest.fixture
    def address(self, postgres):
        return postgres

    def test_nan_is_a_number_and_null_is_not(self, database):
        nan, null, inf = back(database, [NAN, None, INF])
        assert (str(nan), null, inf) == ("nan", None, INF)
        assert database.execute("SELECT COUNT(a) FROM kept").fetchone() == (2,)

    @pytest.mark.parametrize("values", [HUGE, [10**100], [Decimal("1E+100"), Decimal("1E-100")]])
    def test_numbers_of_any_size(self, database, values):
        assert back(database, values) == values

    def test_decimals_keep_their_noughts(self, database):
        assert list(map(str, back(database, [Decimal("1.10"), Decimal("2.0")]))) == ["1.10", "2.0"]

    def test_a_nul_is_refused(self, database):
        with pytest.raises(InputError, match="NUL"):
            back(database, ["a\0b"])

    def test_names_that_differ_by_case_are_two(self, database):
        service.write(database, {"a": [1], "A": [2]}, "kept")
        assert service.read(database, "kept", into="columns") == {"a": [1], "A": [2]}

    def test_a_schema(self, database):
        database.execute('CREATE SCHEMA "other one"')
        for way in ("fail", "append", "replace"):
            service.write(database, {"a": [1]}, "kept", schema="other one", if_exists=way)
        assert service.read(database, "kept", schema="other one", into="columns") == {"a": [1]}
        with pytest.raises(RemoteError, match="kept"):
            service.read(database, "kept")

    def test_a_table_that_a_view_needs_is_not_replaced(self, database):
        back(database, [1])
        database.execute("CREATE VIEW seen AS SELECT a FROM kept")
        database.commit()
        with pytest.raises(RemoteError, match="depend"):
            back(database, [2])
        assert service.read(database, "seen", into="columns") == {"a": [1]}


class TestMariadb(TablesContract):
    @pytest.fixture
    def address(self, mariadb):
        return mariadb

    @pytest.mark.parametrize(
        "values",
        [
            [NAN], [INF], [10**65], [Decimal("1E-31")], [Decimal("1E+40"), Decimal("1E-30")],
            [dt.datetime(1969, 12, 31, tzinfo=dt.UTC)], [dt.datetime(2038, 2, 1, tzinfo=dt.UTC)],
        ],
    )  # fmt: skip
    def test_what_it_cannot_hold_is_refused(self, database, values):
        with pytest.raises(InputError, match="row 0"):
            back(database, values)

    @pytest.mark.parametrize("values", [HUGE, [10**64], [Decimal("1E+30"), Decimal("1E-30")]])
    def test_numbers_of_65_digits(self, database, values):
        assert back(database, values) == values

    def test_texts_that_differ_at_all_differ(self, database):
        back(database, ["a", "A", "ä"])
        assert database.execute("SELECT COUNT(*) FROM kept WHERE a = 'A'").fetchone() == (1,)

    @pytest.mark.parametrize("name", ["ends ", "🦉"])
    def test_names_that_it_cannot_take(self, database, name):
        with pytest.raises(InputError, match="cannot name"):
            service.write(database, {name: [1]}, "kept")

    def test_whole_numbers_without_a_sign(self, database):
        database.execute("CREATE TABLE kept (a BIGINT UNSIGNED, b INT UNSIGNED, c TINYINT)")
        database.execute("INSERT INTO kept VALUES (18446744073709551615, 4294967295, -128)")
        assert service.read(database, "kept", into="columns") == {
            "a": [2**64 - 1],
            "b": [2**32 - 1],
            "c": [-128],
        }

    def test_a_schema(self, database):
        name = database.execute("SELECT DATABASE()").fetchone()[0]
        service.write(database, {"a": [1]}, "kept", schema=name)
        assert service.read(database, "kept", into="columns") == {"a": [1]}
        service.write(database, {"a": [2]}, "kept", schema=name, if_exists="replace")
        assert service.read(database, "kept", schema=name, into="columns") == {"a": [2]}
