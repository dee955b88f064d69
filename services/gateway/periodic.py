"""What the gateway tells the bus by the clock: the market every ten seconds, every bot's account every few."""

from services.contracts import events as e
from services.gateway.state import State


def publish_markets(state: State) -> None:
    """One snapshot per pair that has a two-sided book and a ticker."""
    age_ms = state.market.age_ms(state.core.now.mono_ms)
    for symbol in state.market.symbols():
        touch, ticker, book = state.market.touch(symbol), state.market.ticker(symbol), state.market.book(symbol)
        if touch is None or ticker is None or book is None or age_ms is None:
            continue
        state.core.publish(
            e.MarketSnapshotV1,
            "desk",
            symbol=symbol,
            bid_price=touch.bid,
            bid_qty_base=touch.bid_qty,
            ask_price=touch.ask,
            ask_qty_base=touch.ask_qty,
            mark_price=ticker.mark_price,
            index_price=ticker.index_price,
            funding_rate_pct=ticker.funding_rate_pct,
            next_funding_ts_ms=ticker.next_funding_ts_ms,
            ts_exch_ms=book.ts_exch_ms,
            ts_local_ms=state.market.book_local_ms(symbol),
            age_ms=age_ms,
        )


def publish_account(state: State, bot_id: str) -> None:
    account = state.accounts[bot_id]
    unrealized = account.unrealized_quote(state.market.marks())
    state.core.publish(
        e.VirtualAccountV1,
        bot_id,
        capital_quote=account.capital_quote,
        equity_quote=account.wallet_quote() + unrealized,
        realized_pnl_quote=account.realized_pnl_quote,
        unrealized_pnl_quote=unrealized,
        fees_quote=account.fees_quote,
        funding_quote=account.funding_quote,
        positions_base={symbol: h.qty_base for symbol, h in account.holdings.items() if h.qty_base},
        open_orders=state.orders.open_count(bot_id),
    )
