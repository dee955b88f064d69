"""From a Hummingbot connector to one immutable view, exactly. The connector is a hand-written stand-in."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from controllers.market_making.view_reader import Fees, Heard, Top, ViewReader

NOW = 1_700_000_000_000
NOTHING = Heard((), (), (), (), 0, Decimal(0), 0)


def row(price, amount):
    return SimpleNamespace(price=price, amount=amount, update_id=1)


class Book:
    def __init__(self, bids, asks):
        self._bids, self._asks = bids, asks

    def bid_entries(self):
        return iter(self._bids)

    def ask_entries(self):
        return iter(self._asks)


class Connector:
    name = "bitget_perpetual_desk"
    network_status = SimpleNamespace(name="CONNECTED")
    ws_reconnect_count = 2
    trading_rules = {
        "BTC-USDT": SimpleNamespace(
            min_price_increment=Decimal("0.1"),
            min_base_amount_increment=Decimal("0.0001"),
            min_order_size=Decimal("0.0001"),
            min_order_value=Decimal(5),
        )
    }

    def __init__(self):
        self.status_dict = {"account_balance": True, "user_stream_initialized": True}
        self.book = Book([row(60123.4, 0.0007)], [row(60123.5, 1.25)])
        self.account_positions = {}
        self.fees = (Decimal("0.0002"), Decimal("0.0006"))

    @property
    def ready(self):
        return all(self.status_dict.values())

    def get_all_balances(self):
        return {"USDT": Decimal("99999.5")}

    def get_balance(self, asset):
        return self.get_all_balances()[asset]

    def get_available_balance(self, asset):
        return Decimal("90000")

    def get_order_book(self, pair):
        return self.book

    def get_funding_info(self, pair):
        return SimpleNamespace(mark_price=Decimal("60123.45"), rate=Decimal("0.0001"))

    def fee_rates(self, pair):
        return self.fees

    def book_heard_ts(self):
        return (NOW - 40) / 1000


@pytest.fixture
def connector():
    return Connector()


@pytest.fixture
def reader():
    return ViewReader("BTC-USDT", Fees(Decimal("0.0002"), Decimal("0.0006")))


def view(reader, connector, now_ms=NOW, heard=NOTHING):
    return reader.read(connector, reader.top_or_reason(connector), now_ms, heard)


def test_prices_and_sizes_are_the_text_the_venue_sent(reader, connector):
    seen = view(reader, connector)
    assert (seen.bid_price, seen.bid_qty_base) == (Decimal("60123.4"), Decimal("0.0007"))
    assert (seen.ask_price, seen.ask_qty_base) == (Decimal("60123.5"), Decimal("1.25"))
    assert str(seen.bid_price) == "60123.4"


def test_the_venues_fees_are_used_and_their_absence_is_said(reader, connector):
    assert view(reader, connector).fee_source == "venue"
    connector.fees = None
    seen = view(reader, connector)
    assert (seen.fee_source, seen.is_fee_resolved, seen.taker_fee_pct) == ("manual", False, Decimal("0.0006"))


def test_a_short_position_is_negative_and_gives_a_margin_ratio(reader, connector):
    assert view(reader, connector).margin_ratio_pct is None
    connector.account_positions = {
        "BTC-USDT": SimpleNamespace(trading_pair="BTC-USDT", amount=Decimal("-0.5"), entry_price=Decimal("60000"))
    }
    seen = view(reader, connector)
    assert (seen.position_base, seen.entry_price) == (Decimal("-0.5"), Decimal(60000))
    assert seen.margin_ratio_pct == Decimal("99999.5") / (Decimal("0.5") * Decimal("60123.45"))


def test_the_book_changed_when_its_top_differs_not_when_it_is_read(reader, connector):
    assert view(reader, connector, NOW).book_changed_ts_ms == NOW
    assert view(reader, connector, NOW + 5_000).book_changed_ts_ms == NOW
    connector.book = Book([row(60123.4, 0.0008)], [row(60123.5, 1.25)])
    assert view(reader, connector, NOW + 6_000).book_changed_ts_ms == NOW + 6_000


@pytest.mark.parametrize(
    ("bids", "asks", "reason"),
    [
        ([], [row(1.0, 1.0)], "BOOK_EMPTY"),
        ([row(1.0, 1.0)], [], "BOOK_EMPTY"),
        ([row(float("nan"), 1.0)], [row(2.0, 1.0)], "BOOK_NOT_FINITE"),
        ([row(1.0, 1.0)], [row(float("inf"), 1.0)], "BOOK_NOT_FINITE"),
        ([row(0.0, 1.0)], [row(2.0, 1.0)], "BOOK_NOT_FINITE"),
        ([row(2.0, 1.0)], [row(2.0, 1.0)], "BOOK_CROSSED"),
    ],
)
def test_a_book_that_cannot_be_judged_by_has_a_reason(reader, connector, bids, asks, reason):
    connector.book = Book(bids, asks)
    assert reader.top_or_reason(connector) == reason


def test_a_book_that_cannot_be_read_is_counted_and_is_not_called_empty(reader, connector):
    def broken(pair):
        raise ValueError("No order book exists")

    connector.get_order_book = broken
    assert reader.top_or_reason(connector) == "BOOK_READ_FAILED"
    assert reader.book_read_failed_count == 1


def test_a_connector_that_is_not_ready_says_what_it_waits_for(reader, connector):
    assert reader.why_not(connector) is None
    connector.status_dict["user_stream_initialized"] = False
    assert reader.why_not(connector) == ("CONNECTOR_NOT_READY", "waiting for user_stream_initialized")


def test_a_missing_balance_is_not_a_balance_of_nothing(reader, connector):
    connector.get_all_balances = dict
    assert reader.why_not(connector)[0] == "BALANCE_READ_FAILED"


def test_a_top_is_a_value():
    assert Top(*[Decimal(1)] * 4) == Top(*[Decimal(1)] * 4)
