from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    UnauthorizedSSOTokenError,
)

from stratolab.aws.errors import BusyError, CredentialsError, DeniedError, GoneError, calling
from stratolab.core.errors import InputError, RemoteError, StratolabError


def raised(error: Exception) -> StratolabError:
    with pytest.raises(StratolabError) as caught, calling("creating a bucket"):
        raise error
    return caught.value


def of_aws(code: str, message: str = "it says so") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "CreateBucket")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ExpiredToken", CredentialsError),
        ("UnrecognizedClientException", CredentialsError),
        ("AccessDenied", DeniedError),
        ("NoSuchBucket", GoneError),
        ("OperationInProgressException", BusyError),
        ("ThrottlingException", RemoteError),
        ("LimitExceeded", RemoteError),
        ("SomethingNew", RemoteError),
    ],
)
def test_aws_codes_become_errors_that_say_what_to_do(code, kind):
    error = raised(of_aws(code))
    assert type(error) is kind
    assert (error.doing, error.what) == ("creating a bucket", f"it says so ({code})")
    assert error.exit_code == 4
    assert error.hint or code in {"NoSuchBucket", "SomethingNew"}


def test_a_denial_names_the_action():
    said = "User: arn:aws:iam::123456789012:user/ana is not authorized to perform: s3:CreateBucket on resource: x"
    assert raised(of_aws("AccessDenied", said)).action == "s3:CreateBucket"
    assert raised(of_aws("UnauthorizedOperation", "You may not.")).action == "CreateBucket"


@pytest.mark.parametrize(
    ("error", "kind", "hint"),
    [
        (NoCredentialsError(), CredentialsError, "aws login"),
        (UnauthorizedSSOTokenError(), CredentialsError, "aws login"),
        (ProfileNotFound(profile="x"), InputError, "list-profiles"),
        (NoRegionError(), InputError, "region ="),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), RemoteError, "network"),
    ],
)
def test_boto3s_own_errors_do_too(error, kind, hint):
    ours = raised(error)
    assert type(ours) is kind
    assert hint in ours.hint


def test_our_own_errors_pass_as_they_are():
    mine = InputError("x")
    assert raised(mine) is mine
