"""`[databases.NAME]`: what is taken, what is refused, and that no password is repeated."""

from __future__ import annotations

import pytest

from stratolab.config.load import from_mapping
from stratolab.core.errors import InputError

WORD = "hunter-22"


def load(**databases: dict[str, object]) -> object:
    return from_mapping({"project": {"name": "p"}, "databases": databases}, "here")


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"secret": "p/database"},
        {"secret": "p/database:url"},
        {"url": "sqlite:///games.db"},
        {"url": "postgresql://ana@db.example/games?sslrootcert=ca.pem", "secret": "p/database"},
        {"url": "mariadb://127.0.0.1/games"},
    ],
)
def test_what_is_taken(table: dict[str, object]) -> None:
    load(default=table)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"url": f"postgresql://ana:{WORD}@db.example/x"}, "databases.default.url: holds a password"),
        ({"url": f"postgresql://db.example/x?password={WORD}"}, "databases.default.url: holds a password"),
        ({"url": f"oracle://{WORD}"}, "no URL of SQLite"),
        ({"url": 5}, "databases.default.url"),
        ({"secret": f"postgresql://ana:{WORD}@db.example/x"}, "databases.default.secret: holds a URL"),
        ({"secret": "two words"}, "no name of a secret"),
        ({"urll": "sqlite:///x"}, "urll"),
    ],
)
def test_what_is_refused(table: dict[str, object], told: str) -> None:
    with pytest.raises(InputError) as caught:
        load(default=table)
    assert told in str(caught.value)
    assert WORD not in str(caught.value)


def test_names_are_names() -> None:
    with pytest.raises(InputError, match="no name for a database"):
        load(Games={})
