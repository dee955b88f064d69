"""The account's part of a decision: the day, our fills, funding, and whether our fills add up to the venue's
position.
"""

from decimal import Decimal
from typing import Final

from controllers.core.thresholds import above
from controllers.core.values import MarketView, OwnFill
from controllers.epp import daily_state, ledger, level_memory, markouts, position_check
from controllers.epp.fees import fill_fee, fill_is_maker
from controllers.epp.inventory import base_fraction
from controllers.epp.processed import FillReport
from controllers.epp.state import FundingState
from controllers.epp.tick import Tick

_ZERO: Final = Decimal(0)
_TEN_THOUSAND: Final = Decimal(10_000)
_BPS: Final = Decimal("0.0001")


def mark_account(tick: Tick, view: MarketView) -> None:
    """Equity into the day; a new day reports the old one. Sets equity_quote and base_pct where they are known."""
    if not (view.equity_quote.is_finite() and view.position_base.is_finite()):
        tick.soft.append("BALANCE_READ_FAILED")
        return
    tick.equity_quote = view.equity_quote
    old = tick.daily
    tick.daily, is_new_day = daily_state.mark(old, tick.now_ms, view.equity_quote, view.funding_paid_today_quote)
    if is_new_day:
        tick.daily_report = daily_state.report(old, tick.now_ms, tick.guard.name)
        tick.markouts = markouts.new_day(tick.markouts)
    if view.equity_quote <= 0:
        tick.soft.append("EQUITY_NOT_POSITIVE")
    elif tick.top is not None:
        tick.base_pct = base_fraction(view.position_base, tick.top.mid_price, view.equity_quote)


def book_fills(tick: Tick, fills: tuple[OwnFill, ...]) -> None:
    """Each trade id once: ledger, day, cool-down of its level, markout queue, one report."""
    for fill in fills:
        if ledger.is_known(tick.ledger, fill.trade_id):
            continue
        _book_fill(tick, fill)


def settle_ledger(tick: Tick, view: MarketView) -> None:
    """At the first look of a life the venue's position is ours; a difference to what was saved is said."""
    if tick.ledger.is_based or tick.equity_quote is None:
        return
    if tick.ledger.position_base not in (_ZERO, view.position_base):
        tick.warn(
            "POSITION_REBASED",
            f"saved={tick.ledger.position_base}, venue={view.position_base}; taken over from the venue, see desk recon",
        )
    entry = view.entry_price if view.entry_price.is_finite() else _ZERO
    tick.ledger = ledger.rebase(tick.ledger, view.position_base, entry)


def book_funding(tick: Tick, view: MarketView) -> None:
    """At each funding time: what rate and position of a moment ago should have cost, to hold against the venue's
    booking.
    """
    slot = tick.now_ms // (tick.params.funding_period_s * 1000)
    if tick.funding.slot >= 0 and slot > tick.funding.slot:
        due = tick.funding.rate_pct * tick.funding.notional_quote
        tick.daily = tick.daily._replace(funding_expected_quote=tick.daily.funding_expected_quote + due)
    rate = view.funding_rate_pct if view.funding_rate_pct.is_finite() else _ZERO
    price = tick.top.mid_price if tick.top is not None else None
    if price is None or tick.equity_quote is None:
        if slot != tick.funding.slot:
            tick.funding = tick.funding._replace(slot=slot)
        return
    notional = view.position_base * price
    if slot != tick.funding.slot or rate != tick.funding.rate_pct or notional != tick.funding.notional_quote:
        tick.funding = FundingState(slot, rate, notional)


def check_position(tick: Tick, view: MarketView) -> None:
    """Our fills against the venue's position; a difference that lasts warns, then pauses."""
    params = tick.params
    if tick.top is not None and tick.equity_quote is not None and tick.equity_quote > 0:
        before = tick.position_check.verdict
        tick.position_check, is_checked = position_check.check_position(
            tick.position_check,
            tick.now_ms,
            tick.ledger.position_base,
            view.position_base,
            tick.top.mid_price,
            tick.equity_quote,
            params.position_check_s * 1000,
            params.position_recheck_s * 1000,
            params.position_drift_warn_pct,
            params.position_drift_pause_pct,
            params.threshold_eps,
        )
        verdict = tick.position_check.verdict
        if is_checked and verdict in ("warning", "pause") and verdict != before:
            limit = params.position_drift_pause_pct if verdict == "pause" else params.position_drift_warn_pct
            tick.warn(
                "POSITION_DRIFT" if verdict == "pause" else "POSITION_DRIFT_WARN",
                f"value={tick.position_check.drift_pct}, limit={limit}, ours={tick.ledger.position_base}, "
                f"venue={view.position_base}; see desk recon, then resume",
            )
    if tick.position_check.verdict == "pause":
        tick.soft.append("POSITION_DRIFT")
    elif tick.position_check.verdict == "warning":
        tick.infos.append("POSITION_DRIFT_WARN")


