"""The instruments the simulated venue lists: trading rules, leverage brackets and where their market starts.

``default_instruments`` is the built-in list; ``data/policies/instruments.yml`` says the same and may be changed by the
desk's owner, in which case its mapping goes through ``instruments_from_policy``.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from services.common import venue

D = Decimal
_EIGHT_HOURS_MS = 8 * 3_600_000


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """One listed pair. ``activity`` scales size of liquidity and flow; ``volatility`` scales the preset's moves (BTC
    is 1).
    """

    rules: venue.InstrumentRules
    tiers: tuple[venue.LeverageTier, ...]
    start_price: Decimal  # quote per base
    volatility: float = 1.0
    depth_quote: float = 60_000.0  # resting quote value within one basis point of the mid, per side, on average


def _tiers(*rows: tuple[str, int, str]) -> tuple[venue.LeverageTier, ...]:
    """rows: (upper notional, leverage_max, maintenance margin fraction)."""
    out: list[venue.LeverageTier] = []
    floor = D(0)
    for number, (upper, leverage, maintenance) in enumerate(rows, start=1):
        out.append(
            venue.LeverageTier(
                tier=number,
                notional_min_quote=floor,
                notional_max_quote=D(upper),
                leverage_max=leverage,
                maintenance_margin_pct=D(maintenance),
            )
        )
        floor = D(upper)
    return tuple(out)


def _perpetual(symbol: str, tick: str, lot: str, qty_max: str, leverage_max: int) -> venue.InstrumentRules:
    base, quote = symbol.split("-")
    return venue.InstrumentRules(
        symbol=symbol,
        base_asset=base,
        quote_asset=quote,
        tick_size=D(tick),
        lot_size=D(lot),
        min_qty_base=D(lot),
        max_qty_base=D(qty_max),
        min_notional_quote=D(5),
        maker_fee_pct=D("0.0002"),
        taker_fee_pct=D("0.0006"),
        leverage_max=leverage_max,
        funding_interval_ms=_EIGHT_HOURS_MS,
    )


def default_instruments() -> tuple[Instrument, ...]:
    """BTC, ETH and SOL perpetuals with the rules of the desk's decisions."""
    return (
        Instrument(
            rules=_perpetual("BTC-USDT", "0.1", "0.0001", "1200", 125),
            tiers=_tiers(
                ("150000", 125, "0.004"),
                ("900000", 100, "0.005"),
                ("3000000", 50, "0.01"),
                ("12000000", 20, "0.025"),
                ("60000000", 10, "0.05"),
                ("250000000", 2, "0.25"),
            ),
            start_price=D("60000.0"),
            volatility=1.0,
            depth_quote=400_000.0,
        ),
        Instrument(
            rules=_perpetual("ETH-USDT", "0.01", "0.001", "20000", 100),
            tiers=_tiers(
                ("100000", 100, "0.005"),
                ("600000", 75, "0.0065"),
                ("2000000", 50, "0.01"),
                ("8000000", 20, "0.025"),
                ("40000000", 10, "0.05"),
                ("150000000", 2, "0.25"),
            ),
            start_price=D("3000.00"),
            volatility=1.25,
            depth_quote=250_000.0,
        ),
        Instrument(
            rules=_perpetual("SOL-USDT", "0.001", "0.01", "100000", 75),
            tiers=_tiers(
                ("50000", 75, "0.0065"),
                ("300000", 50, "0.01"),
                ("1500000", 20, "0.025"),
                ("6000000", 10, "0.05"),
                ("30000000", 2, "0.25"),
            ),
            start_price=D("150.000"),
            volatility=1.6,
            depth_quote=120_000.0,
        ),
    )


def instruments_from_policy(policy: Mapping[str, Any]) -> tuple[Instrument, ...]:
    """The list in ``data/policies/instruments.yml`` as values.

    Raises msgspec.ValidationError naming the path and the expected type of what is wrong.
    """
    return tuple(msgspec.convert(policy["instruments"], type=list[Instrument], strict=False))
