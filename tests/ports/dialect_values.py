"""Every request, answer and push of the venue port as a hypothesis strategy, within what a wire can carry."""

from decimal import Decimal
from typing import get_args

from hypothesis import strategies as st

from services.common import venue

PAIRS = st.sampled_from(["BTC-USDT", "ETH-USDT", "SOL-USDT"])
POSITIVE = st.decimals("0.00000001", "100000000", places=8, allow_nan=False, allow_infinity=False)
SIGNED = st.decimals("-100000000", "100000000", places=8, allow_nan=False, allow_infinity=False)
PCT = st.decimals("-0.01", "0.01", places=8, allow_nan=False, allow_infinity=False)
TS_MS = st.integers(1_500_000_000_000, 2_000_000_000_000)
SIDES = st.sampled_from(["buy", "sell"])
VENUE_IDS = st.integers(1, 10**19).map(str)
CLIENT_IDS = st.from_regex(r"\Ahb[0-9]-[bsd][0-9]-[0-9a-z]{1,10}\.[0-9]{1,5}\Z")
LEVERAGE = st.integers(1, 125)
MARGIN_MODES = st.sampled_from(["crossed", "isolated"])
LIMITS = st.integers(1, 1000)


def maybe(strategy):
    return st.none() | strategy


orders = st.builds(
    venue.Order,
    symbol=PAIRS,
    client_order_id=CLIENT_IDS,
    venue_order_id=VENUE_IDS,
    side=SIDES,
    order_type=st.just("limit"),
    time_in_force=st.sampled_from(["gtc", "ioc", "fok", "post_only"]),
    reduce_only=st.booleans(),
    price=POSITIVE,
    qty_base=POSITIVE,
    filled_base=POSITIVE | st.just(Decimal(0)),
    avg_price=POSITIVE | st.just(Decimal(0)),
    fee_quote=SIGNED,
    status=st.sampled_from(["live", "partially_filled", "filled", "canceled"]),
    reason=st.sampled_from(["", "normal_cancel", "POST_ONLY_CANCELLED"]),
    created_ts_ms=TS_MS,
    updated_ts_ms=TS_MS,
    leverage=LEVERAGE,
    margin_mode=MARGIN_MODES,
) | st.builds(
    venue.Order,
    symbol=PAIRS,
    client_order_id=CLIENT_IDS,
    venue_order_id=VENUE_IDS,
    side=SIDES,
    order_type=st.just("market"),
    time_in_force=st.sampled_from(["gtc", "ioc"]),
    reduce_only=st.booleans(),
    price=st.none(),
    qty_base=POSITIVE,
    filled_base=POSITIVE,
    avg_price=POSITIVE,
    fee_quote=SIGNED,
    status=st.just("filled"),
    reason=st.just(""),
    created_ts_ms=TS_MS,
    updated_ts_ms=TS_MS,
)

fills = st.builds(
    venue.Fill,
    trade_id=VENUE_IDS,
    symbol=PAIRS,
    client_order_id=st.just(""),  # the wire of order/fills tells none
    venue_order_id=VENUE_IDS,
    side=SIDES,
    price=POSITIVE,
    qty_base=POSITIVE,
    fee_quote=SIGNED,
    fee_asset=st.just("USDT"),
    liquidity=st.sampled_from(["maker", "taker"]),
    realized_pnl_quote=SIGNED,
    ts_exch_ms=TS_MS,
)

positions = st.builds(
    venue.Position,
    symbol=PAIRS,
    qty_base=SIGNED.filter(bool),
    entry_price=POSITIVE,
    mark_price=POSITIVE,
    unrealized_pnl_quote=SIGNED,
    realized_pnl_quote=SIGNED,
    leverage=LEVERAGE,
    margin_mode=MARGIN_MODES,
    margin_quote=POSITIVE,
    maintenance_margin_pct=POSITIVE,
    liquidation_price=maybe(POSITIVE),
    created_ts_ms=TS_MS,
    updated_ts_ms=TS_MS,
)


@st.composite
def accounts(draw, ts_ms=TS_MS):
    """Equity is wallet plus unrealised, as the venue reports it."""
    wallet, unrealized = draw(POSITIVE), draw(SIGNED)
    return venue.Account(
        asset="USDT",
        equity_quote=wallet + unrealized,
        wallet_quote=wallet,
        available_quote=draw(POSITIVE),
        frozen_quote=draw(POSITIVE),
        unrealized_pnl_quote=unrealized,
        position_mode="one_way_mode",
        ts_ms=draw(ts_ms),
    )


