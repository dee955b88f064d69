"""What a kill -9 does not take away."""

from decimal import Decimal as D

import msgspec
import pytest

from services.common import venue
from services.simulation.exchange import Change, Exchange, ExchangeParams
from services.simulation.fees import FeeTier
from services.simulation.fill_model import FillSettings
from services.simulation.instruments import default_instruments

START_MS = 1_700_000_000_000
PARAMS = ExchangeParams(history_minutes=30, funding_interval_ms=60_000)


class Store:
    """A dictionary that behaves as the shell's table does."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], str] = {}

    def write(self, changes: list[Change]) -> None:
        for change in changes:
            if change.value is None:
                self.rows.pop((change.kind, change.key), None)
            else:
                self.rows[change.kind, change.key] = change.value

    def read(self) -> list[Change]:
        return [Change(kind, key, value) for (kind, key), value in self.rows.items()]


def new(start_ms: int = START_MS, market: str = "lively", **params) -> Exchange:
    return Exchange(
        default_instruments()[:2],
        {"bot1": D(100_000)},
        market,
        5,
        start_ms,
        PARAMS if not params else ExchangeParams(**params),
    )


def lived_exchange(store: Store) -> Exchange:
    """Two minutes of quoting on both sides, with fills, cancels and funding; everything drained as it happens."""
    exchange = new()
    for second in range(120):
        now_ms = START_MS + second * 1_000
        exchange.advance(now_ms)
        if second % 5 == 0:
            exchange.handle(venue.CancelOrders(account_id="bot1"), now_ms)
            book = exchange.handle(venue.GetBook(symbol="BTC-USDT", depth=1), now_ms)
            for side, price in (("buy", book.bids[0][0] - D(5)), ("sell", book.asks[0][0] + D(5))):
                exchange.handle(
                    venue.PlaceOrder(
                        account_id="bot1", symbol="BTC-USDT", client_order_id=f"{side}{second}", side=side,
                        order_type="limit", time_in_force="post_only", qty_base=D("0.01"), price=price,
                    ),
                    now_ms,
                )  # fmt: skip
        store.write(exchange.drain_changes())
    book = exchange.handle(venue.GetBook(symbol="BTC-USDT", depth=1), exchange.now_ms)
    for side, price in (("buy", book.bids[0][0] - D(25)), ("sell", book.asks[0][0] + D(25)), ("buy", D(50_000))):
        exchange.handle(
            venue.PlaceOrder(
                account_id="bot1", symbol="BTC-USDT", client_order_id=f"last{price}", side=side,
                order_type="limit", time_in_force="post_only", qty_base=D("0.01"), price=price,
            ),
            exchange.now_ms,
        )  # fmt: skip
    exchange.handle(venue.SetLeverage(account_id="bot1", symbol="ETH-USDT", leverage=7), exchange.now_ms)
    store.write(exchange.drain_changes())
    return exchange


@pytest.fixture(scope="module")
def before_and_after() -> tuple[Exchange, Exchange]:
    store = Store()
    before = lived_exchange(store)
    after = new(before.now_ms + 30_000)
    after.restore(store.read())
    after.advance(after.start_ms)
    return before, after


READS = [
    venue.GetOpenOrders(account_id="bot1"),
    venue.GetOrderHistory(account_id="bot1", limit=1_000),
    venue.GetFills(account_id="bot1", limit=1_000),
    venue.GetBills(account_id="bot1", limit=1_000),
]


@pytest.mark.parametrize("request_", READS, ids=lambda r: type(r).__name__)
def test_orders_fills_and_bills_are_back(before_and_after, request_):
    before, after = before_and_after
    answer = before.handle(request_, before.now_ms)
    assert answer, "the test needs something to bring back"
    assert set(after.handle(request_, after.now_ms)) == set(answer)


def test_wallet_position_and_settings_are_back(before_and_after):
    before, after = before_and_after
    assert after.account("bot1").wallet_quote == before.account("bot1").wallet_quote
    assert [(p.symbol, p.qty_base, p.entry_price) for p in after.positions("bot1")] == [
        (p.symbol, p.qty_base, p.entry_price) for p in before.positions("bot1")
    ]
    eth = after.handle(venue.GetAccount(account_id="bot1", symbol="ETH-USDT"), after.now_ms)
    assert eth.leverage == 7


def test_the_market_goes_on_from_the_last_price_with_its_candles(before_and_after):
    before, after = before_and_after
    price = after.handle(venue.GetTicker(symbol="BTC-USDT"), after.now_ms)[0].last_price
    was = before.handle(venue.GetTicker(symbol="BTC-USDT"), before.now_ms)[0].last_price
    assert abs(price / was - 1) < D("0.002")
    candles = after.handle(venue.GetCandles(symbol="BTC-USDT", limit=1_000), after.now_ms)
    opens = [candle.open_ts_ms for candle in candles]
    assert opens == list(range(opens[0], opens[0] + 60_000 * len(opens), 60_000))
    assert len(candles) >= 31
    minute = START_MS - START_MS % 60_000 + 60_000
    whole = [c for c in before.handle(venue.GetCandles(symbol="BTC-USDT"), before.now_ms) if c.open_ts_ms == minute]
    assert whole == [c for c in candles if c.open_ts_ms == minute]


def test_a_restored_order_still_fills_and_no_id_is_used_twice(before_and_after):
    _, after = before_and_after
    old = {o.venue_order_id for o in after.handle(READS[1], after.now_ms)} | {
        fill.trade_id for fill in after.handle(READS[2], after.now_ms)
    }
    open_before = {order.venue_order_id for _, order in after.open_orders()}
    fills_before = len(after.handle(READS[2], after.now_ms))
    after.advance(after.now_ms + 120_000)
    assert len(after.handle(READS[2], after.now_ms)) > fills_before
    assert {order.venue_order_id for _, order in after.open_orders()} <= open_before
    placed = after.handle(
        venue.PlaceOrder(account_id="bot1", symbol="BTC-USDT", client_order_id="new", side="buy", order_type="market",
                         time_in_force="gtc", qty_base=D("0.01"), price=None), after.now_ms,
    )  # fmt: skip
    assert placed.venue_order_id not in old
    assert after.handle(READS[2], after.now_ms)[0].trade_id not in old


def test_the_book_is_not_crossed_by_a_restored_order():
    store = Store()
    before = new(market="volatile")
    before.advance(START_MS)
    best = before.handle(venue.GetBook(symbol="BTC-USDT", depth=1), START_MS).asks[0][0]
    before.handle(
        venue.PlaceOrder(account_id="bot1", symbol="BTC-USDT", client_order_id="a", side="buy", order_type="limit",
                         time_in_force="gtc", qty_base=D("0.5"), price=best - D("0.1")), START_MS,
    )  # fmt: skip
    store.write(before.drain_changes())
    store.rows["price", "BTC-USDT"] = str(int((best - 20) * 10))  # the price kept is older than the order
    after = new(START_MS + 1_000)
    after.restore(store.read())
    after.advance(START_MS + 1_000)
    book = after.handle(venue.GetBook(symbol="BTC-USDT", depth=1), START_MS + 1_000)
    assert book.bids[0][0] < book.asks[0][0]
    after.advance(START_MS + 5_000)
    assert after.handle(READS[2], after.now_ms)[0].price == best - D("0.1")


def test_a_snapshot_is_what_the_changes_amount_to():
    store = Store()
    exchange = lived_exchange(store)
    snapshot = {(row.kind, row.key): row.value for row in exchange.snapshot()}
    for kind in ("account", "position", "order", "fill", "bill", "candle"):
        assert {k: v for k, v in snapshot.items() if k[0] == kind} == {
            k: v for k, v in store.rows.items() if k[0] == kind
        }, kind


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (Change("order", "1", "{"), "row order/1 cannot be read"),
        (Change("nonsense", "1", "1"), "unknown kind 'nonsense'"),
        (Change("position", "x|BTC-USDT", '{"account_id":"x","symbol":"BTC-USDT"}'), "names account 'x'"),
    ],
)
def test_a_row_that_cannot_be_restored_is_named(row, message):
    with pytest.raises(ValueError, match=message.replace("|", r"\|")):
        new().restore([row])


def restarted(desk, make_desk, **params):
    again = make_desk(**params)
    again.exchange.restore(desk.exchange.snapshot())
    again.now_ms = desk.now_ms
    return again


def test_open_orders_are_back_in_the_order_of_their_arrival(make_desk, take_event):
    desk = make_desk(take_event(1_000, "sell", "59999.0", "0.1"))
    for price in ("59999.0", "59000.0", "58000.0"):
        desk.place("buy", "0.5", price)
    desk.wait(2_000)  # the first has changed last
    listed = desk.ask(venue.GetOpenOrders(account_id="bot1"))
    assert restarted(desk, make_desk).ask(venue.GetOpenOrders(account_id="bot1")) == listed


def test_a_market_order_that_was_in_the_middle_of_its_fill_goes_on_with_it(make_desk):
    paper = FillSettings(partial_fill_ratio_min=0.3, partial_fill_ratio_max=0.6, latency_ms=50)
    desk = make_desk(fill_model=paper)
    placed = desk.place("buy", "0.5", None)
    assert desk.order(placed).status == "partially_filled"
    again = restarted(desk, make_desk, fill_model=paper)
    again.wait(2_000)
    assert again.order(placed).status == "filled"
    assert again.position().qty_base == D("0.5")


def test_what_is_pruned_from_memory_is_pruned_from_the_store():
    store = Store()
    exchange = new(orders_kept=5, history_minutes=5)
    for number in range(20):
        exchange.handle(
            venue.PlaceOrder(account_id="bot1", symbol="BTC-USDT", client_order_id=str(number), side="buy",
                             order_type="limit", time_in_force="gtc", qty_base=D("0.01"), price=D(50_000)), START_MS,
        )  # fmt: skip
        exchange.handle(venue.CancelOrders(account_id="bot1"), START_MS)
        store.write(exchange.drain_changes())
    assert len([key for key in store.rows if key[0] == "order"]) == 5


def test_volume_for_the_fee_tier_of_an_older_store_is_counted_from_its_fills():
    tiers = (
        FeeTier(volume_min_quote=D(0), maker_fee_pct=D("0.0002"), taker_fee_pct=D("0.0006")),
        FeeTier(volume_min_quote=D(500), maker_fee_pct=D("0.0001"), taker_fee_pct=D("0.0004")),
    )
    store = Store()
    before = new(history_minutes=5, fee_tiers=tiers)
    before.handle(
        venue.PlaceOrder(account_id="bot1", symbol="BTC-USDT", client_order_id="a", side="buy", order_type="market",
                         time_in_force="gtc", qty_base=D("0.01"), price=None), START_MS,
    )  # fmt: skip
    store.write(before.drain_changes())
    store.rows = {row: value for row, value in store.rows.items() if not row[1].startswith("volume|")}
    after = new(START_MS + 1_000, history_minutes=5, fee_tiers=tiers)
    after.restore(store.read())
    rate = after.handle(venue.GetFeeRate(account_id="bot1", symbol="BTC-USDT"), START_MS + 1_000)
    assert rate.taker_fee_pct == D("0.0004")


def test_volume_for_the_fee_tier_is_kept_longer_than_the_fills(make_desk):
    tiers = tuple(
        FeeTier(volume_min_quote=D(volume), maker_fee_pct=D("0.0001"), taker_fee_pct=D(taker))
        for volume, taker in ((0, "0.0006"), (100_000, "0.0004"))
    )
    desk = make_desk(fee_tiers=tiers, orders_kept=3)
    for side in ("buy", "sell") * 10:
        desk.place(side, "0.1", None)
    rate = desk.ask(venue.GetFeeRate(account_id="bot1", symbol="BTC-USDT"))
    assert rate.taker_fee_pct == D("0.0004")
    again = restarted(desk, make_desk, fee_tiers=tiers, orders_kept=3)
    assert again.ask(venue.GetFeeRate(account_id="bot1", symbol="BTC-USDT")) == rate
    changes, snapshot = again.exchange.drain_changes(), again.exchange.snapshot()
    assert {c.key for c in changes if c.key.startswith("volume|")} <= {c.key for c in snapshot}


def test_a_store_counted_in_another_tick_is_refused_and_not_read_as_other_prices(make_desk):
    desk = make_desk()
    desk.place("buy", "0.5", "59000.0")
    (listed,) = default_instruments()[:1]
    rules = msgspec.structs.replace(listed.rules, tick_size=D("0.5"))
    changed = Exchange((msgspec.structs.replace(listed, rules=rules),), {}, "calm", 7, START_MS)
    with pytest.raises(ValueError, match=r"BTC-USDT is stored in ticks of 0\.1 .* listed now with 0\.5"):
        changed.restore(desk.exchange.snapshot())


@pytest.mark.parametrize("price", ["59000.0", None], ids=["an order", "a position"])
def test_what_is_held_in_a_pair_that_is_not_listed_any_more_is_named(make_desk, price):
    desk = make_desk()
    desk.place("buy", "0.5", price)
    without = Exchange(default_instruments()[1:2], {}, "calm", 7, START_MS)
    with pytest.raises(ValueError, match="bot1 has orders or a position in BTC-USDT, not listed now"):
        without.restore(desk.exchange.snapshot())
