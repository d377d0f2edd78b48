"""The three databases, each empty for each test; and servers with TLS."""

from __future__ import annotations

import datetime as dt
import ipaddress
import shutil

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests import servers
from tests.servers import MARIADB, POSTGRES, fresh_database

from stratolab.tables.address import Address, from_url
from stratolab.tables.opening import open_connection


@pytest.fixture
def sqlite(tmp_path):
    return Address("sqlite", str(tmp_path / "default.db"))


@pytest.fixture(scope="session")
def _postgres():
    with fresh_database(POSTGRES) as url:
        yield from_url(url)


@pytest.fixture(scope="session")
def _mariadb():
    with fresh_database(MARIADB) as url:
        yield from_url(url)


@pytest.fixture
def postgres(_postgres):
    """Making a database takes a third of a second; emptying one a hundredth."""
    yield _postgres
    with open_connection(_postgres) as connection:
        found = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspowner = CURRENT_USER::regrole"
        ).fetchall()
        for name in {name for (name,) in found} | {"public"}:
            connection.execute(f'DROP SCHEMA "{name}" CASCADE')
        connection.execute("CREATE SCHEMA public")


@pytest.fixture
def mariadb(_mariadb):
    yield _mariadb
    with open_connection(_mariadb) as connection:
        tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        for (name,) in connection.execute(tables).fetchall():
            connection.execute(f"DROP TABLE `{name.replace('`', '``')}`")


def make_certificate(folder):
    """A certificate for 127.0.0.1, and for no name, that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(pem)
    (folder / "key.pem").chmod(0o600)
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session", params=[servers.POSTGRES, servers.MARIADB])
def server(request, certificate):
    """A server that offers TLS, with a certificate that nobody knows."""

    def own(place):
        for file in certificate:
            shutil.copy(file, place.folder)
            if place.user:
                shutil.chown(place.folder / file.name, place.user)
        here = [place.folder / file.name for file in certificate]
        if request.param == servers.POSTGRES:
            return {"ssl": "on", "ssl_cert_file": here[0], "ssl_key_file": here[1]}
        return {"ssl-cert": here[0], "ssl-key": here[1]}

    start = {servers.POSTGRES: servers.start_postgres, servers.MARIADB: servers.start_mariadb}[request.param]
    url = start(own)
    if isinstance(url, str):
        pytest.skip(url)
    return from_url(url.render_as_string(hide_password=False))
