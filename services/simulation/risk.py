"""Liquidation, auto-deleveraging, and triggers: what the venue does to positions and orders by itself.

An account whose crossed equity (or an isolated position whose own backing) is down to maintenance margin loses its
resting orders first (those of the pair, when isolated). If that does not help, its largest position is reduced to the
bracket below, or closed when it is in the lowest: a reduce-only market order down to the bankruptcy price. What the
book does not take there is taken over at that price from the other side's winners (auto-deleveraging), most profitable
first, and by the insurance fund when there are none. The fund also pays what a wallet ends below zero, and what an
isolated position loses beyond its own margin.
"""

from services.simulation import margin
from services.simulation.accounts import PositionState, unrealized_e8
from services.simulation.engine import Engine
from services.simulation.ledger import AccountBook
from services.simulation.listing import Listing
from services.simulation.orders import OpenOrder
from services.simulation.standing import Standings
from services.simulation.units import E8, divide_half_up

SAFE_E8 = (
    50_000_000  # equity above this share (1e-8) of gross notional is not looked at closely: every bracket is below
)


class Risk:
    """``insurance_e8`` is what the fund has paid out, net; it never refuses."""

    def __init__(self, engine: Engine, standings: Standings) -> None:
        self._engine = engine
        self._standings = standings
        self.insurance_e8 = 0

    def check(self) -> None:
        """Judge every account at the current marks."""
        for book in self._engine.ledger.accounts.values():
            held = [p for p in book.positions.values() if p.lots]
            if held and not self._plainly_safe(book, held):
                self._check_account(book, held)

    def fire_triggers(self) -> None:
        """Place every waiting order whose trigger the mark has reached."""
        for book in self._engine.ledger.accounts.values():
            for order in [o for o in book.open.values() if o.trigger_ticks]:
                if not order.is_open:
                    continue  # ended by one that fired before it
                mark = self._engine.listings[order.symbol].mark_ticks
                if mark >= order.trigger_ticks if order.trigger_above else mark <= order.trigger_ticks:
                    self._engine.fire(order)

    def take_over(
        self, book: AccountBook, symbol: str, lots: int, ticks: int, reason: str, is_printed: bool = True
    ) -> int:
        """Close up to ``lots`` of a position at ``ticks`` without asking its owner and without a fee; lots closed.

        is_printed: whether it is a public trade; two positions that are closed against each other are one.
        """
        position = book.positions.get(symbol)
        if position is None or not position.lots:
            return 0
        lots = min(lots, abs(position.lots))
        order = self._order(book, position, lots, reason)
        self._engine.settle_outside(order, ticks, lots, reason, is_printed)
        return lots

    # ------------------------------------------------------------------------------------------------------ judging

    def _plainly_safe(self, book: AccountBook, held: list[PositionState]) -> bool:
        gross = pnl = 0
        for position in held:
            value = self._engine.listings[position.symbol].mark_value_e8(position.lots)
            gross += value
            pnl += unrealized_e8(position, value)
            if self._engine.ledger.setting(book, position.symbol).margin_mode == "isolated":
                return False
        return (book.state.wallet_e8 + pnl) * E8 > gross * SAFE_E8

    def _check_account(self, book: AccountBook, held: list[PositionState]) -> None:
        crossed = [p for p in held if self._setting(book, p) == "crossed"]
        for position in held:
            backing_e8 = self._backing_e8(position)
            if self._setting(book, position) == "isolated" and backing_e8 <= self._maintenance(position):
                self._liquidate_isolated(book, position, backing_e8)
        if crossed and self._standings.crossed_equity_e8(book, crossed) <= sum(self._maintenance(p) for p in crossed):
            self._cancel_orders(book)
            worst = max(crossed, key=lambda p: (self._maintenance(p), p.symbol))
            if worst.lots:
                self._liquidate(book, worst, self._standings.crossed_equity_e8(book, crossed))
        self._make_whole(book)

    def _liquidate_isolated(self, book: AccountBook, position: PositionState, backing_e8: int) -> None:
        """It costs its owner its own margin and no more: what lies beyond, after a gap, the fund pays."""
        self._cancel_orders(book, position.symbol)
        wallet_e8, margin_e8 = book.state.wallet_e8, position.isolated_margin_e8
        self._liquidate(book, position, backing_e8)
        lost_e8, given_e8 = wallet_e8 - book.state.wallet_e8, margin_e8 - position.isolated_margin_e8
        self._pay_from_fund(book, position.symbol, lost_e8 - given_e8)

    def _liquidate(self, book: AccountBook, position: PositionState, backing_e8: int) -> None:
        engine = self._engine
        listing = engine.listings[position.symbol]
        lots = self._excess_lots(position, listing)
        # Where the backing is gone: the mark, moved against the position by what backs each lot.
        per_lot = divide_half_up(max(0, backing_e8), abs(position.lots) * listing.grid.value_e8)
        bankrupt = max(1, listing.mark_ticks - per_lot if position.lots > 0 else listing.mark_ticks + per_lot)
        engine.log.add(f"L|{engine.now_ms}|{book.state.account_id}|{position.symbol}|{lots}|{bankrupt}")
        order = self._order(book, position, lots, "LIQUIDATION")
        order.ticks, order.order_type, order.time_in_force = bankrupt, "limit", "ioc"
        engine.submit(order)
        left = min(abs(position.lots), lots - order.filled_lots)
        if left > 0:
            self._deleverage(listing, -1 if position.lots > 0 else 1, left, bankrupt)
            self.take_over(book, position.symbol, left, bankrupt, "LIQUIDATION")

    def _deleverage(self, listing: Listing, sign: int, lots: int, ticks: int) -> None:
        """Take ``lots`` from the winners whose positions have this sign, the most profitable for their margin first."""
        ranked = []
        for book in self._engine.ledger.accounts.values():
            position = book.positions.get(listing.symbol)
            if position is None or position.lots * sign <= 0:
                continue
            pnl = unrealized_e8(position, listing.mark_value_e8(position.lots))
            if pnl > 0:
                leverage = self._engine.ledger.setting(book, listing.symbol).leverage
                ranked.append((pnl * leverage * E8 // max(1, position.cost_e8), book.state.account_id, book))
        for _, _, book in sorted(ranked, key=lambda row: (-row[0], row[1])):
            lots -= self.take_over(book, listing.symbol, lots, ticks, "ADL", is_printed=False)
            if lots <= 0:
                return

    def _excess_lots(self, position: PositionState, listing: Listing) -> int:
        """What must go: down to the upper end of the bracket below, or everything in the lowest bracket."""
        tiers = listing.instrument.tiers
        tier = margin.tier_of(tiers, listing.mark_value_e8(position.lots))
        if tier.tier == tiers[0].tier:
            return abs(position.lots)
        keep = int(tier.notional_min_quote * E8) // (listing.mark_ticks * listing.grid.value_e8)
        return max(1, abs(position.lots) - keep)

    def _make_whole(self, book: AccountBook) -> None:
        if book.state.wallet_e8 < 0 and not any(p.lots for p in book.positions.values()):
            self._pay_from_fund(book, "", -book.state.wallet_e8)

    def _pay_from_fund(self, book: AccountBook, symbol: str, amount_e8: int) -> None:
        if amount_e8 > 0:
            self.insurance_e8 += amount_e8
            self._engine.ledger.pay(book, symbol, "insurance", amount_e8, self._engine.now_ms)

    # ------------------------------------------------------------------------------------------------------- figures

    def _setting(self, book: AccountBook, position: PositionState) -> str:
        return self._engine.ledger.setting(book, position.symbol).margin_mode

    def _maintenance(self, position: PositionState) -> int:
        return self._standings.maintenance_e8(position) if position.lots else 0

    def _backing_e8(self, position: PositionState) -> int:
        value = self._engine.listings[position.symbol].mark_value_e8(position.lots)
        return position.isolated_margin_e8 + unrealized_e8(position, value)

    def _cancel_orders(self, book: AccountBook, symbol: str | None = None) -> None:
        for order in [order for order in book.open.values() if symbol in (None, order.symbol)]:
            self._engine.finish(order, "canceled", "LIQUIDATION")

    def _order(self, book: AccountBook, position: PositionState, lots: int, reason: str) -> OpenOrder:
        engine = self._engine
        setting = engine.ledger.setting(book, position.symbol)
        venue_order_id = engine.ledger.new_id()
        return OpenOrder(
            account_id=book.state.account_id,
            symbol=position.symbol,
            client_order_id=f"{reason.lower()}-{venue_order_id}",
            venue_order_id=venue_order_id,
            side="sell" if position.lots > 0 else "buy",
            order_type="market",
            time_in_force="ioc",
            reduce_only=True,
            ticks=0,
            lots=lots,
            created_ms=engine.now_ms,
            updated_ms=engine.now_ms,
            leverage=setting.leverage,
            margin_mode=setting.margin_mode,
        )
