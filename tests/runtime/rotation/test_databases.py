"""Users of real servers, exchanged: two that can do the same, made by an owner who is no superuser, over TLS."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest

from stratolab.core.errors import InputError, RefusedError, RemoteError
from stratolab.runtime.rotation import credentials
from stratolab.runtime.rotation.databases import Databases


def rotated(exchange, value):
    """The other user, let in."""
    pending = exchange.next(value)
    exchange.apply(value, pending)
    exchange.test(pending)
    return pending


def test_an_application_has_a_database_of_its_own(server, exchange, user):
    exchange.test(credentials.written(user))
    server.ask(user, "CREATE TABLE season (year INTEGER)")
    server.ask(user, "INSERT INTO season VALUES (1903)")
    assert server.ask(user, "SELECT year FROM season") == [(1903,)]
    with pytest.raises(Exception, match="denied"):
        server.ask(
            user, {"postgres": "CREATE ROLE another", "mysql": "CREATE DATABASE another"}[server.engine]
        )


def test_its_names_and_passwords_have_the_chosen_lengths(server):
    seed = server.login("", "", "lengths")
    made = credentials.read(
        Databases(server.connect, lambda _login: server.owner, 16, 41, seed=seed).next("")
    )
    assert (len(made.name), len(made.password)) == (16, 41)
    assert made.name[0].isalpha()
    assert made.name.islower()


def test_applications_do_not_see_one_another(server, exchange, user):
    seed = server.login("", "", f"{user.database}_other")
    other = Databases(exchange.connect, exchange.owner, seed=seed)
    value = other.next("")
    other.apply("", value)
    with pytest.raises(RemoteError):
        server.connect(replace(user, database=seed.database))
    # An underscore in the name of a database stands for any character in a grant of MySQL's.
    if server.engine == "mysql":
        server.ask(server.root, f"CREATE DATABASE {user.database.replace('_', 'X')}")
        with pytest.raises(RemoteError):
            server.connect(replace(user, database=user.database.replace("_", "X")))


def test_making_it_again_drops_nothing(server, exchange, user):
    server.ask(user, "CREATE TABLE kept (a INTEGER)")
    again = Databases(exchange.connect, exchange.owner, seed=replace(user, name="", password=""))
    value = again.next(credentials.written(user))
    again.apply(credentials.written(user), value)
    assert credentials.read(value).name == user.name
    assert server.ask(credentials.read(value), "SELECT count(*) FROM kept") == [(0,)]
    assert not server.lets_in(user)


def test_both_are_let_in_until_the_next_rotation(server, exchange, first):
    values = [first]
    for _ in range(4):
        values.append(rotated(exchange, values[-1]))
        logins = [credentials.read(value) for value in values]
        assert [server.lets_in(one) for one in logins] == [False] * (len(logins) - 2) + [True, True]
    names = [credentials.read(value).name for value in values]
    assert names == [names[0], f"{names[0]}_clone", names[0], f"{names[0]}_clone", names[0]]
    assert len({credentials.read(value).password for value in values}) == len(values)


def test_what_either_makes_both_can_change(server, exchange, first):
    one = credentials.read(first)
    server.ask(one, "CREATE TABLE before_it (a INTEGER)")
    other = credentials.read(rotated(exchange, first))
    server.ask(other, "ALTER TABLE before_it ADD COLUMN b INTEGER")
    server.ask(other, "CREATE TABLE after_it (a INTEGER)")
    server.ask(one, "ALTER TABLE after_it ADD COLUMN b INTEGER")
    server.ask(one, "DROP TABLE after_it")
    third = credentials.read(rotated(exchange, credentials.written(other)))
    server.ask(third, "DROP TABLE before_it")


GRANTS = {
    "postgres": (
        ("CREATE TABLE elsewhere (a INTEGER, b INTEGER)", "GRANT SELECT (a) ON elsewhere TO {0}"),
        "SELECT a FROM elsewhere",
        "SELECT b FROM elsewhere",
        ("REVOKE SELECT (a) ON elsewhere FROM {0}",),
    ),
    "mysql": (
        ("CREATE TABLE IF NOT EXISTS mysql.elsewhere (a INTEGER, b INTEGER)",
         "GRANT SELECT (a) ON mysql.elsewhere TO '{0}'@'%'"),
        "SELECT a FROM mysql.elsewhere",
        "SELECT b FROM mysql.elsewhere",
        ("REVOKE SELECT (a) ON mysql.elsewhere FROM '{0}'@'%'",),
    ),
}  # fmt: skip


def test_what_was_granted_and_revoked_in_the_meantime_holds_for_both(server, exchange, first):
    give, may, may_not, take = GRANTS[server.engine]
    one = credentials.read(first)
    root = replace(server.root, database=one.database)
    for statement in give:
        server.ask(root, statement.format(one.name))
    second = rotated(exchange, first)
    other = credentials.read(second)
    assert server.ask(other, may) == []
    with pytest.raises(Exception, match="denied"):
        server.ask(other, may_not)
    for statement in take:
        server.ask(root, statement.format(other.name if server.engine == "mysql" else one.name))
    third = credentials.read(rotated(exchange, second))
    with pytest.raises(Exception, match="denied"):
        server.ask(third, may)


@pytest.mark.parametrize("server", ["mysql"], indirect=True)
def test_roles_and_options_of_grants_come_along(server, exchange, first):
    one = credentials.read(first)
    for statement in (
        "CREATE ROLE IF NOT EXISTS readers",
        f"GRANT readers TO '{one.name}'@'%'",
        f"SET DEFAULT ROLE readers FOR '{one.name}'@'%'",
        f"GRANT INSERT ON mysql.elsewhere_2 TO '{one.name}'@'%' WITH GRANT OPTION",
        f"ALTER USER '{one.name}'@'%' REQUIRE SSL WITH MAX_USER_CONNECTIONS 7",
    ):
        if "elsewhere_2" in statement:
            server.ask(server.root, "CREATE TABLE IF NOT EXISTS mysql.elsewhere_2 (a INTEGER)")
        server.ask(server.root, statement)
    server.ask(server.root, f"GRANT readers TO {server.owner.name}@'%' WITH ADMIN OPTION")
    other = credentials.read(rotated(exchange, first))

    def told(name):
        lines = [row[0] for row in server.ask(server.root, f"SHOW GRANTS FOR '{name}'@'%'")]
        return sorted(line.replace(name, "X") for line in lines if "USAGE" not in line)

    assert told(one.name) == told(other.name)
    ((created, *_),) = server.ask(server.root, f"SHOW CREATE USER '{other.name}'@'%'")
    assert "REQUIRE SSL" in created
    assert "MAX_USER_CONNECTIONS 7" in created


@pytest.mark.parametrize("server", ["postgres"], indirect=True)
def test_settings_and_limits_come_along(server, exchange, first):
    one = credentials.read(first)
    for statement in (
        f"ALTER ROLE {one.name} SET statement_timeout = '77s'",
        f'ALTER ROLE {one.name} IN DATABASE {one.database} SET search_path = "$user", public, pg_catalog',
        f"ALTER ROLE {one.name} SET application_name = '100% mine; it''s'",
        f"ALTER ROLE {one.name} CONNECTION LIMIT 9",
    ):
        server.ask(server.root, statement)
    second = rotated(exchange, first)
    other = credentials.read(second)
    assert server.ask(other, "SHOW statement_timeout") == [("77s",)]
    assert server.ask(other, "SHOW search_path") == [('"$user", public, pg_catalog',)]
    limits = "SELECT rolconnlimit FROM pg_roles WHERE rolname = '{}'"
    assert server.ask(server.root, limits.format(other.name)) == [(9,)]
    server.ask(server.root, f"ALTER ROLE {one.name} RESET statement_timeout")
    rotated(exchange, rotated(exchange, second))
    settings = (
        "SELECT setconfig FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = setrole WHERE rolname = '{}'"
    )
    found = {text for (texts,) in server.ask(server.root, settings.format(other.name)) for text in texts}
    assert {text.partition("=")[0] for text in found} == {"search_path", "application_name", "role"}


def test_undone_the_one_before_gets_in_again(server, exchange, first):
    second = rotated(exchange, first)
    pending = exchange.next(second)
    exchange.apply(second, pending)
    assert not server.lets_in(credentials.read(first))
    exchange.undo(second, pending, first)
    assert [server.lets_in(credentials.read(one)) for one in (first, second, pending)] == [True, True, False]


def test_undone_with_none_before_nobody_gets_in(server, exchange, first):
    pending = exchange.next(first)
    exchange.apply(first, pending)
    for _ in range(2):
        exchange.undo(first, pending, "")
    assert not server.lets_in(credentials.read(pending))
    assert server.lets_in(credentials.read(rotated(exchange, first)))


def test_undoing_never_touches_who_is_in_use(server, exchange, first):
    exchange.undo(first, first, "")
    assert server.lets_in(credentials.read(first))


def test_a_rehearsal_has_a_user_of_its_own_and_leaves_nothing(server, exchange, first):
    second = rotated(exchange, first)
    tried = exchange.rehearsal(second)
    exchange.apply(second, tried)
    exchange.test(tried)
    assert exchange.discarded(tried)
    server.ask(credentials.read(tried), "CREATE TABLE made_by_it (a INTEGER)")
    exchange.undo(second, tried, first)
    assert [server.lets_in(credentials.read(one)) for one in (first, second, tried)] == [True, True, False]
    kept = {"postgres": "SELECT rolname FROM pg_roles", "mysql": "SELECT User FROM mysql.user"}[server.engine]
    assert not any(row[0].endswith("_rehearsal") for row in server.ask(server.root, kept))
    server.ask(credentials.read(second), "DROP TABLE made_by_it")


def test_a_query_that_fails_says_what_and_holds_no_value(server, exchange, user):
    with pytest.raises(RemoteError, match="no such table") as caught:
        exchange.test(credentials.written(user), "SELECT 'a-value-7f3a' FROM nothing_like_it")
    assert "7f3a" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_query_changes_nothing(server, exchange, user):
    server.ask(user, "CREATE TABLE counted (a INTEGER)")
    with contextlib.suppress(RemoteError):  # what psycopg raises where there are no rows
        exchange.test(credentials.written(user), "INSERT INTO counted VALUES (1)")
    assert server.ask(user, "SELECT count(*) FROM counted") == [(0,)]


def test_another_database_or_user_is_refused(exchange, user):
    current = credentials.written(user)
    for wrong in (replace(user, database="another"), replace(user, name="somebody"), user):
        with pytest.raises(RefusedError):
            exchange.apply(current, credentials.written(wrong))


def test_a_user_who_is_not_there_has_no_twin(server, exchange, user):
    gone = replace(user, name="nobody_of_that_name")
    with pytest.raises(RemoteError, match="nobody_of_that_name"):
        exchange.apply(credentials.written(gone), credentials.written(gone.twin("x" * 20)))


def test_without_the_right_to_make_users_it_says_so(server, user):
    alone = Databases(server.connect, lambda login: login)
    value = credentials.written(user)
    with pytest.raises(RemoteError, match=r"may not do that|wrong") as caught:
        alone.apply(value, alone.next(value))
    assert user.password not in str(caught.value)


def test_a_wrong_password_is_told_as_such(exchange, user):
    with pytest.raises(RemoteError, match=r"[Aa]uthentication|denied"):
        exchange.test(credentials.written(replace(user, password="wrong")))


def test_no_password_is_in_the_servers_log(server, exchange, first):
    """PostgreSQL logs every statement here; MariaDB too, as it comes."""
    second = rotated(exchange, first)
    logs = [path.read_text(errors="replace") for path in server.log.parent.glob("*") if path.is_file()]
    assert any(credentials.read(first).name in text for text in logs)
    for value in (first, second):
        assert not any(credentials.read(value).password in text for text in logs)


def test_a_name_that_leaves_no_room_is_refused(server):
    long = server.login("x" * 60, "p", "d")
    with pytest.raises(InputError, match="characters"):
        long.twin("p")
