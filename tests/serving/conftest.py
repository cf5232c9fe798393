"""Stores to try everything on: SQLite, and a real PostgreSQL where Debian's is installed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from serving.store import open_store
from serving.tables import META


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Give an empty store of either kind."""
    if request.param == "sqlite":
        yield open_store(f"sqlite:///{tmp_path / 'store.db'}")
        return
    engine = open_store(request.getfixturevalue("postgresql"))
    yield engine
    META.drop_all(engine)
    engine.dispose()
