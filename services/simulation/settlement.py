"""What happens by the clock: minutes roll over, funding is paid, accounts are judged by their margin, prices are
kept.
"""

from services.simulation.accounts import PositionState
from services.simulation.drift import Drift
from services.simulation.engine import Engine
from services.simulation.funding import payment_e8
from services.simulation.ledger import AccountBook
from services.simulation.listing import Listing
from services.simulation.risk import Risk

PRICE_EVERY_MS = 5_000


class Settlement:
    """Runs every ``tick_ms`` of virtual time."""

    def __init__(self, engine: Engine, risk: Risk, drift: Drift, start_ms: int, tick_ms: int) -> None:
        self._engine = engine
        self._risk = risk
        self._drift = drift
        self._tick_ms = tick_ms
        self.next_ms = start_ms + tick_ms

    def step(self, now_ms: int) -> None:
        self.next_ms = now_ms + self._tick_ms
        self._drift.step(now_ms)
        self._engine.resume_slices()
        self._risk.fire_triggers()
        self._risk.check()
        for listing in self._engine.listings.values():
            self._roll(listing, now_ms)
            while now_ms >= listing.funding.next_ms:
                self._fund(listing, now_ms)
            if now_ms % PRICE_EVERY_MS < self._tick_ms:
                self._engine.outbox.change("price", listing.symbol, listing.last_ticks)

    def _roll(self, listing: Listing, now_ms: int) -> None:
        for bar in listing.candles.roll(now_ms):
            self._engine.outbox.change("candle", f"{listing.symbol}|{bar.open_ms}", bar)
        while listing.candles.forgotten:
            self._engine.outbox.change("candle", f"{listing.symbol}|{listing.candles.forgotten.pop()}", None)

    def _fund(self, listing: Listing, now_ms: int) -> None:
        rate_e8 = listing.funding.settle(now_ms)
        engine = self._engine
        engine.log.add(f"N|{now_ms}|{listing.symbol}|{rate_e8}")
        for book in engine.ledger.accounts.values():
            position = book.positions.get(listing.symbol)
            if position is not None and position.lots:
                self._pay_funding(book, position, listing, rate_e8, now_ms)

    def _pay_funding(
        self, book: AccountBook, position: PositionState, listing: Listing, rate_e8: int, now_ms: int
    ) -> None:
        paid = payment_e8(position, listing.mark_value_e8(position.lots), rate_e8)
        self._engine.ledger.pay(book, listing.symbol, "funding", -paid, now_ms)
        self._engine.log.add(f"P|{now_ms}|{book.state.account_id}|{listing.symbol}|{paid}")
