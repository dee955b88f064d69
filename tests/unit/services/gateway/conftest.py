import pytest

from tests.fakes.gateway_desk import Desk


@pytest.fixture
def desk() -> Desk:
    """A gateway whose doors are open, in front of an empty venue."""
    return Desk().start()


@pytest.fixture
def two_bots() -> Desk:
    return Desk(bots=("bot1", "bot2")).start()
