"""What runs in the containers of a lab's tracking server: MLflow with its login, on a database and a bucket.

    python -m stratolab.runtime.tracking_server setup      the server's database and user, MLflow's tables, its users
    python -m stratolab.runtime.tracking_server serve      MLflow's server, over TLS, in place of this process
    python -m stratolab.runtime.tracking_server healthy    whether that answers; exit code 1 if not

`setup` ends before `serve` begins, in a container of its own: only it is given the secret of the database's owner. It
may run any number of times, and beside others: one waits for the other. Secrets come as JSON in variables and go no
further than variables and a file for this user only, never into arguments or logs.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import ssl
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DRIVERS = {"postgres": "postgresql+psycopg", "mysql": "mysql+pymysql"}
FIRST = {"postgres": "postgres", "mysql": "mysql"}
"""A database that every server has, to connect to before there is one of ours."""
SECRETS = ("DATABASE", "OWNER", "ADMIN", "MEMBER")
"""Variables that hold secrets, without the prefix. `serve` takes them out before MLflow begins."""
PREFIX = "STRATOLAB_TRACKING_"
PERMISSION = "EDIT"  # what who is signed in may do with others' runs: people of a lab work on the same things
LOGIN_CACHE = 60  # seconds that a password once checked is believed: the check takes a tenth of a second
CERTIFICATE_DAYS = 825  # longer than any copy of the server lives
LOCK = 5_263_117  # any number, as long as it is always the same
_WAIT = 600  # seconds for another one's set-up


@dataclass(frozen=True, slots=True)
class Place:
    """A database server. `authorities` is a file with the certificates of who may vouch for it."""

    engine: str
    host: str
    port: int
    authorities: str


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and a password, which no repr shows."""

    name: str
    password: str = field(repr=False)


def main(words: list[str]) -> int:
    """Do one of the three. What goes wrong is told in a line that holds no secret."""
    steps = {"setup": setup, "serve": serve, "healthy": healthy}
    if len(words) != 1 or words[0] not in steps:
        sys.stderr.write(f"one of: {', '.join(steps)}\n")
        return 2
    try:
        return steps[words[0]](os.environ)
    except Exception as problem:  # noqa: BLE001 - a traceback of a driver may hold what it was given
        sys.stderr.write(f"{words[0]}: {told(problem)}\n")
        return 1


def told(problem: Exception) -> str:
    """What went wrong, without the statement at which it did."""
    cause = getattr(problem, "orig", None) or problem
    lines = str(cause).strip().splitlines()
    return f"{type(cause).__name__}: {lines[0] if lines else 'no more is known'}"


# -- set-up -----------------------------------------------------------------------------------------


def setup(env: Mapping[str, str]) -> int:
    """Have the database, its user, MLflow's tables and MLflow's two users there, as the secrets have them now."""
    place, database = place_of(env), env[f"{PREFIX}NAME"]
    owner, user = login_of(env, "OWNER"), login_of(env, "DATABASE")
    with alone(url(place, FIRST[place.engine], owner)) as connection:
        _HAVE[place.engine](connection, database, user)
        _have_tables(url(place, database, user))
        _have_users(
            url(place, database, user), {"ADMIN": login_of(env, "ADMIN"), "MEMBER": login_of(env, "MEMBER")}
        )
    return 0


@contextmanager
def alone(address: str) -> Iterator[Any]:
    """A connection on which every statement stands for itself; nobody else sets up meanwhile."""
    import sqlalchemy  # noqa: PLC0415 - `healthy` runs every few seconds and needs none of it

    engine = sqlalchemy.create_engine(address, isolation_level="AUTOCOMMIT", hide_parameters=True)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET lock_timeout = '{_WAIT}s'")
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({LOCK})")
        else:
            connection.exec_driver_sql(f"SELECT GET_LOCK('stratolab-{LOCK}', {_WAIT})")
        yield connection
    engine.dispose()  # which gives the lock back


