from decimal import Decimal

import pytest

from services.common import venue
from services.common.logs import get_logger
from services.gateway.tape import Tape
from services.simulation.exchange import Exchange
from services.simulation.instruments import default_instruments
from services.simulation.tape import read_csv
from services.venue_sim.market import open_market
from services.venue_sim.settings import VenueSimSettings

D = Decimal


def book(bid: str, ts: int) -> venue.Book:
    return venue.Book(
        symbol="BTC-USDT", bids=((D(bid), D("0.5")),), asks=((D(bid) + 1, D("0.7")),), ts_exch_ms=ts, seq=ts
    )


def trade(number: int, ts: int) -> venue.PublicTrade:
    return venue.PublicTrade(
        symbol="BTC-USDT", trade_id=number, price=D("100.5"), qty_base=D("0.01"), taker_side="sell", ts_exch_ms=ts
    )


def recorded(tmp_path, write) -> dict[str, list[str]]:
    tape = Tape(tmp_path, get_logger("test"))
    tape.start()
    write(tape)
    tape.close()
    return {path.name: path.read_text().splitlines() for path in (tmp_path / "BTC-USDT").iterdir()}


DAY_MS = 1_760_000_000_000


def test_what_was_recorded_can_be_replayed(tmp_path):
    def write(tape):
        for n in range(300):
            tape.record_book(book(str(100 + n % 3), DAY_MS + n))
        tape.record_trades((trade(2, DAY_MS + 2), trade(1, DAY_MS + 1)))

    files = recorded(tmp_path, write)
    quotes, trades = read_csv(files["20251009.quotes.csv"]), read_csv(files["20251009.trades.csv"])
    assert (quotes.kind, len(quotes.rows)) == ("quotes", 300)
    assert (trades.kind, [row.ts_ms for row in trades.rows]) == ("trades", [DAY_MS + 1, DAY_MS + 2])


def test_an_unchanged_touch_makes_no_row(tmp_path):
    files = recorded(tmp_path, lambda tape: [tape.record_book(book("100", DAY_MS + n)) for n in range(50)])
    assert len(files["20251009.quotes.csv"]) == 2


def test_rows_out_of_order_are_left_out(tmp_path):
    def write(tape):
        tape.record_book(book("100", DAY_MS + 10))
        tape.record_book(book("101", DAY_MS + 5))

    assert len(recorded(tmp_path, write)["20251009.quotes.csv"]) == 2


def test_a_second_life_appends_without_a_second_header(tmp_path):
    recorded(tmp_path, lambda tape: tape.record_book(book("100", DAY_MS)))
    files = recorded(tmp_path, lambda tape: tape.record_book(book("101", DAY_MS + 1)))
    assert len(files["20251009.quotes.csv"]) == 3


def test_each_day_has_its_file(tmp_path):
    def write(tape):
        tape.record_book(book("100", DAY_MS))
        tape.record_book(book("101", DAY_MS + 86_400_000))

    assert sorted(recorded(tmp_path, write)) == ["20251009.quotes.csv", "20251010.quotes.csv"]


def test_a_tape_that_cannot_be_written_ends_and_nothing_else(tmp_path):
    (tmp_path / "BTC-USDT").write_text("in the way")
    tape = Tape(tmp_path, get_logger("test"))
    tape.start()
    tape.record_book(book("100", DAY_MS))
    tape.close()
    assert tape.is_broken
    tape.record_book(book("101", DAY_MS))


@pytest.mark.parametrize("kind", ["quotes", "trades"])
def test_a_recorded_tape_is_the_market_of_a_simulated_venue_and_our_order_meets_it(tmp_path, kind):
    """Recorded through the gateway, replayed as the other side: the price falls to our bid, and we are filled there."""

    def write(tape: Tape) -> None:
        for second in range(60):
            price = D(60_000) - 10 * second
            at_ms = DAY_MS + second * 1_000
            tape.record_book(
                venue.Book(
                    symbol="BTC-USDT",
                    bids=((price, D("0.5")),),
                    asks=((price + D("0.1"), D("0.7")),),
                    ts_exch_ms=at_ms,
                    seq=at_ms,
                )
            )
            sold = venue.PublicTrade(
                symbol="BTC-USDT",
                trade_id=second,
                price=price,
                qty_base=D("0.5"),
                taker_side="sell",
                ts_exch_ms=at_ms,
            )
            tape.record_trades((sold,))

    recorded(tmp_path, write)
    path = tmp_path / "BTC-USDT" / f"20251009.{kind}.csv"
    settings = VenueSimSettings(market=f"replay:{path}", speed=1)
    start_ms = DAY_MS + 86_400_000
    listed = default_instruments()[:1]
    exchange = Exchange(listed, {"bot1": D(100_000)}, open_market(settings, {"BTC-USDT": D("0.1")}), 7, start_ms)
    (before,) = exchange.handle(venue.GetTicker(symbol="BTC-USDT"), start_ms + 1_000)
    assert abs(before.last_price - 60_000) <= 20
    bid = D(59_700)
    ours = venue.PlaceOrder(
        account_id="bot1",
        symbol="BTC-USDT",
        client_order_id="hb1-b0-a.1",
        side="buy",
        order_type="limit",
        time_in_force="post_only",
        qty_base=D("0.001"),
        price=bid,
    )
    assert isinstance(exchange.handle(ours, start_ms + 2_000), venue.Placed)
    asked = venue.GetOrder(account_id="bot1", symbol="BTC-USDT", client_order_id="hb1-b0-a.1")
    assert exchange.handle(asked, start_ms + 20_000).status == "live", "the tape is not there yet"
    order = exchange.handle(asked, start_ms + 45_000)
    assert (order.status, order.avg_price) == ("filled", bid)


def test_a_row_of_a_time_that_no_calendar_has_ends_the_tape_and_nothing_else(tmp_path):
    tape = Tape(tmp_path, get_logger("test"))
    tape.start()
    tape.record_trades((trade(1, 10**18),))
    tape.close()
    assert tape.is_broken
    tape.record_trades((trade(2, 10**18),))
    assert tape.rows == 1
