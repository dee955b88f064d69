"""The five regimes and what each asks of the quotes. Values are starting values of a config, never constants of code.

All numbers are fractions of price (``_pct``) or of equity, seconds, or counts, so that a row can be handed to a
compiled kernel as it is. On perpetuals every regime is two-sided around a target of zero: a one-sided regime on a
delta-neutral perpetual gathers exposure without bound.
"""

from decimal import Decimal
from enum import IntEnum
from typing import Final, NamedTuple


class Regime(IntEnum):
    """What the market does. The numbers are stored and swept; never renumber them."""

    NEUTRAL_LOW_VOL = 0
    UP = 1
    DOWN = 2
    HIGH_VOL_SHOCK = 3
    NEUTRAL_HIGH_VOL = 4


class OneSided(IntEnum):
    """Which sides a regime quotes."""

    OFF = 0  # both
    BUY_ONLY = 1
    SELL_ONLY = -1


REGIME_NAMES: Final[tuple[str, ...]] = ("neutral_low_vol", "up", "down", "high_vol_shock", "neutral_high_vol")


class RegimeSpec(NamedTuple):
    """One row of the table."""

    spread_min_pct: Decimal  # total bid to ask, fraction of mid
    spread_max_pct: Decimal
    levels_min: int  # per side
    levels_max: int
    refresh_s: int  # how often quotes are thought over
    target_base_pct: Decimal  # signed notional over equity that quotes lean to
    size_min_pct: Decimal  # quote size per order as a fraction of equity
    size_max_pct: Decimal
    one_sided: int  # OneSided


def _spec(
    spread: tuple[str, str],
    levels: tuple[int, int],
    refresh_s: int,
    target: str,
    size: tuple[str, str],
    one_sided: OneSided,
) -> RegimeSpec:
    return RegimeSpec(
        Decimal(spread[0]),
        Decimal(spread[1]),
        levels[0],
        levels[1],
        refresh_s,
        Decimal(target),
        Decimal(size[0]),
        Decimal(size[1]),
        int(one_sided),
    )


# Indexed by Regime. The numbers of the first four rows are the first production set of this strategy.
SPOT_REGIMES: Final[tuple[RegimeSpec, ...]] = (
    _spec(("0.0025", "0.0045"), (2, 4), 90, "0.50", ("0.0008", "0.0012"), OneSided.OFF),
    _spec(("0.0030", "0.0055"), (2, 3), 70, "0.65", ("0.0006", "0.0010"), OneSided.BUY_ONLY),
    _spec(("0.0035", "0.0080"), (2, 3), 60, "0.25", ("0.0005", "0.0008"), OneSided.SELL_ONLY),
    _spec(("0.0080", "0.0200"), (1, 2), 120, "0.40", ("0.0003", "0.0005"), OneSided.SELL_ONLY),
    _spec(("0.0045", "0.0090"), (1, 3), 90, "0.50", ("0.0005", "0.0008"), OneSided.OFF),
)

PERP_REGIMES: Final[tuple[RegimeSpec, ...]] = tuple(
    spec._replace(target_base_pct=Decimal(0), one_sided=int(OneSided.OFF)) for spec in SPOT_REGIMES
)


def flat_table(
    spread_min_pct: Decimal,
    spread_max_pct: Decimal,
    levels: int,
    refresh_s: int,
    size_pct: Decimal,
    target_base_pct: Decimal = Decimal(0),
) -> tuple[RegimeSpec, ...]:
    """One and the same row for every regime: what smoke tests and the demo bundle want."""
    row = RegimeSpec(
        spread_min_pct,
        spread_max_pct,
        levels,
        levels,
        refresh_s,
        target_base_pct,
        size_pct,
        size_pct,
        int(OneSided.OFF),
    )
    return (row,) * len(REGIME_NAMES)
