"""Getting into a database by the function's own role: IAM database authentication, without a password anywhere.

RDS lets in who shows a token for a user that was made for it. The role signs the token, which asks nothing of AWS and
holds for a quarter of an hour; a policy says for which user of which database it may.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from stratolab.runtime.functions import entering

if TYPE_CHECKING:
    from collections.abc import Mapping

USER = f"{entering.PREFIX}USER"
"""The setting that names the user."""


def user(env: Mapping[str, str] = os.environ) -> str:
    """The user of this function."""
    return env[USER]


def token(database: entering.Database, user: str, client: Any = None) -> entering.Login:
    """Who we are: this user, by our role. `client` is one of RDS, made if none is given."""
    signer = client or entering.client("rds")
    signed = signer.generate_db_auth_token(DBHostname=database.host, Port=database.port, DBUsername=user)
    return entering.Login(user, str(signed))
