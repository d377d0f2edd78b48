from __future__ import annotations

import os
import random

import pytest
from tests.chaos.harness import Project
from tests.servers import MARIADB, POSTGRES, fresh_database


@pytest.fixture
def chaos(tmp_path):
    """Makes chaos projects and leaves nothing of them running."""
    made = []

    def make(**settings):
        made.append(Project(tmp_path / f"project{len(made)}", **settings))
        return made[-1]

    yield make
    for project in made:
        project.close()


@pytest.fixture
def chance():
    """Random choices from a seed that a failing test shows: STRATOLAB_CHAOS_SEED replays it."""
    seed = int(os.environ.get("STRATOLAB_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
    print(f"STRATOLAB_CHAOS_SEED={seed}")
    return random.Random(seed)


@pytest.fixture(params=["sqlite", POSTGRES, MARIADB])
def store_url(request):
    """Each of the three databases; an empty URL is SQLite in the lab."""
    if request.param == "sqlite":
        yield ""
    else:
        with fresh_database(request.param) as url:
            yield url
