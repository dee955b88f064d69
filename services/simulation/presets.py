"""The markets one can ask for by name. Amounts in basis points of price, rates per minute, before the pair's
volatility factor.

``sigma_bps`` is the standard deviation of one-minute returns the preset is known by. It is made of three parts: public
moves (everybody sees them, makers move their quotes along), informed sweeps (somebody knows, takes the book up to the
new price, and the price stays), and uninformed sweeps (somebody is in a hurry; the book refills and the price comes
back).
"""

import msgspec


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    sigma_bps: float  # of one-minute returns, what the preset promises
    noise_per_min: float  # uninformed sweeps, both sides together
    noise_reach_bps: float  # mean distance they take the book (exponential)
    refill_s: float = 2.5  # time constant of the book coming back
    informed_per_min: float = 0.0
    informed_bps: float = 0.0  # mean size (exponential)
    trend_bps_per_min: float = 0.0  # drift, carried by informed sweeps; its sign changes at random
    trend_hold_min: float = 30.0  # mean time between changes of sign
    jumps_per_hour: float = 0.0
    jump_bps_min: float = 30.0
    jump_bps_max: float = 150.0
    trades_per_s: float = 2.0  # small trades at the touch
    vol_spread_fast: float = 0.45  # standard deviation of log volatility, minutes-scale part
    vol_spread_slow: float = 0.35  # and hours-scale part
    depth_factor: float = 1.0  # of the pair's usual depth


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            name="calm", sigma_bps=3, noise_per_min=4, noise_reach_bps=2.2, informed_per_min=0.05, informed_bps=2.5,
            vol_spread_fast=0.25, vol_spread_slow=0.25,
        ),
        Preset(
            name="normal", sigma_bps=6, noise_per_min=2.0, noise_reach_bps=2.2, informed_per_min=0.4, informed_bps=4.0,
        ),
        Preset(
            name="volatile", sigma_bps=15, noise_per_min=6, noise_reach_bps=5.5, informed_per_min=1.2, informed_bps=7.0,
            trades_per_s=4.0, depth_factor=0.6,
        ),
        Preset(
            name="jumps", sigma_bps=6, noise_per_min=2.0, noise_reach_bps=2.2, informed_per_min=0.4, informed_bps=4.0,
            jumps_per_hour=2.0,
        ),
        Preset(
            name="trending", sigma_bps=6, noise_per_min=2, noise_reach_bps=2.2, informed_per_min=0.5, informed_bps=5.0,
            trend_bps_per_min=2.0,
        ),
        Preset(
            name="lively", sigma_bps=8, noise_per_min=18, noise_reach_bps=3.6, refill_s=1.5, informed_per_min=0.3,
            informed_bps=3.0, trades_per_s=3.0, vol_spread_fast=0.2, vol_spread_slow=0.2,
        ),
    )
}  # fmt: skip


def preset(name: str) -> Preset:
    """Raises ValueError that lists what there is."""
    found = PRESETS.get(name)
    if found is None:
        raise ValueError(f"market: {name!r}; allowed: {', '.join(PRESETS)}; example: calm")
    return found
