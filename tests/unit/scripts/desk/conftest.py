import pytest
from aiohttp.test_utils import TestServer

from scripts.desk.supervisor.lock import take_lock
from services.common.addresses import Addresses, DeskProcess, ProcessAddress, write_addresses
from services.common.secrets import read_admin_token
from tests.fakes.answering_desk import Answers


@pytest.fixture
async def desk(tmp_path):
    """A run directory that looks like that of a running desk. Yields (directory, answers)."""
    answers = Answers(read_admin_token(tmp_path))
    server = TestServer(answers.app())
    await server.start_server()
    url = f"http://127.0.0.1:{server.port}"
    one = ProcessAddress(pid=1, port=server.port or 0, url=url, state="ready")
    write_addresses(
        tmp_path,
        Addresses(
            desk=DeskProcess(pid=1, started_ms=1, bots=("bot1",)),
            processes=dict.fromkeys(("gateway", "venue_sim", "kill_switch"), one),
        ),
    )
    with take_lock(tmp_path / "desk.lock"):
        yield tmp_path, answers
    await server.close()
