"""A venue that sends wrong books: through the gateway a bot hears silence, and then a book that follows on the last."""

import asyncio

import aiohttp
import pytest

from services.common import venue
from services.dialects.bitget.session_client import ClientEvent, ClientSession, SessionReady
from tests.e2e.gateway_processes import running

pytestmark = pytest.mark.e2e

WRONG_MS = 2_500
RULES = {
    "crossed": {"fault": "crossed_book"},
    "locked": {"fault": "locked_book"},
    "one-sided": {"fault": "one_sided_book"},
    "a thousand times too high": {"fault": "price_spike", "factor": 1_000},
    "zero": {"fault": "price_spike", "factor": 0},
    "not a number": {"fault": "nan_price"},
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with running(tmp_path_factory.mktemp("gw"), market="lively") as processes:
        yield processes


class Bot:
    """A session of the public stream, as a connector keeps it: every push with the second it came in."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, venue.Push]] = []
        self.events: list[ClientEvent] = []

    def books(self) -> list[venue.Book]:
        return [push.book for _, push in self.heard if isinstance(push, venue.BookPush)]

    async def listen(self, url: str) -> None:
        protocol = ClientSession(symbols=("BTC-USDT",))
        async with aiohttp.ClientSession() as http, http.ws_connect(url, max_msg_size=0) as socket:
            for text in protocol.opening(0):
                await socket.send_str(text)
            async for message in socket:
                incoming = protocol.on_text(message.data, 0)
                self.heard += [(asyncio.get_running_loop().time(), push) for push in incoming.pushes]
                self.events += [event for event in incoming.events if not isinstance(event, SessionReady)]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
async def test_f22_f23_f27_a_bot_hears_a_silence_and_then_a_book_that_follows_on_the_last(desk, rule):
    bot = Bot()
    listening = asyncio.create_task(bot.listen(f"ws://127.0.0.1:{desk.gateway_port}/v2/ws/public"))
    try:
        await books_come(bot, 3)
        body = {"rules": [{**rule, "for_ms": WRONG_MS}]}
        set_at_s = asyncio.get_running_loop().time()
        await asyncio.to_thread(desk.post_sim, "/sim/faults", body)
        await asyncio.sleep(WRONG_MS / 1000)
        in_silence = [push for at_s, push in bot.heard if at_s > set_at_s + 1]
        await books_come(bot, 5)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await asyncio.to_thread(desk.post_sim, "/sim/faults", {"rules": []})
    assert in_silence == [], "nothing of a pair whose book is wrong, not even a ticker"
    assert bot.events == [], "neither sequence nor checksum broke"
    for book in bot.books():
        assert 0 < book.bids[0][0] < book.asks[0][0] < 1_000_000


async def books_come(bot: Bot, count: int, within_s: float = 15) -> None:
    """So many more than there are."""
    wanted = len(bot.books()) + count
    for _ in range(int(within_s / 0.05)):
        if len(bot.books()) >= wanted:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{len(bot.books())} books within {within_s} s, wanted {wanted}")
