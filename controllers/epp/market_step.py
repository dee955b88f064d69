"""The market's part of a decision: the book, the samples, the regime, spread and edge, and the edge gate."""

from decimal import Decimal
from typing import Final

from controllers.core.thresholds import above
from controllers.core.values import MarketView
from controllers.epp import edge, indicators, quotes
from controllers.epp.book import read_top, toxic_move_pct
from controllers.epp.daily_state import turnover_x
from controllers.epp.intents import target_override
from controllers.epp.regime import classify, hold_step
from controllers.epp.risk_policy import data_reasons
from controllers.epp.state import GateState, RegimeState
from controllers.epp.tick import Tick

_ZERO: Final = Decimal(0)
_BPS: Final = Decimal("0.0001")


def read_market(tick: Tick, view: MarketView) -> None:
    """Book and freshness. Sets top where the book can be quoted from; every doubt is a reason."""
    params = tick.params
    reasons = data_reasons(
        view.is_connected,
        tick.now_ms - view.book_heard_ts_ms,
        tick.now_ms - view.book_changed_ts_ms,
        params.data_age_ms_max,
        params.book_stale_ms_max,
    )
    tick.soft.extend(reasons)
    tick.top, book_reason, tick.book = read_top(view, tick.book)
    if book_reason is not None:
        tick.soft.append(book_reason)
    top = tick.top
    if top is None:
        return
    move, tick.book = toxic_move_pct(tick.book, top.mid_price, tick.now_ms, params.toxic_window_s * 1000)
    if view.mark_price.is_finite() and view.mark_price > 0:  # a feed gone wrong stays wrong longer than the window
        move = max(move, abs(top.mid_price / view.mark_price - 1))
    if above(move, params.toxic_move_pct_max, params.threshold_eps):
        tick.soft.append("PRICE_IMPACT_HIGH")
        reasons = ("PRICE_IMPACT_HIGH",)
    if above(top.spread_pct, params.toxic_spread_bps_max * _BPS, params.threshold_eps):
        tick.soft.append("SPREAD_SPIKE")
    if not reasons and indicators.is_sample_due(tick.indicators, tick.now_ms, params):
        tick.indicators = indicators.add_sample(tick.indicators, tick.now_ms, top.mid_price, params)
        _detect_regime(tick, top.mid_price)


def look(tick: Tick, view: MarketView) -> None:
    """Spread, edge and skew; needs a book, an account and fees."""
    params = tick.params
    tick.spec = params.regimes[tick.regime.regime]
    override = target_override(tick.intents, tick.now_ms)
    tick.target_base_pct = override if override is not None else tick.spec.target_base_pct
    if not indicators.is_warm(tick.indicators, params):
        tick.infos.append("WARMUP_INSUFFICIENT")
    if not (view.maker_fee_pct.is_finite() and view.taker_fee_pct.is_finite()):
        tick.soft.append("FEE_UNRESOLVED")
        return
    if params.require_fee_resolution and not view.is_fee_resolved:
        tick.soft.append("FEE_UNRESOLVED")
    if tick.top is None or tick.base_pct is None:
        return
    drift = tick.indicators.drift_ewma_pct
    band = tick.indicators.band_pct
    tick.signals, tick.floor = quotes.look(
        tick.regime.regime,
        tick.floor,
        tick.now_ms,
        tick.base_pct,
        tick.target_base_pct,
        turnover_x(tick.daily),
        band if band is not None else _ZERO,
        drift if drift is not None else indicators.unknown_drift_pct(params),
        tick.top.spread_pct,
        view.funding_rate_pct if view.funding_rate_pct.is_finite() else _ZERO,
        view.maker_fee_pct,
        params,
    )


def gate_edge(tick: Tick) -> None:
    """Does a fill pay enough? Without a look the gate stays as it is: other reasons pause then."""
    params = tick.params
    if not params.edge_gate_enabled:
        tick.infos.append("EDGE_GATE_OFF")
        if not tick.gate.is_open:
            tick.gate = GateState(True, 0, edge.GATE_OK)
        return
    signals = tick.signals
    if signals is not None:
        tick.gate = GateState(
            *edge.gate_step(
                tick.gate.is_open,
                tick.gate.bad_ts_ms,
                tick.now_ms,
                signals.net_edge_pct,
                signals.required_pct,
                tick.spec.spread_max_pct,
                params.min_net_edge_bps * _BPS,
                params.edge_resume_bps * _BPS,
                params.edge_hold_s * 1000,
                params.threshold_eps,
            )
        )
    if tick.gate.is_open:
        return
    tick.soft.append("EDGE_UNREACHABLE" if tick.gate.code == edge.GATE_UNREACHABLE else "EDGE_GATE_BLOCKED")


def _detect_regime(tick: Tick, mid_price: Decimal) -> None:
    params = tick.params
    state = tick.indicators
    is_warm = indicators.is_warm(state, params)
    seen = classify(
        mid_price,
        state.ema if state.ema is not None else mid_price,
        state.band_pct if state.band_pct is not None else _ZERO,
        state.drift_30s_pct,
        is_warm,
        params.high_vol_band_pct,
        params.neutral_high_vol_band_pct,
        params.trend_eps_pct,
        params.shock_drift_multiplier,
        params.warmup_shock_drift_pct,
        params.threshold_eps,
    )
    before = tick.regime
    if seen == before.regime and before.samples == 0 and before.candidate == seen:
        return
    tick.regime = RegimeState(
        *hold_step(before.regime, before.candidate, before.samples, seen, params.regime_hold_ticks)
    )
    tick.is_regime_changed = tick.regime.regime != before.regime