def books(seq):
    side = st.lists(st.tuples(POSITIVE, POSITIVE), max_size=30, unique_by=lambda level: level[0])
    return st.builds(
        venue.Book,
        symbol=PAIRS,
        bids=side.map(lambda levels: tuple(sorted(levels, reverse=True))),
        asks=side.map(lambda levels: tuple(sorted(levels))),
        ts_exch_ms=TS_MS,
        seq=seq,
    )


def tickers(next_funding_ts_ms):
    return st.builds(
        venue.Ticker,
        symbol=PAIRS,
        last_price=POSITIVE,
        bid_price=POSITIVE,
        bid_qty_base=POSITIVE,
        ask_price=POSITIVE,
        ask_qty_base=POSITIVE,
        mark_price=POSITIVE,
        index_price=POSITIVE,
        funding_rate_pct=PCT,
        next_funding_ts_ms=next_funding_ts_ms,
        high_24h=POSITIVE,
        low_24h=POSITIVE,
        open_24h=POSITIVE,
        base_volume_24h=POSITIVE,
        quote_volume_24h=POSITIVE,
        ts_exch_ms=TS_MS,
    )


def public_trades(symbol):
    return st.builds(
        venue.PublicTrade,
        symbol=st.just(symbol),
        trade_id=st.integers(1, 2**62),
        price=POSITIVE,
        qty_base=POSITIVE,
        taker_side=SIDES,
        ts_exch_ms=TS_MS,
    )


candles = st.builds(
    venue.Candle,
    open_ts_ms=TS_MS,
    open=POSITIVE,
    high=POSITIVE,
    low=POSITIVE,
    close=POSITIVE,
    base_volume=POSITIVE,
    quote_volume=POSITIVE,
)

tiers = st.builds(
    venue.LeverageTier,
    tier=st.integers(1, 20),
    notional_min_quote=POSITIVE,
    notional_max_quote=POSITIVE,
    leverage_max=LEVERAGE,
    maintenance_margin_pct=POSITIVE,
)

bills = st.builds(
    venue.Bill,
    bill_id=VENUE_IDS,
    symbol=PAIRS,
    kind=st.sampled_from(get_args(venue.BillKind)),
    amount_quote=SIGNED,
    balance_quote=POSITIVE,
    ts_ms=TS_MS,
)


@st.composite
def instruments(draw):
    base = draw(st.sampled_from(["BTC", "ETH", "SOL"]))
    tick = draw(st.sampled_from(["0.1", "0.01", "0.001", "1", "0.5", "5", "0.0025"]))
    lot = draw(st.sampled_from(["0.0001", "0.001", "1", "10"]))
    return venue.InstrumentRules(
        symbol=f"{base}-USDT",
        base_asset=base,
        quote_asset="USDT",
        tick_size=Decimal(tick),
        lot_size=Decimal(lot),
        min_qty_base=draw(POSITIVE),
        max_qty_base=draw(POSITIVE),
        min_notional_quote=draw(POSITIVE),
        maker_fee_pct=draw(PCT),
        taker_fee_pct=draw(PCT),
        leverage_max=draw(LEVERAGE),
        funding_interval_ms=draw(st.sampled_from([3_600_000, 4 * 3_600_000, 8 * 3_600_000])),
    )


cancelled = st.builds(
    venue.Cancelled,
    done=st.lists(st.tuples(CLIENT_IDS, VENUE_IDS), max_size=4).map(tuple),
    failed=st.lists(st.tuples(CLIENT_IDS, VENUE_IDS, st.just("ORDER_NOT_FOUND: gone")), max_size=2).map(tuple),
)


def tuples(strategy):
    return st.lists(strategy, max_size=3).map(tuple)


def place_orders(trigger_price=maybe(POSITIVE), symbol=PAIRS, margin_mode=MARGIN_MODES):
    def order(order_type, price):
        return st.builds(
            venue.PlaceOrder,
            symbol=symbol,
            client_order_id=CLIENT_IDS | st.just(""),
            side=SIDES,
            order_type=st.just(order_type),
            time_in_force=st.sampled_from(["gtc", "ioc", "fok", "post_only"]),
            qty_base=POSITIVE,
            price=price,
            reduce_only=st.booleans(),
            margin_mode=margin_mode,
            stp_mode=maybe(st.sampled_from(get_args(venue.StpMode))),
            trigger_price=trigger_price,
        )

    return order("limit", POSITIVE) | order("market", st.none())


@st.composite
def batches(draw):
    """Orders of one pair in one margin mode."""
    symbol, margin_mode = draw(PAIRS), draw(MARGIN_MODES)
    one = place_orders(st.none(), st.just(symbol), st.just(margin_mode))
    return venue.PlaceOrders(symbol=symbol, orders=draw(st.lists(one, min_size=1, max_size=4).map(tuple)))


