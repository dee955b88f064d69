"""The venue port: what an exchange is asked and what it answers, in neutral typed values.

Three things speak it. A *dialect* (``services.dialects``) turns a venue's bytes into these values and back, in both
directions. ``venue_sim`` answers the requests from the simulation. The gateway answers them towards bots from its own
state, and asks them upstream. So one server dialect serves both, one client dialect reaches both, and the state
machines never see HTTP.

Amounts are Decimal; ``_pct`` is a fraction, fees are positive when paid, a signed quantity is positive when long.
``symbol`` is always the desk's pair ("BTC-USDT"); only dialects know the venue's spelling ("BTCUSDT").
"""

from decimal import Decimal
from typing import Literal

import msgspec

Side = Literal["buy", "sell"]
OrderType = Literal["limit", "market"]
TimeInForce = Literal["gtc", "ioc", "fok", "post_only"]
OrderStatus = Literal["live", "partially_filled", "filled", "canceled", "rejected"]
Liquidity = Literal["maker", "taker"]
MarginMode = Literal["crossed", "isolated"]
PositionMode = Literal["one_way_mode", "hedge_mode"]
BillKind = Literal["funding", "open_fee", "close_fee", "realized_pnl", "transfer", "liquidation_fee", "insurance"]
StpMode = Literal["none", "cancel_taker", "cancel_maker", "cancel_both"]

TERMINAL_STATUSES: frozenset[str] = frozenset({"filled", "canceled", "rejected"})


