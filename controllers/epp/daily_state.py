"""The figures of one UTC day. They survive a restart; a day that is over is reported once and then begins anew."""

from decimal import Decimal
from typing import Final, NamedTuple

from controllers.epp.processed import DailyReport, GuardName

_ZERO: Final = Decimal(0)
_DAY_MS: Final = 86_400_000


class DailyState(NamedTuple):
    day: int = -1  # days since 1970-01-01 UTC; -1: no equity seen yet
    equity_open_quote: Decimal = _ZERO
    equity_peak_quote: Decimal = _ZERO
    equity_now_quote: Decimal = _ZERO
    traded_notional_quote: Decimal = _ZERO
    fills_count: int = 0
    maker_fills_count: int = 0
    fees_quote: Decimal = _ZERO
    realized_pnl_quote: Decimal = _ZERO
    funding_paid_quote: Decimal = _ZERO  # as the venue booked it; positive is paid
    funding_expected_quote: Decimal = _ZERO  # rate * position notional at each funding time, our own reckoning
    ops_events: int = 0


def mark(daily: DailyState, ts_ms: int, equity_quote: Decimal, funding_paid_quote: Decimal) -> tuple[DailyState, bool]:
    """(state with this equity, has a new day begun). The caller reports the old day before it drops the old state."""
    day = ts_ms // _DAY_MS
    if day > daily.day:
        fresh = DailyState(
            day=day,
            equity_open_quote=equity_quote,
            equity_peak_quote=equity_quote,
            equity_now_quote=equity_quote,
            funding_paid_quote=funding_paid_quote,
        )
        return fresh, daily.day >= 0
    if equity_quote == daily.equity_now_quote and funding_paid_quote == daily.funding_paid_quote:
        return daily, False
    return (
        daily._replace(
            equity_now_quote=equity_quote,
            equity_peak_quote=max(daily.equity_peak_quote, equity_quote),
            funding_paid_quote=funding_paid_quote,
        ),
        False,
    )


def add_fill(
    daily: DailyState, notional_quote: Decimal, fee_quote: Decimal, realized_pnl_quote: Decimal, is_maker: bool
) -> DailyState:
    return daily._replace(
        traded_notional_quote=daily.traded_notional_quote + notional_quote,
        fills_count=daily.fills_count + 1,
        maker_fills_count=daily.maker_fills_count + (1 if is_maker else 0),
        fees_quote=daily.fees_quote + fee_quote,
        realized_pnl_quote=daily.realized_pnl_quote + realized_pnl_quote,
    )


def loss_pct(daily: DailyState) -> Decimal:
    """Loss of the day as a fraction of its opening equity; negative when it gains, 0 before the first equity."""
    if daily.equity_open_quote <= 0:
        return _ZERO
    return (daily.equity_open_quote - daily.equity_now_quote) / daily.equity_open_quote


def drawdown_pct(daily: DailyState) -> Decimal:
    """Fall from the day's peak as a fraction of it, >= 0."""
    if daily.equity_peak_quote <= 0:
        return _ZERO
    return (daily.equity_peak_quote - daily.equity_now_quote) / daily.equity_peak_quote


def turnover_x(daily: DailyState) -> Decimal:
    """Traded notional of the day in multiples of its opening equity."""
    if daily.equity_open_quote <= 0:
        return _ZERO
    return daily.traded_notional_quote / daily.equity_open_quote


def report(daily: DailyState, ts_ms: int, guard: GuardName) -> DailyReport:
    pnl = daily.equity_now_quote - daily.equity_open_quote
    return DailyReport(
        ts_ms=ts_ms,
        day=daily.day,
        guard=guard,
        equity_open_quote=daily.equity_open_quote,
        equity_peak_quote=daily.equity_peak_quote,
        equity_now_quote=daily.equity_now_quote,
        pnl_quote=pnl,
        pnl_pct=-loss_pct(daily),
        turnover_x=turnover_x(daily),
        traded_notional_quote=daily.traded_notional_quote,
        fills_count=daily.fills_count,
        maker_fills_count=daily.maker_fills_count,
        fees_quote=daily.fees_quote,
        funding_cost_quote=daily.funding_paid_quote,
        realized_pnl_quote=daily.realized_pnl_quote,
        ops_events=daily.ops_events,
    )
