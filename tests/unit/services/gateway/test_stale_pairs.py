"""What rests on a book that nobody knows is taken back, whatever the bot notices."""

from decimal import Decimal

import msgspec
import pytest

from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m
from tests.fakes.gateway_desk import Desk, Fault
from tests.fakes.limits import filled


def hear_crossed_books(desk: Desk, for_ms: int) -> None:
    """The stream lives, and every book on it is wrong."""
    desk.is_hearing_market = False
    for _ in range(for_ms // 500):
        book = desk.venue.book()
        crossed = msgspec.structs.replace(book, bids=((book.asks[0][0] + 1, Decimal(1)),))
        desk.feed(m.UpstreamPush(venue.BookPush(book=crossed)))
        desk.run(500)


def resting(desk: Desk) -> set[str]:
    return {order.request.client_order_id for order in desk.venue.open_orders()}


@pytest.fixture
def desk() -> Desk:
    return Desk().start()


def test_f21_after_ten_seconds_without_a_sound_book_nothing_that_could_open_rests(desk):
    filled(desk, "buy", "0.005")
    opening = desk.placed("buy", "59000", level="b0")
    reducing = desk.placed("sell", "60100", "0.005", level="d0", reduce_only=True)
    hear_crossed_books(desk, 9_000)
    assert resting(desk) == {opening, reducing}
    hear_crossed_books(desk, 3_000)
    assert resting(desk) == {reducing}
    said = [one for one in desk.events(e.RiskDecisionV1) if one["reason"] == "STALE_MARKET"]
    assert [one["limit"] for one in said] == ["stale_rest_ms=10000"], "said once"
    assert "1 orders taken back" in said[0]["value"]


def test_f20_a_stream_that_answers_pings_and_says_nothing_is_the_same(desk):
    desk.placed("buy", "59000", level="b0")
    desk.is_hearing_market = False
    desk.fault = lambda request: Fault("lose_answer") if isinstance(request, venue.GetBook) else Fault()
    for _ in range(12):
        desk.run(1_000)
        desk.feed(m.UpstreamHeard(""))
    assert resting(desk) == set()


def test_a_quiet_market_that_rest_confirms_keeps_its_orders(desk):
    client_id = desk.placed("buy", "59000", level="b0")
    desk.is_hearing_market = False
    for _ in range(30):
        desk.run(1_000)
        desk.feed(m.UpstreamHeard(""))
    assert resting(desk) == {client_id}


def test_when_sound_books_come_again_the_bot_may_quote_again(desk):
    desk.placed("buy", "59000", level="b0")
    hear_crossed_books(desk, 12_000)
    assert resting(desk) == set()
    desk.is_hearing_market = True
    desk.run(5_000)
    client_id = desk.placed("buy", "59000", level="b1")
    desk.run(2_000)
    assert resting(desk) == {client_id}
