"""What the venue lists and by which rules: read at the start, every minute, and when it refuses an order by them.

Tick, lot and minimums change while one trades; a pair is halted or taken off the list. After a refusal for that the
rules are read anew, bots that ask for them meanwhile are answered by the venue itself, and a halted pair waits.
"""

from functools import partial

from services.common import venue
from services.contracts import reasons
from services.gateway import quarantine
from services.gateway.state import State

_AGAIN_MS_MIN = 2_000  # a storm of refusals asks once
_RULES = ("tick_size", "lot_size", "min_qty_base", "max_qty_base", "min_notional_quote")


def watch(state: State) -> None:
    """From the start on."""
    read(state)
    state.core.every(state.timing.listing_poll_ms, partial(read, state))


def read(state: State) -> None:
    state.market.is_listing_due = False
    state.market.listing_asked_mono_ms = state.core.now.mono_ms
    state.core.ask("", venue.GetInstruments(), partial(_on_listed, state))


def on_venue_refused(state: State, bot_id: str, symbol: str, code: str) -> None:
    """The venue refused an order of the pair: by its rules, or because nobody may trade it."""
    if code not in reasons.BY_RULES:
        return
    if code in reasons.NO_TRADING:
        quarantine.hold(state, bot_id, f"pair:{symbol}", "a pair that trades", code)
    state.market.is_listing_doubted = True
    for kept in [request for request in state.public.kept if isinstance(request, venue.GetInstruments)]:
        del state.public.kept[kept]
    if not state.market.is_listing_due:
        state.market.is_listing_due = True
        asked_ms = state.market.listing_asked_mono_ms or 0
        state.core.after(max(0, asked_ms + _AGAIN_MS_MIN - state.core.now.mono_ms), partial(read, state))


def is_gone(state: State, symbol: str) -> bool:
    """The venue lists others and not this one."""
    return bool(state.market.instruments) and symbol not in state.market.instruments


def _on_listed(state: State, answer: venue.Answer | venue.Unknown) -> None:
    listed = [r for r in answer if isinstance(r, venue.InstrumentRules)] if isinstance(answer, tuple) else []
    if not listed:  # a list that fails or comes empty is not a venue without pairs
        if not state.market.instruments:
            state.core.after(state.timing.recovery_retry_ms, partial(read, state))
        return
    before, state.market.instruments = state.market.instruments, {rules.symbol: rules for rules in listed}
    state.market.is_listing_doubted = False
    for symbol in state.policy.instruments if before else ():
        _tell_change(state, symbol, before.get(symbol), state.market.instruments.get(symbol))


def _tell_change(
    state: State, symbol: str, old: venue.InstrumentRules | None, new: venue.InstrumentRules | None
) -> None:
    say = partial(state.tell_of_pair, symbol, limit="the venue's list")
    if old is not None and new is None:
        say("tightened", "UNKNOWN_SYMBOL", value="taken off the venue's list")
    elif old is None and new is not None:
        say("loosened", "NORMAL_STATE", value="listed by the venue")
    elif old is not None and new is not None:
        changed = [name for name in _RULES if getattr(old, name) != getattr(new, name)]
        if changed:
            value = ", ".join(f"{name} {getattr(old, name)} -> {getattr(new, name)}" for name in changed)
            say("warned", "RULES_CHANGED", value=value)