class _Value(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen value; builds in 30-40 ns, encodes with msgspec."""


# ----------------------------------------------------------------------------------------------- what the venue knows


class InstrumentRules(_Value, frozen=True, kw_only=True):
    symbol: str
    base_asset: str
    quote_asset: str
    tick_size: Decimal  # quote per base
    lot_size: Decimal  # base
    min_qty_base: Decimal
    max_qty_base: Decimal
    min_notional_quote: Decimal
    maker_fee_pct: Decimal
    taker_fee_pct: Decimal
    leverage_max: int
    funding_interval_ms: int


class LeverageTier(_Value, frozen=True, kw_only=True):
    tier: int
    notional_min_quote: Decimal
    notional_max_quote: Decimal
    leverage_max: int
    maintenance_margin_pct: Decimal


class Book(_Value, frozen=True, kw_only=True):
    """Best first on both sides, (price, base quantity)."""

    symbol: str
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]
    ts_exch_ms: int
    seq: int


class PublicTrade(_Value, frozen=True, kw_only=True):
    symbol: str
    trade_id: int
    price: Decimal
    qty_base: Decimal
    taker_side: Side
    ts_exch_ms: int


class Ticker(_Value, frozen=True, kw_only=True):
    symbol: str
    last_price: Decimal
    bid_price: Decimal
    bid_qty_base: Decimal
    ask_price: Decimal
    ask_qty_base: Decimal
    mark_price: Decimal
    index_price: Decimal
    funding_rate_pct: Decimal
    next_funding_ts_ms: int
    high_24h: Decimal
    low_24h: Decimal
    open_24h: Decimal
    base_volume_24h: Decimal
    quote_volume_24h: Decimal
    ts_exch_ms: int


class Candle(_Value, frozen=True, kw_only=True):
    open_ts_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    base_volume: Decimal
    quote_volume: Decimal


class Order(_Value, frozen=True, kw_only=True):
    symbol: str
    client_order_id: str
    venue_order_id: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    reduce_only: bool
    price: Decimal | None  # None for a market order
    qty_base: Decimal
    filled_base: Decimal
    avg_price: Decimal  # 0 while nothing is filled
    fee_quote: Decimal
    status: OrderStatus
    reason: str  # why it ended, "" while it lives
    created_ts_ms: int
    updated_ts_ms: int
    leverage: int = 1
    margin_mode: MarginMode = "crossed"
    trigger_price: Decimal | None = None  # set while it waits for the mark price, and when it ended waiting


class Fill(_Value, frozen=True, kw_only=True):
    trade_id: str
    symbol: str
    client_order_id: str
    venue_order_id: str
    side: Side
    price: Decimal
    qty_base: Decimal
    fee_quote: Decimal
    fee_asset: str
    liquidity: Liquidity
    realized_pnl_quote: Decimal  # price move only, before the fee
    ts_exch_ms: int


class Position(_Value, frozen=True, kw_only=True):
    symbol: str
    qty_base: Decimal  # signed; 0 means closed
    entry_price: Decimal
    mark_price: Decimal
    unrealized_pnl_quote: Decimal
    realized_pnl_quote: Decimal
    leverage: int
    margin_mode: MarginMode
    margin_quote: Decimal
    maintenance_margin_pct: Decimal
    liquidation_price: Decimal | None
    created_ts_ms: int
    updated_ts_ms: int


class Account(_Value, frozen=True, kw_only=True):
    asset: str
    equity_quote: Decimal  # wallet + unrealised
    wallet_quote: Decimal
    available_quote: Decimal
    frozen_quote: Decimal  # held by open orders
    unrealized_pnl_quote: Decimal
    position_mode: PositionMode
    ts_ms: int


class Bill(_Value, frozen=True, kw_only=True):
    """One movement of cash. amount_quote is signed from the account's view: negative left it."""

    bill_id: str
    symbol: str
    kind: BillKind
    amount_quote: Decimal
    balance_quote: Decimal
    ts_ms: int


# --------------------------------------------------------------------------------------------------- what it is asked


class Request(_Value, tag_field="ask", frozen=True, kw_only=True):
    """Something asked of a venue. ``account_id`` is filled in by whoever authenticated the key; "" is public."""

    account_id: str = ""


class GetTime(Request, tag="time", frozen=True, kw_only=True):
    pass


class GetInstruments(Request, tag="instruments", frozen=True, kw_only=True):
    product: str = "USDT-FUTURES"


class GetTicker(Request, tag="ticker", frozen=True, kw_only=True):
    symbol: str | None = None  # None: all


class GetBook(Request, tag="book", frozen=True, kw_only=True):
    symbol: str
    depth: int = 100


class GetTrades(Request, tag="trades", frozen=True, kw_only=True):
    symbol: str
    limit: int = 100


class GetCandles(Request, tag="candles", frozen=True, kw_only=True):
    symbol: str
    granularity_ms: int = 60_000
    limit: int = 100
    start_ms: int | None = None
    end_ms: int | None = None


class GetLeverageTiers(Request, tag="leverage_tiers", frozen=True, kw_only=True):
    symbol: str


class GetFeeRate(Request, tag="fee_rate", frozen=True, kw_only=True):
    symbol: str


class GetAccount(Request, tag="account", frozen=True, kw_only=True):
    symbol: str | None = None  # answered with Account; leverage and modes in AccountSettings when a symbol is given


class GetPositions(Request, tag="positions", frozen=True, kw_only=True):
    symbol: str | None = None


class GetBills(Request, tag="bills", frozen=True, kw_only=True):
    kind: str | None = None
    limit: int = 100
    start_ms: int | None = None
    end_ms: int | None = None


class SetLeverage(Request, tag="set_leverage", frozen=True, kw_only=True):
    symbol: str
    leverage: int


class SetMarginMode(Request, tag="set_margin_mode", frozen=True, kw_only=True):
    symbol: str
    margin_mode: MarginMode


class SetPositionMode(Request, tag="set_position_mode", frozen=True, kw_only=True):
    position_mode: PositionMode


class PlaceOrder(Request, tag="place_order", frozen=True, kw_only=True):
    symbol: str
    client_order_id: str  # "" when the caller gave none: the venue makes one
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    qty_base: Decimal
    price: Decimal | None
    reduce_only: bool = False
    margin_mode: MarginMode = "crossed"
    stp_mode: StpMode | None = None  # None: the venue's default
    trigger_price: Decimal | None = None  # set: wait until the mark price reaches it from where it is now, then place


class CancelOrder(Request, tag="cancel_order", frozen=True, kw_only=True):
    """By venue_order_id when given, else by client_order_id."""

    symbol: str
    venue_order_id: str = ""
    client_order_id: str = ""


class CancelOrders(Request, tag="cancel_orders", frozen=True, kw_only=True):
    """Every open order of the symbol (None: of the account), or only those listed."""

    symbol: str | None = None
    venue_order_ids: tuple[str, ...] = ()


class ModifyOrder(Request, tag="modify_order", frozen=True, kw_only=True):
    symbol: str
    venue_order_id: str = ""
    client_order_id: str = ""
    new_client_order_id: str = ""
    new_qty_base: Decimal | None = None
    new_price: Decimal | None = None


class GetOrder(Request, tag="order", frozen=True, kw_only=True):
    symbol: str
    venue_order_id: str = ""
    client_order_id: str = ""


class GetOpenOrders(Request, tag="open_orders", frozen=True, kw_only=True):
    symbol: str | None = None


class GetOrderHistory(Request, tag="order_history", frozen=True, kw_only=True):
    symbol: str | None = None
    limit: int = 100
    start_ms: int | None = None
    end_ms: int | None = None


class GetFills(Request, tag="fills", frozen=True, kw_only=True):
    symbol: str | None = None
    venue_order_id: str = ""
    limit: int = 100
    start_ms: int | None = None
    end_ms: int | None = None


class ClosePosition(Request, tag="close_position", frozen=True, kw_only=True):
    symbol: str


class GetCoins(Request, tag="coins", frozen=True, kw_only=True):
    """Assets known to the venue; ccxt asks while it loads markets."""


# ------------------------------------------------------------------------------------------------------- what it says


class Refused(_Value, frozen=True, kw_only=True):
    """The venue (or the gateway) said no. ``code`` is from services.contracts.reasons; text says value and limit."""

    code: str
    text: str
    retry_after_ms: int | None = None


class Placed(_Value, frozen=True, kw_only=True):
    symbol: str
    client_order_id: str
    venue_order_id: str


class Cancelled(_Value, frozen=True, kw_only=True):
    """Order ids accepted for cancelling, (client_order_id, venue_order_id); and those that failed, with the reason."""

    done: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, str, str], ...] = ()


