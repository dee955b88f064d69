"""The venue port, what a venue says by itself: private and public pushes. Read through ``services.common.venue``."""

from services.common.venue_values import Account, Book, Fill, Order, Position, PublicTrade, Ticker, Value


class OrderPush(Value, frozen=True, kw_only=True):
    """An order of ours changed; ``fill`` is set when a trade caused it."""

    account_id: str
    order: Order
    fill: Fill | None = None


class PositionsPush(Value, frozen=True, kw_only=True):
    """The full list of open positions of the account: what is absent is closed."""

    account_id: str
    positions: tuple[Position, ...]


class AccountPush(Value, frozen=True, kw_only=True):
    account_id: str
    account: Account


class BookPush(Value, frozen=True, kw_only=True):
    book: Book


class TradesPush(Value, frozen=True, kw_only=True):
    trades: tuple[PublicTrade, ...]


class TickerPush(Value, frozen=True, kw_only=True):
    ticker: Ticker


PrivatePush = OrderPush | PositionsPush | AccountPush
PublicPush = BookPush | TradesPush | TickerPush
Push = PrivatePush | PublicPush
