"""Short run directories (a unix socket's path is limited) and servers that are always stopped."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.common.embedded import RedisServer


@pytest.fixture
def run_dir() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="hb"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def redis_server(run_dir: Path) -> Iterator[RedisServer]:
    server = RedisServer(run_dir)
    server.start()
    yield server
    server.stop()
