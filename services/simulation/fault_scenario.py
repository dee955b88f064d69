"""Faults by name, and a list of them as a person writes it: in a scenario file, at an admin address, on the page. Pure.

An entry is a rule, or names a preset and narrows it to an account, an endpoint, a pair or a time:

    rules:
      - {preset: freeze_feed, after_ms: 30000, for_ms: 8000}
      - {fault: drop_reply, endpoint: mix/order, probability: 0.05, after_ms: 60000}
      - {fault: error_after, nth: 7}
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from services.simulation.faults import Rule

# What the desk's page, drills and scenario files call by name.
PRESETS: dict[str, tuple[Rule, ...]] = {
    "freeze_feed": (Rule(fault="freeze_public"),),
    "lose_ack": (Rule(fault="drop_reply", endpoint="mix/order/place-order", count_max=1),),
    "429_storm": (Rule(fault="rate_limited"),),
    "private_gone": (Rule(fault="close_private"), Rule(fault="lose_private")),
    "outage": (Rule(fault="error_before", status=503), Rule(fault="close_private"), Rule(fault="close_public")),
    "slow": (Rule(fault="delay_request", delay_ms=1_500),),
    "late_feed": (Rule(fault="delay_public", delay_ms=4_000),),
    "duplicates": (Rule(fault="duplicate_private"),),
    "clock_skew": (Rule(fault="clock_skew", skew_ms=10_000),),
    "maintenance": (Rule(fault="maintenance"),),
    "ban": (Rule(fault="banned", delay_ms=10_000, count_max=1),),
    "partition": (
        Rule(fault="drop_request"),
        Rule(fault="lose_private"),
        Rule(fault="freeze_public"),
        Rule(fault="close_private"),
    ),
    "half_cancel": (Rule(fault="half_batch"),),
    "fill_while_cancelling": (Rule(fault="filled_on_cancel", fraction=Decimal("0.5"), count_max=1),),
    "post_only_storm": (Rule(fault="refuse", endpoint="mix/order/place-order", code="POST_ONLY_WOULD_CROSS"),),
    "spike": (Rule(fault="price_spike", factor=1_000, for_ms=2_000),),
    "halt": (Rule(fault="halt_symbol", for_ms=30_000),),
}

_NARROWS = ("account", "endpoint", "symbol", "after_ms", "for_ms", "probability", "nth", "count_max")


def rules_of(entries: object) -> tuple[Rule, ...]:
    """The rules of a list of entries, a preset's under its name as their switch. Raises ValueError naming the entry."""
    if not isinstance(entries, list | tuple):
        raise ValueError(f"rules: {type(entries).__name__}, allowed: a list; example: [{{preset: freeze_feed}}]")
    return tuple(rule for number, entry in enumerate(entries, start=1) for rule in _entry(number, entry))


def preset_rules(name: str, narrowed: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The preset's rules, narrowed. Raises ValueError for a name or a field that is none."""
    if name not in PRESETS:
        raise ValueError(f"preset={name!r}, allowed: {', '.join(sorted(PRESETS))}; example: freeze_feed")
    unknown = sorted(set(narrowed) - set(_NARROWS))
    if unknown:
        raise ValueError(f"preset={name}: {', '.join(unknown)}, allowed beside a preset: {', '.join(_NARROWS)}")
    return tuple(_rule({**msgspec.to_builtins(rule), "switch": name, **narrowed}) for rule in PRESETS[name])


def _entry(number: int, entry: object) -> tuple[Rule, ...]:
    if not isinstance(entry, dict):
        raise ValueError(f"rules[{number}]: {entry!r}, allowed: a mapping; example: {{preset: freeze_feed}}")
    try:
        if "preset" not in entry:
            return (_rule(entry),)
        return preset_rules(str(entry["preset"]), {key: value for key, value in entry.items() if key != "preset"})
    except ValueError as error:
        raise ValueError(f"rules[{number}]: {error}") from error


def _rule(fields: Mapping[str, Any]) -> Rule:
    """Numbers may be text, as a file has them. msgspec's ValidationError is a ValueError and names the field."""
    return msgspec.convert(dict(fields), Rule, strict=False)
