"""What tests of the sync server share: an empty database of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.postgres import fresh_postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, once as SQLite and once as PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite://{tmp_path / 'data' / 'server.db'}"
        return
    with fresh_postgres() as url:
        yield url


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The address of an empty database of PostgreSQL."""
    with fresh_postgres() as url:
        yield url
