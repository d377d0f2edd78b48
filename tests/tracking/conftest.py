"""A store made by the installed MLflow, and MLflow's own client to read it back."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stratolab.tracking import make
from stratolab.tracking.store import WHOLE, Store

HERE = Path(__file__).parent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow import MlflowClient


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What MLflow and SQLAlchemy say to each other of things to come is not ours."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore::DeprecationWarning"))


@pytest.fixture(scope="session")
def mlflow_client() -> Callable[[str], MlflowClient]:
    """A maker of clients for a tracking URI. Importing MLflow takes seconds, so it is done once."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient  # noqa: PLC0415
    return lambda uri: MlflowClient(tracking_uri=uri)


@pytest.fixture
def made(lab_folder: Path) -> Path:
    """The file of a store that MLflow made."""
    path = lab_folder / "mlflow.db"
    make.make(path)
    return path


@pytest.fixture
def store(made: Path) -> Iterator[Store]:
    with Store(made, made.parent / WHOLE) as store:
        yield store


@pytest.fixture
def client(made: Path, mlflow_client: Callable[[str], MlflowClient]) -> MlflowClient:
    """MLflow's own client of that store."""
    return mlflow_client(f"sqlite:///{made}")