def measure_markouts(tick: Tick, view: MarketView) -> None:
    """Fills whose horizon has come, then whether model and fills have parted."""
    params = tick.params
    if tick.top is not None and markouts.is_due(tick.markouts, tick.now_ms):
        rate = view.funding_rate_pct if view.funding_rate_pct.is_finite() else _ZERO
        tick.markouts, tick.markout_reports = markouts.take_due(
            tick.markouts,
            tick.now_ms,
            tick.top.mid_price,
            rate,
            params.funding_period_s,
            params.edge_gap_window_fills,
        )
    tick.markouts, is_shut, has_begun = markouts.gap_step(
        tick.markouts,
        tick.now_ms,
        params.edge_gap_enabled,
        params.edge_gap_min_fills,
        params.edge_gap_bps_max,
        params.edge_gap_pause_s * 1000,
    )
    if has_begun:
        modelled, realised = markouts.window_edges_bps(tick.markouts)
        tick.warn(
            "EDGE_GAP",
            f"modelled_bps={modelled:.2f}, realised_bps={realised:.2f}, limit={params.edge_gap_bps_max}, "
            f"fills={len(tick.markouts.window)}; gate shut for {params.edge_gap_pause_s} s or until resume",
        )
    if is_shut:
        tick.soft.append("EDGE_GAP")


def _book_fill(tick: Tick, fill: OwnFill) -> None:
    params = tick.params
    view = tick.view
    taker_fee_pct = view.taker_fee_pct if view is not None else tick.last.taker_fee_pct
    fee, is_estimated = fill_fee(fill, taker_fee_pct)
    mid = tick.top.mid_price if tick.top is not None else tick.last.mid_price
    is_maker, is_inferred = fill_is_maker(fill, mid)
    tick.ledger, realized = ledger.apply_fill(tick.ledger, fill, fee)
    notional = fill.price * fill.qty_base
    tick.daily = daily_state.add_fill(tick.daily, notional, fee, realized, is_maker)
    level_memory.note_fill(tick.levels, fill, params.fill_cooldown_s * 1000)
    direction = 1 if fill.side == "buy" else -1
    edge_pct = tick.last.net_edge_pct
    edge_bps = edge_pct * _TEN_THOUSAND if edge_pct is not None else None
    is_quote = fill.level_id[:1] in ("b", "s") and edge_bps is not None
    tick.markouts = markouts.enqueue(
        tick.markouts,
        markouts.Pending(
            fill.trade_id,
            fill.side,
            fill.price,
            notional,
            fee / notional * _TEN_THOUSAND,
            edge_bps if edge_bps is not None else _ZERO,
            is_quote,
            fill.ts_ms,
        ),
    )
    tick.fills.append(
        FillReport(
            ts_ms=fill.ts_ms,
            trade_id=fill.trade_id,
            client_order_id=fill.client_order_id,
            level_id=fill.level_id,
            side=fill.side,
            price=fill.price,
            qty_base=fill.qty_base,
            notional_quote=notional,
            fee_quote=fee,
            is_maker=is_maker,
            is_maker_inferred=is_inferred,
            is_fee_estimated=is_estimated,
            realized_pnl_quote=realized,
            mid_ref_price=mid,
            expected_spread_pct=tick.last.spread_pct,
            drift_30s_pct=tick.indicators.drift_30s_pct,
            pnl_vs_mid_pct=(mid - fill.price) * direction / mid if mid is not None else None,
            modelled_edge_bps=edge_bps,
            guard=tick.guard.name,
        )
    )
    if fill.order_price > 0 and above(abs(fill.price / fill.order_price - 1), params.price_deviation_pct_max, _ZERO):
        tick.warn(
            "PRICE_DEVIATION",
            f"fill={fill.price}, order={fill.order_price}, limit={params.price_deviation_pct_max}, "
            f"trade={fill.trade_id}, order_id={fill.client_order_id}; compare with the venue's own record",
        )
    if is_estimated:
        tick.warn("FEE_UNREADABLE", f"trade={fill.trade_id}; booked as taker: {fee}")
    if tick.ledger.losing_trips >= params.losing_trips_max and realized < 0:
        tick.warn(
            "LOSING_STREAK",
            f"value={tick.ledger.losing_trips}, limit={params.losing_trips_max} losing round trips in a row",
        )
