"""What a venue knows, as frozen values: rules, book, orders, fills, positions, money. The first half of the venue port.

Import them through ``services.common.venue``.
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


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen value; builds in 30-40 ns, encodes with msgspec."""


class InstrumentRules(Value, frozen=True, kw_only=True):
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


class LeverageTier(Value, frozen=True, kw_only=True):
    tier: int
    notional_min_quote: Decimal
    notional_max_quote: Decimal
    leverage_max: int
    maintenance_margin_pct: Decimal


class Book(Value, frozen=True, kw_only=True):
    """Best first on both sides, (price, base quantity)."""

    symbol: str
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]
    ts_exch_ms: int
    seq: int


class PublicTrade(Value, frozen=True, kw_only=True):
    symbol: str
    trade_id: int
    price: Decimal
    qty_base: Decimal
    taker_side: Side
    ts_exch_ms: int


class Ticker(Value, frozen=True, kw_only=True):
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


class Candle(Value, frozen=True, kw_only=True):
    open_ts_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    base_volume: Decimal
    quote_volume: Decimal


class Order(Value, frozen=True, kw_only=True):
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


class Fill(Value, frozen=True, kw_only=True):
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


class Position(Value, frozen=True, kw_only=True):
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


class Account(Value, frozen=True, kw_only=True):
    asset: str
    equity_quote: Decimal  # wallet + unrealised
    wallet_quote: Decimal
    available_quote: Decimal
    frozen_quote: Decimal  # held by open orders
    unrealized_pnl_quote: Decimal
    position_mode: PositionMode
    ts_ms: int


class Bill(Value, frozen=True, kw_only=True):
    """One movement of cash. amount_quote is signed from the account's view: negative left it."""

    bill_id: str
    symbol: str
    kind: BillKind
    amount_quote: Decimal
    balance_quote: Decimal
    ts_ms: int
