"""A number on the page with where it came from and how old it is. No number is shown without these.

Ages are judged by two clocks of this process. The wall clock against the source's own stamp shows data that were old
already when they arrived (history, a lagging bus). The monotonic clock since the value was heard goes on when the wall
clock is set back, or when a source stamps its events in the future. The older of the two counts. The browser adds the
time since it received the frame; its own wall clock is never compared with ours.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from services.contracts.events import Event


class Now(NamedTuple):
    """One moment, by both clocks of this process, in milliseconds."""

    wall_ms: int
    mono_ms: int


class Stamp(NamedTuple):
    """When the source made something, and when it was heard here."""

    ts_ms: int
    heard_mono_ms: int


class Reading(NamedTuple):
    """One shown value. ``stamp`` is None when no source has spoken yet; such a number is stale by definition."""

    value: Decimal | int | str | None
    unit: str  # "USDT", "BTC", "bps", "%", "count", "" for words
    source: str  # "gateway virtual_account.v1"
    stamp: Stamp | None
    max_age_ms: int


def age_ms(stamp: Stamp | None, now: Now) -> int | None:
    """Milliseconds since the source spoke, by the slower-to-believe clock; None when it never did."""
    if stamp is None:
        return None
    return max(0, now.wall_ms - stamp.ts_ms, now.mono_ms - stamp.heard_mono_ms)


def is_stale(stamp: Stamp | None, max_age_ms: int, now: Now) -> bool:
    """True beyond the limit, and whenever there is no source at all. At exactly the limit a number still counts."""
    age = age_ms(stamp, now)
    return age is None or age > max_age_ms


def first_fresh(readings: Iterable[Reading], now: Now) -> Reading:
    """The first that is not stale, in order of preference; when all are stale the youngest, with its age."""
    candidates = list(readings)
    assert candidates, "first_fresh needs at least one reading"
    for reading in candidates:
        if reading.value is not None and not is_stale(reading.stamp, reading.max_age_ms, now):
            return reading
    known = [reading for reading in candidates if reading.stamp is not None and reading.value is not None]
    if not known:
        return candidates[0]
    return min(known, key=lambda reading: age_ms(reading.stamp, now) or 0)


def as_json(reading: Reading, now: Now) -> dict[str, object]:
    """The wire form: age and limit travel, not a verdict alone, because the number goes on ageing in the browser."""
    age = age_ms(reading.stamp, now)
    return {
        "value": None if reading.value is None else plain(reading.value),
        "unit": reading.unit,
        "source": reading.source,
        "ts_ms": None if reading.stamp is None else reading.stamp.ts_ms,
        "age_ms": age,
        "max_age_ms": reading.max_age_ms,
        "stale": age is None or age > reading.max_age_ms,
    }


def plain(value: Decimal | int | str) -> str:
    """Decimal without exponent notation: "0.0000001", never "1E-7"."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def source_of(event: Event) -> str:
    """ "gateway virtual_account.v1": who said it, and in which kind of event."""
    return f"{event.source} {type(event).__struct_config__.tag}"


def younger(one: Stamp | None, other: Stamp | None, now: Now) -> Stamp | None:
    """The one with the lower age now. An event-driven fact stands for as long as its source goes on speaking."""
    if one is None or other is None:
        return one or other
    return one if (age_ms(one, now) or 0) <= (age_ms(other, now) or 0) else other


def aged(stamp: Stamp, by_ms: int) -> Stamp:
    """The stamp of something that was ``by_ms`` old already when it was said."""
    by_ms = max(0, by_ms)
    return Stamp(stamp.ts_ms - by_ms, stamp.heard_mono_ms - by_ms)


def backed(reading: Reading, behind: Stamp | None, max_age_ms: int, now: Now) -> Reading:
    """A number that repeats what another source told is stale when that source is, however often it is repeated."""
    if behind is None or not is_stale(behind, max_age_ms, now):
        return reading
    if (age_ms(reading.stamp, now) or 0) >= (age_ms(behind, now) or 0):
        return reading
    return reading._replace(
        stamp=behind, max_age_ms=max_age_ms, source=f"{reading.source}, what stands behind it is old"
    )
