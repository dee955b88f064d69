"""Reading a sub-account by REST: fills page by page, bills, positions. What was not heard is found here."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from services.common import venue
from services.gateway import fills, views
from services.gateway.state import State

_PAGE = 100

Done = Callable[[bool], None]  # whether everything was read


def read_fills(state: State, account_id: str, source: fills.Source, then: Done) -> None:
    """Import every fill since the last known one, with an overlap, newest page first."""
    cursor_ms = state.accounts[account_id].fills_cursor_ms
    start_ms = max(0, cursor_ms - state.timing.fills_overlap_ms)
    _fills_page(state, account_id, source, then, start_ms, None, [])


def _fills_page(
    state: State,
    account_id: str,
    source: fills.Source,
    then: Done,
    start_ms: int,
    end_ms: int | None,
    pages: list[venue.Fill],
) -> None:
    request = venue.GetFills(limit=_PAGE, start_ms=start_ms, end_ms=end_ms)
    on_page = partial(_on_fills_page, state, account_id, source, then, start_ms, pages)
    state.core.ask(account_id, request, on_page)


def _on_fills_page(
    state: State,
    account_id: str,
    source: fills.Source,
    then: Done,
    start_ms: int,
    pages: list[venue.Fill],
    answer: venue.Answer | venue.Unknown,
) -> None:
    if not isinstance(answer, tuple):
        then(False)
        return
    page = [fill for fill in answer if isinstance(fill, venue.Fill)]
    seen = {fill.trade_id for fill in pages}
    fresh = [fill for fill in page if fill.trade_id not in seen]
    pages.extend(fresh)
    if len(page) >= _PAGE and fresh:
        oldest_ms = min(fill.ts_exch_ms for fill in page)
        if oldest_ms > start_ms:
            _fills_page(state, account_id, source, then, start_ms, oldest_ms, pages)
            return
    for fill in sorted(pages, key=lambda f: (f.ts_exch_ms, len(f.trade_id), f.trade_id)):
        fills.import_fill(state, account_id, fill, source)
    then(True)


def read_bills(state: State, account_id: str, then: Done) -> None:
    """Funding and transfers since the last known one."""
    start_ms = state.accounts[account_id].bills_cursor_ms
    request = venue.GetBills(limit=_PAGE, start_ms=start_ms)

    def on_bills(answer: venue.Answer | venue.Unknown) -> None:
        if isinstance(answer, tuple):
            fills.import_bills(state, account_id, tuple(b for b in answer if isinstance(b, venue.Bill)))
        then(isinstance(answer, tuple))

    state.core.ask(account_id, request, on_bills)


def read_positions(state: State, account_id: str, then: Done) -> None:
    """The venue's positions; a failed query is not the same as flat."""

    def on_positions(answer: venue.Answer | venue.Unknown) -> None:
        if isinstance(answer, tuple):
            take_positions(state, account_id, tuple(p for p in answer if isinstance(p, venue.Position)))
        then(isinstance(answer, tuple))

    state.core.ask(account_id, venue.GetPositions(), on_positions)


def take_positions(state: State, account_id: str, positions: tuple[venue.Position, ...]) -> None:
    """The full list: what is absent is closed. Passed on to the bot."""
    own = {p.symbol: p for p in positions if p.qty_base != 0}
    for symbol, ignored in state.accounts[account_id].ignored.items():
        held = own.get(symbol) or _flat(state, symbol)
        own[symbol] = msgspec.structs.replace(held, qty_base=held.qty_base - ignored)
    state.lanes[account_id].positions = {symbol: p for symbol, p in own.items() if p.qty_base != 0}
    views.push_positions(state, account_id)


def position_differences(state: State, account_id: str) -> list[tuple[str, str, str]]:
    """(pair, ours, theirs) wherever the sum of fills is not the venue's position."""
    theirs = state.lanes[account_id].positions or {}
    ours = state.accounts[account_id].holdings
    result = []
    for symbol in sorted(set(theirs) | set(ours)):
        our_qty = ours[symbol].qty_base if symbol in ours else 0
        their_qty = theirs[symbol].qty_base if symbol in theirs else 0
def _flat(state: State, symbol: str) -> venue.Position:
    """No position: what the bot has of it is as much as what was there before, the other way round."""
    policy = state.policy.account
    mark = state.market.mark(symbol) or Decimal(0)
    return venue.Position(
        symbol=symbol,
        qty_base=Decimal(0),
        entry_price=mark,
        mark_price=mark,
        unrealized_pnl_quote=Decimal(0),
        realized_pnl_quote=Decimal(0),
        leverage=policy.leverage,
        margin_mode=policy.margin_mode,
        margin_quote=Decimal(0),
        maintenance_margin_pct=Decimal(0),
        liquidation_price=None,
        created_ts_ms=state.core.now.wall_ms,
        updated_ts_ms=state.core.now.wall_ms,
    )


        if our_qty != their_qty:
            result.append((symbol, str(our_qty), str(their_qty)))
    return result
