"""One row of minute.csv, fills.csv, daily.csv from what the strategy processed. Pure; the columns are the strategy's.

The same text goes to the file and to the bus, so the two can be proven equal. Numbers are plain decimals with at most
twelve places, times ISO in UTC, what is not known is empty, lists are joined by "|".
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from controllers.epp.processed import (
    DAILY_COLUMNS,
    FILL_COLUMNS,
    MINUTE_COLUMNS,
    DailyReport,
    FillReport,
    ProcessedState,
)

_PLACES = Decimal("1e-12")

# Column -> field, where the column keeps an older name.
_MINUTE_FIELDS = {
    "bot_variant": "variant",
    "state": "guard",
    "mid": "mid_price",
    "skew": "skew_pct",
    "adverse_drift_30s": "drift_30s_pct",
    "base_balance": "position_base",
    "quote_balance": "available_quote",
    "risk_reasons": "reasons",
    "funding_rate": "funding_rate_pct",
    "margin_ratio": "margin_ratio_pct",
}
_FILL_FIELDS = {
    "amount_base": "qty_base",
    "order_id": "client_order_id",
    "state": "guard",
    "mid_ref": "mid_ref_price",
    "adverse_drift_30s": "drift_30s_pct",
}
_DAILY_FIELDS = {"state": "guard", "funding_cost_quote": "funding_cost_quote"}


def minute_row(processed: ProcessedState) -> dict[str, str]:
    """``ts`` is the start of the minute that is over."""
    assert processed.minute_due_ms is not None, "no minute is due"
    head = {"ts": iso(processed.minute_due_ms)}
    return head | {
        column: text(getattr(processed, _MINUTE_FIELDS.get(column, column)))
        for column in MINUTE_COLUMNS
        if column not in head
    }


def fill_row(fill: FillReport, processed: ProcessedState) -> dict[str, str]:
    head = _who(processed) | {"ts": iso(fill.ts_ms)}
    row = head | {
        column: text(getattr(fill, _FILL_FIELDS.get(column, column))) for column in FILL_COLUMNS if column not in head
    }
    return {column: row[column] for column in FILL_COLUMNS}


def daily_row(daily: DailyReport, processed: ProcessedState) -> dict[str, str]:
    head = _who(processed) | {"ts": iso(daily.ts_ms)}
    row = head | {
        column: text(getattr(daily, _DAILY_FIELDS.get(column, column)))
        for column in DAILY_COLUMNS
        if column not in head
    }
    return {column: row[column] for column in DAILY_COLUMNS}


def iso(ts_ms: int) -> str:
    return datetime.fromtimestamp(ts_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return _decimal_text(value)
    if isinstance(value, tuple):
        return "|".join(str(item) for item in value)
    return str(value)


def _decimal_text(value: Decimal) -> str:
    if not value.is_finite():
        return ""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    rounded = value.quantize(_PLACES) if exponent < -12 else value
    plain = format(rounded, "f")
    return (plain.rstrip("0").rstrip(".") or "0") if "." in plain else plain


def _who(processed: ProcessedState) -> dict[str, str]:
    return {
        "bot_variant": processed.variant,
        "exchange": processed.exchange,
        "trading_pair": text(processed.trading_pair),
    }
