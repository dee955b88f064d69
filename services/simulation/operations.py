"""What only the venue's operator does: halts, changed rules, imposed trades. Faults and drills use it; no client can
reach it.
"""

from decimal import Decimal

import msgspec

from services.common import venue
from services.simulation.engine import Engine
from services.simulation.funding import payment_e8
from services.simulation.listing import Listing
from services.simulation.markets import Market
from services.simulation.risk import Risk
from services.simulation.seeded import SeededMarket
from services.simulation.units import fraction_e8


class Operator:
    """Every method acts at the engine's present; unknown accounts and pairs raise KeyError."""

    def __init__(self, engine: Engine, risk: Risk, markets: dict[str, Market]) -> None:
        self._engine = engine
        self._risk = risk
        self._markets = markets

    def halt(self, symbol: str, halted: bool) -> None:
        """Refuse new orders of the pair (SYMBOL_HALTED), or take them again. Resting orders stay and can be
        cancelled.
        """
        self._engine.listings[symbol].halted = halted

    def change_rules(self, symbol: str, factor: int) -> venue.InstrumentRules:
        """Tick, lot and minimums become ``factor`` times those listed at the start; 1 goes back. What rests is left
        alone.
        """
        listing = self._engine.listings[symbol]
        listed = listing.instrument.rules
        listing.rules = msgspec.structs.replace(
            listed,
            tick_size=listed.tick_size * factor,
            lot_size=listed.lot_size * factor,
            min_qty_base=listed.min_qty_base * factor,
            min_notional_quote=listed.min_notional_quote * factor,
        )
        return listing.rules

    def change_fees(self, account_id: str, factor: int) -> None:
        """Both rates of the account become ``factor`` times the first listed pair's; 1 goes back to the schedule."""
        rules = next(iter(self._engine.listings.values())).rules
        rates = None if factor == 1 else (rules.maker_fee_pct * factor, rules.taker_fee_pct * factor)
        self._engine.fees.override(account_id, rates)

    def charge_funding(self, symbol: str, rate_pct: Decimal) -> None:
        """Every position of the pair pays (or is paid) this rate now."""
        listing, now_ms = self._engine.listings[symbol], self._engine.now_ms
        for book in self._engine.ledger.accounts.values():
            position = book.positions.get(symbol)
            if position is not None and position.lots:
                owed = payment_e8(position, listing.mark_value_e8(position.lots), fraction_e8(rate_pct))
                self._engine.ledger.pay(book, symbol, "funding", -owed, now_ms)

    def reduce_position(self, account_id: str, symbol: str, fraction: Decimal, reason: str) -> Decimal:
        """Close a fraction of the position at the mark, whether its owner wants it or not; returns the base closed."""
        book = self._engine.ledger.accounts[account_id]
        listing = self._engine.listings[symbol]
        position = book.positions.get(symbol)
        if position is None or not position.lots:
            return Decimal(0)
        lots = max(1, int(abs(position.lots) * fraction))
        return listing.grid.qty(self._risk.take_over(book, symbol, lots, listing.mark_ticks, reason))

    def fill_order(self, request: venue.CancelOrder, fraction: Decimal, now_ms: int) -> Decimal:
        """Let the market take a fraction of a resting order at its own price; returns the base traded."""
        book = self._engine.ledger.accounts[request.account_id]
        order = self._engine.ledger.find_order(book, request.venue_order_id, request.client_order_id)
        if order is None or not order.is_open or order.venue_order_id not in self._engine.resting:
            return Decimal(0)
        listing = self._engine.listings[order.symbol]
        ahead = self._lots_before(listing, order.sign, order.ticks) + self._engine.queue_ahead_lots(order)
        wanted = max(1, int(order.remaining * fraction))
        filled = order.filled_lots
        self._engine.market_take(listing, -order.sign, order.ticks, ahead + wanted)
        return listing.grid.qty(order.filled_lots - filled)

    def shock(self, symbol: str, bps: Decimal) -> None:
        """The fair value of a seeded market moves at once by ``bps``, and those who know take the book up to it."""
        market = self._markets[symbol]
        if isinstance(market, SeededMarket):
            market.shock(float(bps))

    def _lots_before(self, listing: Listing, sign: int, ticks: int) -> int:
        """Lots at better prices on the order's side."""
        total = 0
        for level in listing.book.side(sign):
            if level.ticks == ticks:
                break
            total += level.lots
        return total
