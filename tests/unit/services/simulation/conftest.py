"""A venue whose market does nothing unless told: book 10 wide around 60 000, so that every number can be computed by
hand.
"""

from collections.abc import Callable
from decimal import Decimal

import pytest

from services.common import venue
from services.simulation.exchange import Exchange, ExchangeParams
from services.simulation.instruments import default_instruments
from services.simulation.scripted import Scripted, ScriptEvent

START_MS = 1_700_000_000_000
D = Decimal
BIDS = ((D("59995.0"), D("1")), (D("59990.0"), D("2")), (D("59900.0"), D("50")))
ASKS = ((D("60005.0"), D("1")), (D("60010.0"), D("2")), (D("60100.0"), D("50")))


class Desk:
    """One exchange and the words tests use with it."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.now_ms = START_MS
        self.pushes: list[venue.Push] = []

    def ask(self, request: venue.Request, after_ms: int = 0) -> venue.Answer:
        self.now_ms += after_ms
        return self.exchange.handle(request, self.now_ms)

    def place(self, side: str, qty: str, price: str | None, tif: str = "gtc", account: str = "bot1", **more: object):
        return self.ask(
            venue.PlaceOrder(
                account_id=account,
                symbol="BTC-USDT",
                client_order_id=str(more.pop("client_order_id", "")),
                side=side,
                order_type="market" if price is None else "limit",
                time_in_force=tif,
                qty_base=D(qty),
                price=None if price is None else D(price),
                **more,
            )
        )

    def order(self, placed: venue.Placed, account: str = "bot1") -> venue.Order:
        found = self.ask(venue.GetOrder(account_id=account, symbol="BTC-USDT", venue_order_id=placed.venue_order_id))
        assert isinstance(found, venue.Order), found
        return found

    def fills(self, account: str = "bot1") -> tuple[venue.Fill, ...]:
        return self.ask(venue.GetFills(account_id=account))

    def position(self, account: str = "bot1") -> venue.Position | None:
        return next(iter(self.exchange.positions(account)), None)

    def account(self, account: str = "bot1") -> venue.Account:
        return self.exchange.account(account)

    def wait(self, ms: int) -> None:
        self.now_ms += ms
        self.exchange.advance(self.now_ms)


@pytest.fixture
def make_desk() -> Callable[..., Desk]:
    def make(*events: ScriptEvent, accounts: dict[str, Decimal] | None = None, **params: object) -> Desk:
        script = Scripted(bids=BIDS, asks=ASKS, mark=D("60000.0"), events=events)
        wallets = accounts or {"bot1": D(100_000), "bot2": D(100_000)}
        settings = ExchangeParams(**{"history_minutes": 5, **params})
        return Desk(Exchange(default_instruments()[:1], wallets, script, 7, START_MS, settings))

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


def take(at_ms: int, side: str, price: str, qty: str) -> ScriptEvent:
    return ScriptEvent(at_ms=at_ms, kind="take", side=side, price=D(price), qty=D(qty))


def mark(at_ms: int, price: str) -> ScriptEvent:
    return ScriptEvent(at_ms=at_ms, kind="mark", price=D(price))


def quote(at_ms: int, side: str, price: str, qty: str) -> ScriptEvent:
    return ScriptEvent(at_ms=at_ms, kind="quote", side=side, price=D(price), qty=D(qty))


@pytest.fixture
def take_event() -> Callable[..., ScriptEvent]:
    return take


@pytest.fixture
def mark_event() -> Callable[..., ScriptEvent]:
    return mark


@pytest.fixture
def quote_event() -> Callable[..., ScriptEvent]:
    return quote
