"""Data for the tests: synthetic twins, written once a session, and the real databases where they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock

from ecglib.databases.synthetic import write_twins


@pytest.fixture(scope="session")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data directory with the twins of all four databases; copy it before changing anything."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with FileLock(shared / "twins.lock"):
        return write_twins(shared / "twins", progress=False)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Data directory with the real databases."""
    place = os.environ.get("ECGLIB_DATA")
    if not place:
        pytest.skip("set ECGLIB_DATA to the folder with the real databases to run this test")
    return Path(place)