def protected_orders():
    prices = st.tuples(maybe(POSITIVE), maybe(POSITIVE)).filter(any)
    return st.builds(
        lambda order, pair: venue.PlaceProtected(order=order, take_profit_price=pair[0], stop_loss_price=pair[1]),
        place_orders(st.none()),
        prices,
    )


def by_one_id(kind, **fields):
    return st.builds(kind, symbol=PAIRS, venue_order_id=VENUE_IDS, **fields) | st.builds(
        kind, symbol=PAIRS, client_order_id=CLIENT_IDS, **fields
    )


GRANULARITIES_MS = st.sampled_from([60_000, 300_000, 3_600_000, 86_400_000])
SPANS = {"limit": LIMITS, "start_ms": maybe(TS_MS), "end_ms": maybe(TS_MS)}

PAGES = {**SPANS, "below_id": maybe(st.integers(10**19 + 1, 10**20))}  # below it is everything that is answered

# One strategy per request type of the venue port.
REQUESTS: dict[type[venue.Request], st.SearchStrategy] = {
    venue.GetTime: st.just(venue.GetTime()),
    venue.GetInstruments: st.just(venue.GetInstruments()),
    venue.GetTicker: st.builds(venue.GetTicker, symbol=maybe(PAIRS)),
    venue.GetBook: st.builds(venue.GetBook, symbol=PAIRS, depth=st.integers(1, 500)),
    venue.GetTrades: st.builds(venue.GetTrades, symbol=PAIRS, limit=LIMITS),
    venue.GetCandles: st.builds(
        venue.GetCandles,
        symbol=PAIRS,
        granularity_ms=st.sampled_from([60_000, 300_000, 3_600_000, 86_400_000]),
        **SPANS,
    ),
    venue.GetLeverageTiers: st.builds(venue.GetLeverageTiers, symbol=PAIRS),
    venue.GetFeeRate: st.builds(venue.GetFeeRate, symbol=PAIRS),
    venue.GetKeyRights: st.just(venue.GetKeyRights()),
    venue.GetAccount: st.builds(venue.GetAccount, symbol=maybe(PAIRS)),
    venue.GetPositions: st.builds(venue.GetPositions, symbol=maybe(PAIRS)),
    venue.GetBills: st.builds(venue.GetBills, kind=maybe(st.sampled_from(get_args(venue.BillKind))), **PAGES),
    venue.SetLeverage: st.builds(venue.SetLeverage, symbol=PAIRS, leverage=LEVERAGE),
    venue.SetMarginMode: st.builds(venue.SetMarginMode, symbol=PAIRS, margin_mode=MARGIN_MODES),
    venue.SetPositionMode: st.builds(
        venue.SetPositionMode, position_mode=st.sampled_from(["one_way_mode", "hedge_mode"])
    ),
    venue.PlaceOrder: place_orders(),
    venue.PlaceOrders: batches(),
    venue.PlaceProtected: protected_orders(),
    venue.PlaceStop: st.builds(
        venue.PlaceStop,
        symbol=PAIRS,
        client_order_id=CLIENT_IDS | st.just(""),
        kind=st.sampled_from(get_args(venue.StopKind)),
        is_long=st.booleans(),
        trigger_price=POSITIVE,
        qty_base=maybe(POSITIVE),
    ),
    venue.CancelOrder: by_one_id(venue.CancelOrder),
    venue.CancelOrders: st.builds(
        venue.CancelOrders, symbol=maybe(PAIRS), venue_order_ids=st.lists(VENUE_IDS, max_size=4).map(tuple)
    ),
    venue.ModifyOrder: by_one_id(
        venue.ModifyOrder,
        new_client_order_id=CLIENT_IDS | st.just(""),
        new_qty_base=maybe(POSITIVE),
        new_price=maybe(POSITIVE),
    ),
    venue.GetOrder: by_one_id(venue.GetOrder),
    venue.GetOpenOrders: st.builds(venue.GetOpenOrders, symbol=maybe(PAIRS)),
    venue.GetOrderHistory: st.builds(venue.GetOrderHistory, symbol=maybe(PAIRS), **PAGES),
    venue.GetFills: st.builds(venue.GetFills, symbol=maybe(PAIRS), venue_order_id=VENUE_IDS | st.just(""), **PAGES),
    venue.ClosePosition: st.builds(venue.ClosePosition, symbol=PAIRS),
    venue.GetCoins: st.just(venue.GetCoins()),
}

REQUEST_TIME = st.just(1_763_640_000_000)  # what the envelope says; accounts over REST have no time of their own


