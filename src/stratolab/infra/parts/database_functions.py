"""The functions beside a database: one that sets it up, which a deployment calls, and one that tries the way to it.

Both are in the private network, in the group of functions, which may call databases; both read one secret and no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import GetAtt

from stratolab.infra import names
from stratolab.infra.arns import objects
from stratolab.infra.blocks.policies import Statement, allow
from stratolab.infra.code import DRIVERS, Code, code
from stratolab.infra.parts.functions import called, code_of, function, limit
from stratolab.infra.parts.general_roles import use_keys_through
from stratolab.infra.scripts import FOLDER, sent
from stratolab.infra.values import Given, taken
from stratolab.runtime.functions import database_setup, entering

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.infra.parts.functions import Place
    from stratolab.infra.scripts import Sent
    from stratolab.infra.values import Taken
    from stratolab.runtime.databases.setup import Script

SETUP, TEST = "database-setup", "database-test"
"""What the functions are called, after lab and environment; an application's have its name behind."""
TEST_SECONDS = 60
_HANDLERS = "stratolab.runtime.functions"


@dataclass(frozen=True, slots=True)
class Entry:
    """A database as its functions need it. `application` is whose it is, empty for the environment's own."""

    engine: str
    host: Any
    port: Any
    name: str
    secret: Any
    """The ARN of the secret with which its functions get in."""
    application: str = ""

    def title(self, what: str) -> str:
        """The logical name of something of this database."""
        return names.title(what, self.application) if self.application else what

    def called(self, what: str) -> str:
        """The name of a function of this database."""
        return "-".join(filter(None, (what, self.application)))


def setup(place: Place, entry: Entry, *, seconds: float) -> list[Any]:
    """The function that sets a database up, and the deployment's call of it: `Setup`, whose `Answer` says what ran."""
    title, scripts, most = entry.title("SetupFunction"), taken(scripts_of(entry, ())), limit(seconds)
    about = f"Sets the database of {entry.application or place.environment} up: scripts, once each"
    return [
        *function(
            title,
            entry.called(SETUP),
            about,
            place,
            _code(SETUP),
            may=(read_scripts(place.bucket), *_enter(place, entry, "s3")),
            settings={
                **_settings(entry),
                database_setup.BUCKET: place.bucket,
                database_setup.SCRIPTS: scripts,
                database_setup.SECONDS: f"{seconds:g}",
            },
            seconds=most,
        ),
        called(
            entry.title("Setup"),
            "DatabaseSetup",
            title,
            seconds=most,
            Host=entry.host,  # a new instance is empty, so all of it runs again
            Scripts=scripts,
        ),
    ]


def test(place: Place, entry: Entry) -> list[Any]:
    """The function that tries the way to a database."""
    return function(
        entry.title("TestFunction"),
        entry.called(TEST),
        f"Tries the way to the database of {entry.application or place.environment}",
        place,
        _code(TEST),
        may=_enter(place, entry),
        settings=_settings(entry),
        seconds=TEST_SECONDS,
    )


def answer(entry: Entry) -> Any:
    """What the set-up answered at its last call: JSON with the names of scripts, how many statements, which server."""
    return GetAtt(entry.title("Setup"), "Answer")


def inputs(entry: Entry, *, scripts: Sequence[Script] | None) -> tuple[Taken, ...]:
    """The parameters of a database's functions; `scripts` is None where nothing is to be set up."""
    test_code = code_of(entry.title("TestFunction"), _code(TEST))
    if scripts is None:
        return (test_code,)
    return (test_code, code_of(entry.title("SetupFunction"), _code(SETUP)), scripts_of(entry, scripts))


def sources(*, scripts: Sequence[Sequence[Script]]) -> tuple[Code | Sent, ...]:
    """What has to be in the bucket: the code, and the scripts of each database that is set up."""
    if not scripts:
        return (_code(TEST),)
    objects_of = dict.fromkeys(one for part in scripts for one in sent(part))
    return (_code(TEST), _code(SETUP), *objects_of)


def scripts_of(entry: Entry, scripts: Sequence[Script]) -> Given:
    """The parameter by which a stack is told which scripts there are: another text is another value."""
    return Given(
        entry.title("SetupScripts"),
        f"The list of scripts of the database of {entry.application or 'the environment'}, in the bucket of code",
        sent(scripts)[-1].key,
    )


def read_scripts(bucket: Any) -> Statement:
    """Read scripts, and nothing else of the bucket."""
    return allow("ReadScripts", ["s3:GetObject"], objects(bucket, f"{FOLDER}/*"))


def read_secret(secret: Any) -> Statement:
    """Read one secret."""
    return allow("ReadSecret", ["secretsmanager:GetSecretValue"], secret)


def _enter(place: Place, entry: Entry, *services: str) -> tuple[Statement, ...]:
    """Get into the database: its secret, and the key of it where the lab has its own."""
    keys = (use_keys_through("secretsmanager", *services),) if place.secrets_key is not None else ()
    return (read_secret(entry.secret), *keys)


def _settings(entry: Entry) -> dict[str, Any]:
    return entering.variables(entry.engine, entry.host, entry.port, entry.name, entry.secret)


def _code(name: str) -> Code:
    """The code of a function, with both drivers: one zip does for either engine."""
    return code(name, f"{_HANDLERS}.{name.replace('-', '_')}.handler", *DRIVERS.values())
