"""Databases for the tests of the store: an SQLite file, and a real PostgreSQL server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from ems.store.database import file_url, open_database
from tests.postgres import Server, server
from tests.unit.store.taped import MORNING, opened

SHARED = "house"


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with our layout and nothing in it; to be copied."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    opened(path).dispose()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server with the database `SHARED`, which has our layout."""
    with server() as running:
        open_database(running.make(SHARED), now=MORNING, report=print).dispose()
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """The address of an empty database, of each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty_file"), tmp_path / "j.db")
        yield file_url(tmp_path / "j.db")
        return
    running: Server = request.getfixturevalue("postgres")
    yield running.url(SHARED)
    running.empty(SHARED)


@pytest.fixture
def engine(url: URL) -> Iterator[Engine]:
    """An empty database, open."""
    found: list[str] = []
    engine = open_database(url, now=MORNING, report=found.append)
    assert found == []
    yield engine
    engine.dispose()