class AccountSettings(_Value, frozen=True, kw_only=True):
    account: Account
    symbol: str
    leverage: int
    margin_mode: MarginMode


class Done(_Value, frozen=True, kw_only=True):
    """A setting was taken; the fields that the dialect echoes."""

    symbol: str = ""
    leverage: int = 0
    margin_mode: MarginMode = "crossed"
    position_mode: PositionMode = "one_way_mode"


class FeeRate(_Value, frozen=True, kw_only=True):
    maker_fee_pct: Decimal
    taker_fee_pct: Decimal


class ServerTime(_Value, frozen=True, kw_only=True):
    ts_ms: int


Answer = (
    Refused
    | Placed
    | Cancelled
    | AccountSettings
    | Done
    | FeeRate
    | ServerTime
    | Account
    | Order
    | Book
    | tuple[InstrumentRules, ...]
    | tuple[LeverageTier, ...]
    | tuple[Ticker, ...]
    | tuple[PublicTrade, ...]
    | tuple[Candle, ...]
    | tuple[Order, ...]
    | tuple[Fill, ...]
    | tuple[Position, ...]
    | tuple[Bill, ...]
    | tuple[str, ...]
)


class Unknown(_Value, frozen=True, kw_only=True):
    """Nobody can say whether the venue acted: timeout, broken connection, 5xx. Never resend; ask by client id."""

    detail: str


# ---------------------------------------------------------------------------------------------- what it says by itself


class OrderPush(_Value, frozen=True, kw_only=True):
    """An order of ours changed; ``fill`` is set when a trade caused it."""

    account_id: str
    order: Order
    fill: Fill | None = None


class PositionsPush(_Value, frozen=True, kw_only=True):
    """The full list of open positions of the account: what is absent is closed."""

    account_id: str
    positions: tuple[Position, ...]


class AccountPush(_Value, frozen=True, kw_only=True):
    account_id: str
    account: Account


class BookPush(_Value, frozen=True, kw_only=True):
    book: Book


class TradesPush(_Value, frozen=True, kw_only=True):
    trades: tuple[PublicTrade, ...]


class TickerPush(_Value, frozen=True, kw_only=True):
    ticker: Ticker


PrivatePush = OrderPush | PositionsPush | AccountPush
PublicPush = BookPush | TradesPush | TickerPush
Push = PrivatePush | PublicPush
