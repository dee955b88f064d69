"""Accounts as they stand at the current marks: what margin they hold, what is free, positions and balances as
values.
"""

from decimal import Decimal

from services.common import venue
from services.simulation import margin
from services.simulation.accounts import PositionState, unrealized_e8
from services.simulation.ledger import AccountBook, Ledger
from services.simulation.listing import Listing
from services.simulation.orders import OpenOrder
from services.simulation.units import from_e8


class Standings:
    def __init__(self, listings: dict[str, Listing], ledger: Ledger) -> None:
        self._listings = listings
        self._ledger = ledger

    def exposure(self, book: AccountBook, symbol: str, extra: OpenOrder | None = None) -> margin.Exposure:
        """One pair; ``extra`` is an order that is being considered and is not in the book yet."""
        listing = self._listings[symbol]
        buys = sells = 0
        for order in (*book.open.values(), extra):
            if order is None or order.symbol != symbol or order.reduce_only or order.trigger_ticks:
                continue  # a trigger that waits holds no margin; it is judged when it fires
            notional = listing.grid.notional_e8(order.ticks or listing.mark_ticks, order.remaining)
            if order.side == "buy":
                buys += notional
            else:
                sells += notional
        position = book.positions.get(symbol)
        setting = self._ledger.setting(book, symbol)
        value = listing.mark_value_e8(position.lots) if position is not None else 0
        return margin.Exposure(symbol, position, value, buys, sells, setting.leverage, setting.margin_mode)

    def exposures(self, book: AccountBook) -> dict[str, margin.Exposure]:
        symbols = dict.fromkeys(s for s, p in book.positions.items() if p.lots)
        symbols.update(dict.fromkeys(order.symbol for order in book.open.values()))
        return {symbol: self.exposure(book, symbol) for symbol in symbols}

    def standing(self, book: AccountBook) -> margin.Standing:
        return margin.standing(book.state.wallet_e8, self.exposures(book).values())

    def account(self, account_id: str, now_ms: int) -> venue.Account:
        book = self._ledger.accounts[account_id]
        standing = self.standing(book)
        return venue.Account(
            asset="USDT",
            equity_quote=from_e8(standing.equity_e8),
            wallet_quote=from_e8(book.state.wallet_e8),
            available_quote=from_e8(max(0, standing.available_e8)),
            frozen_quote=from_e8(standing.frozen_e8),
            unrealized_pnl_quote=from_e8(standing.unrealized_e8),
            position_mode=book.state.position_mode,
            ts_ms=now_ms,
        )

    def positions(self, account_id: str) -> tuple[venue.Position, ...]:
        """Open positions, in the order the pairs are listed."""
        book = self._ledger.accounts[account_id]
        held = [book.positions[s] for s in self._listings if s in book.positions and book.positions[s].lots]
        if not held:
            return ()
        crossed = [p for p in held if self._ledger.setting(book, p.symbol).margin_mode == "crossed"]
        required_e8 = sum(self.maintenance_e8(p) for p in crossed)
        spare_e8 = self.crossed_equity_e8(book, crossed) - required_e8
        return tuple(self._position(book, p, spare_e8) for p in held)

    def crossed_equity_e8(self, book: AccountBook, crossed: list[PositionState]) -> int:
        """What stands behind the crossed positions: the wallet without what isolated ones have set aside."""
        isolated_e8 = sum(p.isolated_margin_e8 for p in book.positions.values() if p.lots)
        values = [(p, self._listings[p.symbol].mark_value_e8(p.lots)) for p in crossed]
        return book.state.wallet_e8 - isolated_e8 + sum(unrealized_e8(p, value) for p, value in values)

    def maintenance_e8(self, position: PositionState) -> int:
        """Maintenance margin of one position at the current mark."""
        listing = self._listings[position.symbol]
        return margin.maintenance_e8(listing.instrument.tiers, listing.mark_value_e8(position.lots))

    def _position(self, book: AccountBook, position: PositionState, spare_e8: int) -> venue.Position:
        """spare_e8: crossed equity beyond the maintenance margin of all crossed positions."""
        listing = self._listings[position.symbol]
        grid = listing.grid
        value = listing.mark_value_e8(position.lots)
        setting = self._ledger.setting(book, position.symbol)
        tier = margin.tier_of(listing.instrument.tiers, value)
        pnl = unrealized_e8(position, value)
        if setting.margin_mode == "isolated":
            held, backing = position.isolated_margin_e8, position.isolated_margin_e8 + pnl
        else:
            exposure = self.exposure(book, position.symbol)
            held = margin.margin_held_e8(exposure)[0]
            backing = spare_e8 + self.maintenance_e8(position)
        liquidation = margin.liquidation_ticks(
            position, listing.mark_ticks, grid.value_e8, backing, tier.maintenance_margin_pct
        )
        return venue.Position(
            symbol=position.symbol,
            qty_base=grid.qty(position.lots),
            entry_price=grid.average_price(position.cost_e8, abs(position.lots)),
            mark_price=grid.price(listing.mark_ticks),
            unrealized_pnl_quote=from_e8(pnl) if pnl else Decimal(0),
            realized_pnl_quote=from_e8(position.realized_e8) if position.realized_e8 else Decimal(0),
            leverage=setting.leverage,
            margin_mode=setting.margin_mode,
            margin_quote=from_e8(held),
            maintenance_margin_pct=tier.maintenance_margin_pct,
            liquidation_price=None if liquidation is None else grid.price(liquidation),
            created_ts_ms=position.created_ms,
            updated_ts_ms=position.updated_ms,
        )
