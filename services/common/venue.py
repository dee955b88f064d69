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

from services.common.venue_pushes import (
    AccountPush,
    BookPush,
    OrderPush,
    PositionsPush,
    PrivatePush,
    PublicPush,
    Push,
    TickerPush,
    TradesPush,
)
from services.common.venue_values import (
    TERMINAL_STATUSES,
    Account,
    Bill,
    BillKind,
    Book,
    Candle,
    Fill,
    InstrumentRules,
    LeverageTier,
    Liquidity,
    MarginMode,
    Order,
    OrderStatus,
    OrderType,
    Position,
    PositionMode,
    PublicTrade,
    Side,
    StpMode,
    Ticker,
    TimeInForce,
    Value,
)

__all__ = [
    "TERMINAL_STATUSES",
    "Account",
    "AccountPush",
    "AccountSettings",
    "Answer",
    "Bill",
    "BillKind",
    "Book",
    "BookPush",
    "CancelOrder",
    "CancelOrders",
    "Cancelled",
    "Candle",
    "ClosePosition",
    "Done",
    "FeeRate",
    "Fill",
    "GetAccount",
    "GetBills",
    "GetBook",
    "GetCandles",
    "GetCoins",
    "GetFeeRate",
    "GetFills",
    "GetInstruments",
    "GetKeyRights",
    "GetLeverageTiers",
    "GetOpenOrders",
    "GetOrder",
    "GetOrderHistory",
    "GetPositions",
    "GetTicker",
    "GetTime",
    "GetTrades",
    "InstrumentRules",
    "KeyRights",
    "LeverageTier",
    "Liquidity",
    "MarginMode",
    "ModifyOrder",
    "Order",
    "OrderPush",
    "OrderStatus",
    "OrderType",
    "PlaceOrder",
    "PlaceOrders",
    "PlaceProtected",
    "PlaceStop",
    "Placed",
    "PlacedMany",
    "Position",
    "PositionMode",
    "PositionsPush",
    "PrivatePush",
    "PublicPush",
    "PublicTrade",
    "Push",
    "Refused",
    "Request",
    "ServerTime",
    "SetLeverage",
    "SetMarginMode",
    "SetPositionMode",
    "Side",
    "StopKind",
    "StpMode",
    "Ticker",
    "TickerPush",
    "TimeInForce",
    "TradesPush",
    "Unknown",
]

StopKind = Literal["take_profit", "stop_loss"]

# --------------------------------------------------------------------------------------------------- what it is asked


class Request(Value, tag_field="ask", frozen=True, kw_only=True):
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


class PastRequest(Request, frozen=True, kw_only=True):
    """A list of what was, newest first."""

    limit: int = 100
    start_ms: int | None = None
    end_ms: int | None = None
    below_id: int | None = None  # the next page: only rows with a lower id


class GetBills(PastRequest, tag="bills", frozen=True, kw_only=True):
    kind: str | None = None


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


class PlaceOrders(Request, tag="place_orders", frozen=True, kw_only=True):
    """Several orders of one pair, each taken or refused by itself."""

    symbol: str
    orders: tuple[PlaceOrder, ...]


class PlaceProtected(Request, tag="place_protected", frozen=True, kw_only=True):
    """An order with a take-profit, a stop-loss or both attached: they wait for the mark price as soon as it fills."""

    order: PlaceOrder
    take_profit_price: Decimal | None = None
    stop_loss_price: Decimal | None = None

    @property
    def symbol(self) -> str:
        return self.order.symbol


class PlaceStop(Request, tag="place_stop", frozen=True, kw_only=True):
    """Close a position, or part of it, by a market order once the mark price has reached ``trigger_price``."""

    symbol: str
    client_order_id: str
    kind: StopKind
    is_long: bool  # the position that is to be closed
    trigger_price: Decimal
    qty_base: Decimal | None = None  # None: what the position is when this is placed


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


class GetOrderHistory(PastRequest, tag="order_history", frozen=True, kw_only=True):
    symbol: str | None = None


class GetFills(PastRequest, tag="fills", frozen=True, kw_only=True):
    symbol: str | None = None
    venue_order_id: str = ""


class ClosePosition(Request, tag="close_position", frozen=True, kw_only=True):
    symbol: str


class GetKeyRights(Request, tag="key_rights", frozen=True, kw_only=True):
    """What the key that signs may do at this venue."""


class GetCoins(Request, tag="coins", frozen=True, kw_only=True):
    """Assets known to the venue; ccxt asks while it loads markets."""


# ------------------------------------------------------------------------------------------------------- what it says


class Refused(Value, frozen=True, kw_only=True):
    """The venue (or the gateway) said no. ``code`` is from services.contracts.reasons; text says value and limit."""

    code: str
    text: str
    retry_after_ms: int | None = None


class Placed(Value, frozen=True, kw_only=True):
    symbol: str
    client_order_id: str
    venue_order_id: str


class PlacedMany(Value, frozen=True, kw_only=True):
    """The answer to several orders: those that were taken, and (client_order_id, why not) of the others."""

    placed: tuple[Placed, ...]
    refused: tuple[tuple[str, Refused], ...] = ()


class Cancelled(Value, frozen=True, kw_only=True):
    """Order ids accepted for cancelling, (client_order_id, venue_order_id); and those that failed, with the reason."""

    done: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, str, str], ...] = ()


class AccountSettings(Value, frozen=True, kw_only=True):
    account: Account
    symbol: str
    leverage: int
    margin_mode: MarginMode


class Done(Value, frozen=True, kw_only=True):
    """A setting was taken; the fields that the dialect echoes."""

    symbol: str = ""
    leverage: int = 0
    margin_mode: MarginMode = "crossed"
    position_mode: PositionMode = "one_way_mode"


class FeeRate(Value, frozen=True, kw_only=True):
    maker_fee_pct: Decimal
    taker_fee_pct: Decimal


class KeyRights(Value, frozen=True, kw_only=True):
    """ "read", "trade", "transfer", "withdraw", "sub_account", "p2p", "loan", each once, sorted; what the dialect does
    not know stays as the venue wrote it, and is nobody's harmless right."""

    rights: tuple[str, ...]


class ServerTime(Value, frozen=True, kw_only=True):
    ts_ms: int


Answer = (
    Refused
    | Placed
    | PlacedMany
    | Cancelled
    | AccountSettings
    | Done
    | FeeRate
    | KeyRights
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


class Unknown(Value, frozen=True, kw_only=True):
    """Nobody can say whether the venue acted: timeout, broken connection, 5xx. Never resend; ask by client id."""

    detail: str