def answer_to(request: venue.Request) -> st.SearchStrategy:
    """What a venue may answer to this request, apart from Refused."""
    match request:
        case venue.GetTime():
            return st.builds(venue.ServerTime, ts_ms=TS_MS)
        case venue.GetInstruments():
            return tuples(instruments())
        case venue.GetTicker():
            return tuples(tickers(st.just(0)))
        case venue.GetBook():
            return books(st.just(0)).map(lambda book: replaced(book, symbol=request.symbol))
        case venue.GetTrades():
            return tuples(public_trades(request.symbol))
        case venue.GetCandles():
            return tuples(candles)
        case venue.GetLeverageTiers():
            return tuples(tiers)
        case venue.GetFeeRate():
            return st.builds(venue.FeeRate, maker_fee_pct=PCT, taker_fee_pct=PCT)
        case venue.GetKeyRights():
            rights = st.sets(st.sampled_from(["read", "trade", "transfer", "withdraw", "sub_account", "loan", "new"]))
            return rights.filter(len).map(lambda names: venue.KeyRights(rights=tuple(sorted(names))))
        case venue.GetAccount(symbol=None):
            return accounts(REQUEST_TIME)
        case venue.GetAccount():
            return st.builds(
                venue.AccountSettings,
                account=accounts(REQUEST_TIME),
                symbol=st.just(request.symbol),
                leverage=LEVERAGE,
                margin_mode=MARGIN_MODES,
            )
        case venue.GetPositions():
            return tuples(positions)
        case venue.GetBills():
            return tuples(bills)
        case venue.SetLeverage() | venue.SetMarginMode():
            return st.builds(venue.Done, symbol=st.just(request.symbol), leverage=LEVERAGE, margin_mode=MARGIN_MODES)
        case venue.SetPositionMode():
            return st.builds(venue.Done, position_mode=st.just(request.position_mode))
        case venue.PlaceOrders():
            one = st.builds(
                venue.Placed, symbol=st.just(request.symbol), client_order_id=CLIENT_IDS, venue_order_id=VENUE_IDS
            )
            text = "QTY_BELOW_MIN: value=0, limit=0.0001"
            why = st.just(venue.Refused(code="QTY_BELOW_MIN", text=text))
            return st.builds(venue.PlacedMany, placed=tuples(one), refused=tuples(st.tuples(CLIENT_IDS, why)))
        case (
            venue.PlaceOrder()
            | venue.PlaceProtected()
            | venue.PlaceStop()
            | venue.ModifyOrder()
            | venue.ClosePosition()
        ):
            return st.builds(
                venue.Placed, symbol=st.just(request.symbol), client_order_id=CLIENT_IDS, venue_order_id=VENUE_IDS
            )
        case venue.CancelOrder():
            return st.builds(venue.Cancelled, done=st.tuples(st.tuples(CLIENT_IDS, VENUE_IDS)))
        case venue.CancelOrders():
            return cancelled
        case venue.GetOrder():
            return orders
        case venue.GetOpenOrders() | venue.GetOrderHistory():
            return unique_tuples(orders, "venue_order_id")
        case venue.GetFills():
            return unique_tuples(fills, "trade_id")
        case venue.GetCoins():
            return tuples(st.sampled_from(["BTC", "ETH", "USDT"]))
    raise AssertionError(f"no answer listed for {type(request).__name__}")


def unique_tuples(strategy, id_field):
    """Newest first, as the venue lists them."""
    return st.lists(strategy, max_size=4, unique_by=lambda one: getattr(one, id_field)).map(
        lambda rows: tuple(sorted(rows, key=lambda one: int(getattr(one, id_field)), reverse=True))
    )


def replaced(value, **fields):
    import msgspec

    return msgspec.structs.replace(value, **fields)


@st.composite
def order_pushes(draw, account_id="bot1"):
    order = draw(orders)
    fill = draw(st.none() | fills)
    if fill is not None:
        fill = replaced(
            fill,
            symbol=order.symbol,
            client_order_id=order.client_order_id,
            venue_order_id=order.venue_order_id,
            side=order.side,
        )
    return venue.OrderPush(account_id=account_id, order=order, fill=fill)


@st.composite
def trade_pushes(draw):
    symbol = draw(PAIRS)
    trades = draw(st.lists(public_trades(symbol), min_size=1, max_size=4))
    return venue.TradesPush(trades=tuple(trades))


private_pushes = (
    order_pushes()
    | st.builds(venue.PositionsPush, account_id=st.just("bot1"), positions=tuples(positions))
    | st.builds(venue.AccountPush, account_id=st.just("bot1"), account=accounts())
)
public_pushes = st.builds(venue.TickerPush, ticker=tickers(TS_MS)) | trade_pushes()
