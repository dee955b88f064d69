"""Reading a sub-account by REST: fills and bills page by page, positions. What was not heard is found here."""

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
    """Import every fill since the last reading, with an overlap. What the stream says meanwhile moves nothing: it may
    speak of newer ones first."""
    account, lane = state.accounts[account_id], state.lanes[account_id]

    def on_read(rows: list[venue.Fill] | None) -> None:
        early = [fill for fill in rows or () if fills.waits_for_its_order(state, account_id, fill)]
        for fill in sorted(rows or (), key=lambda f: (f.ts_exch_ms, len(f.trade_id), f.trade_id)):
            if fill not in early:
                fills.import_fill(state, account_id, fill, source)
        if rows is not None:
            lane.has_early_fills = bool(early)
        if rows:
            read_to_ms = min(f.ts_exch_ms for f in early) if early else max(f.ts_exch_ms for f in rows)
            account.fills_cursor_ms = max(account.fills_cursor_ms, read_to_ms)
        then(rows is not None)

    start_ms = max(0, account.fills_cursor_ms - state.timing.fills_overlap_ms)
    request = venue.GetFills(limit=_PAGE, start_ms=start_ms)
    _read_pages(state, account_id, request, _Rows(venue.Fill, "trade_id", "ts_exch_ms"), on_read, [])


def read_bills(state: State, account_id: str, then: Done) -> None:
    """Funding and transfers since the last reading, with an overlap. Every trade makes bills too: pages of them."""
    account = state.accounts[account_id]

    def on_read(rows: list[venue.Bill] | None) -> None:
        if rows:
            fills.import_bills(state, account_id, tuple(rows))
            account.bills_cursor_ms = max(account.bills_cursor_ms, *(bill.ts_ms for bill in rows))
        then(rows is not None)

    start_ms = max(0, account.bills_cursor_ms - state.timing.fills_overlap_ms)
    request = venue.GetBills(limit=_PAGE, start_ms=start_ms)
    _read_pages(state, account_id, request, _Rows(venue.Bill, "bill_id", "ts_ms"), on_read, [])


class _Rows(NamedTuple):
    """What a list is made of."""

    kind: type
    id_field: str
    ts_field: str


def _read_pages(
    state: State,
    account_id: str,
    request: venue.PastRequest,
    of: _Rows,
    then: Callable[[list[Any] | None], None],
    found: list[Any],
) -> None:
    """Every row since ``request.start_ms``, newest page first; None when a page could not be had."""

    def on_page(answer: venue.Answer | venue.Unknown) -> None:
        if not isinstance(answer, tuple):
            then(None)
            return
        page = [row for row in answer if isinstance(row, of.kind)]
        seen = {getattr(row, of.id_field) for row in found}
        fresh = [row for row in page if getattr(row, of.id_field) not in seen]
        found.extend(fresh)
        oldest_ms = min((getattr(row, of.ts_field) for row in page), default=0)
        if len(page) >= _PAGE and fresh and oldest_ms > (request.start_ms or 0):
            older = msgspec.structs.replace(request, end_ms=oldest_ms)
            _read_pages(state, account_id, older, of, then, found)
        else:
            then(found)

    state.core.ask(account_id, request, on_page)


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


def position_differences(state: State, account_id: str) -> list[tuple[str, str, str]]:
    """(pair, ours, theirs) wherever the sum of fills is not the venue's position."""
    theirs = state.lanes[account_id].positions or {}
    ours = state.accounts[account_id].holdings
    result = []
    for symbol in sorted(set(theirs) | set(ours)):
        our_qty = ours[symbol].qty_base if symbol in ours else 0
        their_qty = theirs[symbol].qty_base if symbol in theirs else 0
        if our_qty != their_qty:
            result.append((symbol, str(our_qty), str(their_qty)))
    return result
