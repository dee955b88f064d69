"""What every room of the tests may use: a short run directory, a Redis in it, and golden files.

``pytest --update-golden`` rewrites the golden files, and the diff is read.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.common.embedded import RedisServer

GOLDEN_DIR = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden from what the code gives now")


@pytest.fixture
def check_golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """check_golden("contracts/fill.v1.json", text): equal to the file, or the file is written anew when asked."""

    def check(name: str, text: str) -> None:
        path = GOLDEN_DIR / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: pytest --update-golden writes it"
        assert path.read_text(encoding="utf-8") == text, f"{path} differs: pytest --update-golden, then read the diff"

    return check


@pytest.fixture
def run_dir() -> Iterator[Path]:
    """Short, because unix sockets lie below it and their paths are limited."""
    path = Path(tempfile.mkdtemp(prefix="hb"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def redis_server(run_dir: Path) -> Iterator[RedisServer]:
    server = RedisServer(run_dir)
    server.start()
    yield server
    server.stop()