def _have_in_postgres(connection: Any, database: str, user: Login) -> None:
    """A user who owns one database and nothing else. Its password goes as a verifier, which no log could give away."""
    quoted = connection.dialect.identifier_preparer.quote
    name, home = quoted(user.name), quoted(database)
    raw = connection.connection.driver_connection.pgconn
    verifier = raw.encrypt_password(user.password.encode(), user.name.encode(), b"scram-sha-256").decode()
    there = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %s", (user.name,)).first()
    connection.exec_driver_sql(f"{'ALTER' if there else 'CREATE'} ROLE {name} LOGIN PASSWORD '{verifier}'")
    connection.exec_driver_sql(
        f"GRANT {name} TO CURRENT_USER"
    )  # who makes a database for another must be that one
    if not connection.exec_driver_sql("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).first():
        connection.exec_driver_sql(f"CREATE DATABASE {home} OWNER {name}")
    connection.exec_driver_sql(f"ALTER DATABASE {home} OWNER TO {name}")
    connection.exec_driver_sql(f"REVOKE ALL ON DATABASE {home} FROM PUBLIC")


def _have_in_mysql(connection: Any, database: str, user: Login) -> None:
    """The same. MySQL takes passwords out of its logs itself."""
    quoted = connection.dialect.identifier_preparer.quote
    connection.exec_driver_sql(f"CREATE DATABASE IF NOT EXISTS {quoted(database)} CHARACTER SET utf8mb4")
    named = (user.name, user.password)
    connection.exec_driver_sql("CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", named)
    connection.exec_driver_sql("ALTER USER %s@'%%' IDENTIFIED BY %s", named)
    connection.exec_driver_sql(f"GRANT ALL PRIVILEGES ON {quoted(database)}.* TO %s@'%%'", (user.name,))


_HAVE = {"postgres": _have_in_postgres, "mysql": _have_in_mysql}


def _have_tables(address: str) -> None:
    """MLflow's tables, in the schema of the MLflow that is here."""
    utils: Any = import_module("mlflow.store.db.utils")  # which MLflow has not typed
    engine = utils.create_sqlalchemy_engine_with_retry(address)
    if utils._all_tables_exist(engine):  # noqa: SLF001 - `mlflow db upgrade` would have the password as an argument
        utils._upgrade_db(engine)  # noqa: SLF001
    else:
        utils._initialize_tables(engine)  # noqa: SLF001
    engine.dispose()


def _have_users(address: str, users: Mapping[str, Login]) -> None:
    """The admin and the member, with the passwords that their secrets have now."""
    from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore  # noqa: PLC0415

    store: Any = SqlAlchemyStore()
    store.init_db(address)
    for role, login in users.items():
        admin = role == "ADMIN"
        if store.has_user(login.name):
            store.update_user(login.name, password=login.password, is_admin=admin)
        else:
            store.create_user(login.name, login.password, is_admin=admin)
    store.engine.dispose()


# -- the server -------------------------------------------------------------------------------------


def serve(env: Mapping[str, str]) -> int:
    """Become MLflow's server."""
    folder = Path(tempfile.mkdtemp(prefix="tracking-"))
    key, certificate = _self_signed(folder)
    words = [sys.executable, "-m", "mlflow", "server", "--app-name", "basic-auth"]
    words += ["--uvicorn-opts", f"--ssl-keyfile {key} --ssl-certfile {certificate}"]
    os.execve(sys.executable, words, {**_without_secrets(env), **server_env(env, folder)})  # noqa: S606


def server_env(env: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What MLflow is told by variables; the file with the login's settings is in `folder`, for this user only."""
    admin = login_of(env, "ADMIN")
    address = url(place_of(env), env[f"{PREFIX}NAME"], login_of(env, "DATABASE"))
    settings = folder / "login.ini"
    lines = {
        "default_permission": PERMISSION,
        "database_uri": address.replace("%", "%%"),  # as the file's reader wants it
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
        "auth_cache_ttl_seconds": LOGIN_CACHE,
    }
    written = "".join(f"{key} = {value}\n" for key, value in lines.items())
    descriptor = os.open(settings, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"[mlflow]\n{written}")
    return {
        "MLFLOW_BACKEND_STORE_URI": address,
        "MLFLOW_AUTH_CONFIG_PATH": str(settings),
        "MLFLOW_AUTH_ADMIN_USERNAME": admin.name,
        "MLFLOW_AUTH_ADMIN_PASSWORD": admin.password,
        # The same in every copy of the server, and another one when the secret is exchanged.
        "MLFLOW_FLASK_SERVER_SECRET_KEY": hmac.new(
            admin.password.encode(), b"forms", hashlib.sha256
        ).hexdigest(),
    }


def _without_secrets(env: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in env.items() if key.removeprefix(PREFIX) not in SECRETS}


def _self_signed(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate of this copy's own. Load balancers encrypt to what is behind them and do not ask who."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tracking")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").chmod(0o600)
    return folder / "key.pem", folder / "certificate.pem"


def healthy(env: Mapping[str, str]) -> int:
    """Whether the server in this container answers."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # its own, on this machine
    asked = http.client.HTTPSConnection("127.0.0.1", int(env["MLFLOW_PORT"]), timeout=5, context=context)
    try:
        asked.request("GET", "/health")
        return int(asked.getresponse().status != http.client.OK)
    finally:
        asked.close()


# -- what it is given -------------------------------------------------------------------------------


def place_of(env: Mapping[str, str]) -> Place:
    """The database server that the variables name. Raises `KeyError` for one that is not set."""
    return Place(
        engine=env[f"{PREFIX}ENGINE"],
        host=env[f"{PREFIX}HOST"],
        port=int(env[f"{PREFIX}PORT"]),
        authorities=env[f"{PREFIX}AUTHORITIES"],
    )


def login_of(env: Mapping[str, str], name: str) -> Login:
    """The user that a secret holds. Raises `ValueError`, which does not repeat it, if it holds none."""
    try:
        document = json.loads(env[f"{PREFIX}{name}"])
        return Login(document["username"], document["password"])
    except (ValueError, TypeError, KeyError):
        raise ValueError(f"{PREFIX}{name} is no JSON object with username and password") from None


def url(place: Place, database: str, login: Login) -> str:
    """The database's address as SQLAlchemy takes it. It holds the password."""
    options = (
        {"sslmode": "verify-full", "sslrootcert": place.authorities}
        if place.engine == "postgres"
        else {"ssl_ca": place.authorities, "ssl_verify_cert": "true", "ssl_verify_identity": "true"}
    )
    who = f"{quote(login.name, safe='')}:{quote(login.password, safe='')}"
    return f"{DRIVERS[place.engine]}://{who}@{place.host}:{place.port}/{quote(database)}?{urlencode(options)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
