"""Getting in by the function's own role: the token is signed here, by AWS's own program, and nothing is asked."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import boto3

from stratolab.runtime.functions import entering, tokens

SETTINGS = {
    **entering.variables("postgres", "db.example.com", "15432", "lab", ""),
    tokens.USER: "stratolab_jobs",
}


def test_a_token_is_for_one_user_of_one_database():
    client = boto3.client("rds", region_name="eu-west-1", aws_access_key_id="AKIA", aws_secret_access_key="s")
    who = tokens.token(entering.database(SETTINGS), tokens.user(SETTINGS), client)
    signed = urlsplit(f"https://{who.password}")
    asked = parse_qs(signed.query)
    assert (who.user, signed.netloc) == ("stratolab_jobs", "db.example.com:15432")
    assert (asked["Action"], asked["DBUser"], asked["X-Amz-Expires"]) == (
        ["connect"],
        ["stratolab_jobs"],
        ["900"],
    )
    assert "/eu-west-1/rds-db/aws4_request" in asked["X-Amz-Credential"][0]
    assert who.password not in repr(who)


def test_a_function_that_gets_in_so_needs_no_secret():
    settings = {key: value for key, value in SETTINGS.items() if not key.endswith("SECRET")}
    assert entering.database(settings).secret == ""
