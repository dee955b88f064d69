"""What a trade costs: the account's rate times the notional, rounded half up at 1e-8 of the quote asset."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from services.common import venue
from services.simulation.units import E8, divide_half_up, fraction_e8

DAY_MS = 86_400_000
DAYS = 30  # whose volume makes a tier
OnVolume = Callable[[str, int, int], None]  # account, day, volume in 1e-8 quote; 0: the day is forgotten


class FeeTier(msgspec.Struct, frozen=True, kw_only=True):
    """Rates from a 30-day volume upwards."""

    volume_min_quote: Decimal
    maker_fee_pct: Decimal
    taker_fee_pct: Decimal


def tiers_from_policy(policy: Mapping[str, Any]) -> tuple[FeeTier, ...]:
    """``fee_tiers`` of ``data/policies/instruments.yml``, none when it has none. Raises msgspec.ValidationError."""
    return tuple(msgspec.convert(policy.get("fee_tiers", []), type=list[FeeTier], strict=False))


class FeeSchedule:
    """The rates of every account: an override, else the tier of its 30-day volume, else the instrument's own.

    Volume is counted per UTC day; a tier changes at once when the volume passes it.
    """

    def __init__(self, tiers: tuple[FeeTier, ...] = (), on_volume: OnVolume = lambda account, day, e8: None) -> None:
        self._on_volume = on_volume
        self._tiers = sorted(tiers, key=lambda tier: tier.volume_min_quote)
        self._overrides: dict[str, tuple[Decimal, Decimal]] = {}
        self._volume_e8: dict[str, dict[int, int]] = {}
        self._cache: dict[tuple[str, str], tuple[int, int]] = {}

    def override(self, account_id: str, rates: tuple[Decimal, Decimal] | None) -> None:
        """(maker, taker) for one account whatever its volume; None goes back to the schedule."""
        if rates is None:
            self._overrides.pop(account_id, None)
        else:
            self._overrides[account_id] = rates
        self._cache.clear()

    def rates(self, account_id: str, rules: venue.InstrumentRules, now_ms: int) -> tuple[Decimal, Decimal]:
        """(maker, taker) as fractions; positive is paid, negative a rebate."""
        if account_id in self._overrides:
            return self._overrides[account_id]
        if self._tiers:
            volume = self.volume_e8(account_id, now_ms)
            reached = [t for t in self._tiers if volume >= t.volume_min_quote * E8]
            if reached:
                return reached[-1].maker_fee_pct, reached[-1].taker_fee_pct
        return rules.maker_fee_pct, rules.taker_fee_pct

    def fee_e8(
        self, account_id: str, rules: venue.InstrumentRules, liquidity: venue.Liquidity, notional_e8: int, now_ms: int
    ) -> int:
        """The fee of one fill in 1e-8 quote; positive is paid."""
        key = (account_id, rules.symbol)
        rates = self._cache.get(key)
        if rates is None or self._tiers:
            maker, taker = self.rates(account_id, rules, now_ms)
            rates = self._cache[key] = (fraction_e8(maker), fraction_e8(taker))
        return divide_half_up(notional_e8 * rates[0 if liquidity == "maker" else 1], E8)

    def count(self, account_id: str, notional_e8: int, now_ms: int) -> None:
        """Add a fill to the account's volume."""
        if self._tiers:
            day = now_ms // DAY_MS
            days = self._volume_e8.setdefault(account_id, {})
            self.put_volume(account_id, day, days.get(day, 0) + notional_e8)
            for old in [other for other in days if other <= day - DAYS]:
                self.put_volume(account_id, old, 0)

    def put_volume(self, account_id: str, day: int, volume_e8: int) -> None:
        """What the account has traded on a day (UTC, counted from 1970); 0 forgets the day."""
        days = self._volume_e8.setdefault(account_id, {})
        if volume_e8:
            days[day] = volume_e8
        else:
            days.pop(day, None)
        self._on_volume(account_id, day, volume_e8)

    def volumes(self) -> Iterator[tuple[str, int, int]]:
        """(account, day, volume in 1e-8 quote) of every day that counts."""
        for account_id, days in self._volume_e8.items():
            for day, volume_e8 in days.items():
                yield account_id, day, volume_e8

    def volume_e8(self, account_id: str, now_ms: int) -> int:
        first = now_ms // DAY_MS - DAYS + 1
        return sum(v for day, v in self._volume_e8.get(account_id, {}).items() if day >= first)
