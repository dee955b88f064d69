"""Required spread by regime and fee tier: what ``desk show-config`` prints, and where the viable fee tiers end."""

from decimal import Decimal
from typing import Final, NamedTuple

from controllers.epp import edge, spread
from controllers.epp.params import EppParams
from controllers.epp.regime_table import REGIME_NAMES

_BPS: Final = Decimal("0.0001")
_ZERO: Final = Decimal(0)
# Maker fees in bps: perpetual tiers from a rebate up, and the spot fee of the lowest tier.
FEE_TIERS_BPS: Final[tuple[Decimal, ...]] = tuple(Decimal(fee) for fee in ("-0.5", "0", "1", "2", "4", "6", "10"))


class RequiredCell(NamedTuple):
    regime: str
    maker_fee_bps: Decimal
    drift_cost_bps: Decimal
    required_bps: Decimal
    spread_min_bps: Decimal
    spread_max_bps: Decimal
    is_reachable: bool  # required fits into the regime's range: the gate can be open
    is_inside_pick: bool  # even the regime's own minimum is enough


def required_cell(regime: int, maker_fee_bps: Decimal, drift_cost_bps: Decimal, params: EppParams) -> RequiredCell:
    spec = params.regimes[regime]
    costs = edge.total_costs(
        maker_fee_bps * _BPS, params.slippage_maker_bps * _BPS, drift_cost_bps * _BPS, _ZERO, _ZERO
    )
    required = spread.required_spread(
        costs, params.edge_resume_bps * _BPS, params.required_margin_bps * _BPS, params.fill_factor
    )
    return RequiredCell(
        REGIME_NAMES[regime],
        maker_fee_bps,
        drift_cost_bps,
        required / _BPS,
        spec.spread_min_pct / _BPS,
        spec.spread_max_pct / _BPS,
        required <= spec.spread_max_pct,
        required <= spec.spread_min_pct,
    )


def required_table(
    params: EppParams, fees_bps: tuple[Decimal, ...] = FEE_TIERS_BPS, drift_cost_bps: Decimal = _ZERO
) -> tuple[RequiredCell, ...]:
    """Regime by regime, fee by fee; funding and turnover penalty taken as nothing."""
    return tuple(
        required_cell(regime, fee, drift_cost_bps, params) for regime in range(len(REGIME_NAMES)) for fee in fees_bps
    )


def highest_viable_fee_bps(regime: int, drift_cost_bps: Decimal, params: EppParams) -> Decimal:
    """The maker fee at which the required spread just equals the regime's maximum; negative: only a rebate would do."""
    spec = params.regimes[regime]
    return (
        spec.spread_max_pct / _BPS * params.fill_factor
        - params.slippage_maker_bps
        - drift_cost_bps
        - params.edge_resume_bps
        - params.required_margin_bps
    )
