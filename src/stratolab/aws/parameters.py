"""Systems Manager's parameters: where a lab's stacks publish what others need to know."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from stratolab.aws.errors import calling, code_of


class Parameters:
    """Parameters of one region. None of them is secret: secrets live in Secrets Manager."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get(self, name: str) -> str | None:
        """One value; None if there is none."""
        with calling(f"reading the parameter {name}"):
            try:
                return str(self._client.get_parameter(Name=name)["Parameter"]["Value"])
            except ClientError as error:
                if code_of(error) == "ParameterNotFound":
                    return None
                raise

    def below(self, path: str) -> dict[str, str]:
        """Every value below a path, by what follows the path."""
        found: dict[str, str] = {}
        mark: dict[str, str] = {}
        prefix = path.rstrip("/") + "/"
        while True:
            with calling(f"reading the parameters below {path}"):
                page = self._client.get_parameters_by_path(Path=path, Recursive=True, **mark)
            found |= {one["Name"].removeprefix(prefix): one["Value"] for one in page["Parameters"]}
            if not page.get("NextToken"):
                return found
            mark = {"NextToken": page["NextToken"]}
