"""Refusing parameters that a person could not have meant: each refusal names the path, the value, the range and an
example.
"""

from decimal import Decimal
from typing import Final

from controllers.epp.params import EppParams
from controllers.epp.params_doc import PARAM_DOC_BY_NAME, PARAM_DOCS, ParamDoc
from controllers.epp.regime_table import REGIME_NAMES, RegimeSpec
from controllers.epp.risk_policy import leverage_error

_ONE: Final = Decimal(1)
_SPREAD_MAX: Final = Decimal("0.2")
_LEVELS_MAX: Final = 10
_REFRESH_MAX_S: Final = 86_400


class ParamsRefused(ValueError):
    """``errors`` has one line for each thing that is wrong; the text joins them."""

    def __init__(self, errors: tuple[str, ...]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


def check_params(params: EppParams) -> EppParams:
    """The same parameters, or ParamsRefused with everything that is wrong with them."""
    errors = param_errors(params)
    if errors:
        raise ParamsRefused(errors)
    return params


def param_errors(params: EppParams) -> tuple[str, ...]:
    errors = [error for doc in PARAM_DOCS if (error := _field_error(params, doc)) is not None]
    for name, spec in zip(REGIME_NAMES, params.regimes, strict=False):
        errors.extend(_spec_errors(f"regimes.{name}", spec))
    if len(params.regimes) != len(REGIME_NAMES):
        errors.append(f"PARAM_TABLE: regimes has {len(params.regimes)} rows, needs {len(REGIME_NAMES)}: {REGIME_NAMES}")
    if not errors:
        errors.extend(_relation_errors(params))
    return tuple(errors)


def _field_error(params: EppParams, doc: ParamDoc) -> str | None:
    value = getattr(params, doc.name)
    default = EppParams._field_defaults[doc.name]
    example = f"e.g. {doc.name}: {default}"
    if doc.choices and value not in doc.choices:
        return f"PARAM_CHOICE: {doc.name}={value!r}, allowed {', '.join(doc.choices)}; {example}"
    if doc.unit == "yes/no" and not isinstance(value, bool):
        return f"PARAM_TYPE: {doc.name}={value!r}, allowed true or false; {example}"
    if doc.low is None or doc.high is None:
        return None
    kind = type(default)
    if isinstance(value, bool) or not isinstance(value, kind):
        return f"PARAM_TYPE: {doc.name}={value!r} is {type(value).__name__}, needs {kind.__name__}; {example}"
    if isinstance(value, Decimal) and not value.is_finite():
        return f"PARAM_RANGE: {doc.name}={value}, allowed {doc.low}..{doc.high} {doc.unit}; {example}"
    if not doc.low <= value <= doc.high:
        return f"PARAM_RANGE: {doc.name}={value}, allowed {doc.low}..{doc.high} {doc.unit}; {example}"
    return None


def _spec_errors(path: str, spec: RegimeSpec) -> list[str]:
    errors = []
    numbers = (
        spec.spread_min_pct,
        spec.spread_max_pct,
        spec.target_base_pct,
        spec.size_min_pct,
        spec.size_max_pct,
    )
    if not all(isinstance(number, Decimal) and number.is_finite() for number in numbers):
        return [f"PARAM_TYPE: {path} has a number that is not a finite decimal: {spec}"]
    if not 0 < spec.spread_min_pct <= spec.spread_max_pct <= _SPREAD_MAX:
        errors.append(
            f"PARAM_RANGE: {path}.spread={spec.spread_min_pct}..{spec.spread_max_pct}, allowed 0 < min <= max <= "
            f"{_SPREAD_MAX} (fraction of price); e.g. 0.0025..0.0045"
        )
    if not 1 <= spec.levels_min <= spec.levels_max <= _LEVELS_MAX:
        errors.append(
            f"PARAM_RANGE: {path}.levels={spec.levels_min}..{spec.levels_max}, allowed 1 <= min <= max <= "
            f"{_LEVELS_MAX}; e.g. 2..4"
        )
    if not 1 <= spec.refresh_s <= _REFRESH_MAX_S:
        errors.append(f"PARAM_RANGE: {path}.refresh_s={spec.refresh_s}, allowed 1..{_REFRESH_MAX_S} s; e.g. 90")
    if not 0 < spec.size_min_pct <= spec.size_max_pct <= _ONE:
        errors.append(
            f"PARAM_RANGE: {path}.size={spec.size_min_pct}..{spec.size_max_pct}, allowed 0 < min <= max <= 1 "
            "(fraction of equity); e.g. 0.0008..0.0012"
        )
    if not -5 <= spec.target_base_pct <= 5:
        errors.append(f"PARAM_RANGE: {path}.target_base_pct={spec.target_base_pct}, allowed -5..5 fraction; e.g. 0")
    if spec.one_sided not in (-1, 0, 1):
        errors.append(
            f"PARAM_CHOICE: {path}.one_sided={spec.one_sided}, allowed -1 sell only, 0 both, 1 buy only; e.g. 0"
        )
    return errors


def _relation_errors(params: EppParams) -> list[str]:
    """What is right field by field and wrong together."""
    p = params
    errors = []
    refused = leverage_error(p.leverage, p.max_leverage)
    if refused is not None:
        errors.append(refused)
    ordered = (
        ("min_net_edge_bps", "edge_resume_bps"),
        ("margin_hard_pct", "margin_soft_pct"),
        ("position_drift_warn_pct", "position_drift_pause_pct"),
        ("neutral_high_vol_band_pct", "high_vol_band_pct"),
        ("target_base_pct_min", "target_base_pct_max"),
        ("refusal_cooldown_s", "refusal_cooldown_s_max"),
        ("bus_blind_soft_s", "bus_blind_hard_s"),
        ("place_data_age_ms_max", "data_age_ms_max"),
        ("derisk_until_pct", "max_base_pct"),
        ("edge_gap_min_fills", "edge_gap_window_fills"),
    )
    for low, high in ordered:
        if getattr(p, low) > getattr(p, high):
            errors.append(
                f"PARAM_ORDER: {low}={getattr(p, low)} is above {high}={getattr(p, high)}; lower {low} or raise {high} "
                f"(defaults {EppParams._field_defaults[low]} and {EppParams._field_defaults[high]})"
            )
    for name, spec in zip(REGIME_NAMES, p.regimes, strict=True):
        if 2 * spec.levels_max + 1 > p.max_active_executors and 2 * spec.levels_min + 1 > p.max_active_executors:
            errors.append(
                f"PARAM_ORDER: regimes.{name}.levels={spec.levels_min}..{spec.levels_max} on two sides and a "
                f"derisk order are more than max_active_executors={p.max_active_executors}; change one of them"
            )
        if abs(spec.target_base_pct) >= p.max_base_pct:
            errors.append(
                f"PARAM_ORDER: regimes.{name}.target_base_pct={spec.target_base_pct} is not within "
                f"max_base_pct={p.max_base_pct}, where derisking begins; lower one or raise the other"
            )
    if p.desk_mode == "live" and not p.edge_gate_enabled:
        errors.append("PARAM_LIVE: edge_gate_enabled=false is for demonstrations; in live it must be true")
    return errors


__all__ = ["PARAM_DOC_BY_NAME", "ParamsRefused", "check_params", "param_errors"]
