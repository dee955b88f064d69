"""Conditions under which nobody takes new risk: old data, a wrong clock, the wrong release, maintenance, quarantine."""

from services.gateway.limits.candidate import Candidate, Refusal, is_immediate
from services.gateway.state import State


def check_bus(state: State, order: Candidate) -> Refusal | None:
    """RTS6-14: nobody else sees what the desk does. Reducing orders pass; once nothing may rest, those that do not."""
    blind_ms, timing = state.bus_blind_ms, state.timing
    if blind_ms > timing.bus_blind_hard_ms and not (order.is_reducing and is_immediate(order.request)):
        return Refusal("BUS_BLIND", "desk", f"bus_blind_hard_ms={timing.bus_blind_hard_ms}", f"{blind_ms} ms")
    return None if order.is_reducing else bus_is_blind(state)


def bus_is_blind(state: State) -> Refusal | None:
    """No new risk, at the judge's and once more before the wire."""
    if state.bus_blind_ms <= state.timing.bus_blind_soft_ms:
        return None
    limit = f"bus_blind_soft_ms={state.timing.bus_blind_soft_ms}"
    return Refusal("BUS_BLIND", "desk", limit, f"{state.bus_blind_ms} ms")


def check_release(state: State, order: Candidate) -> Refusal | None:
    """K1: a bot does not quote unless its settings, its code and ours are the released ones. Without a release nothing
    is compared."""
    released = state.release.get(order.bot_id)
    if released is None or order.is_reducing:
        return None
    stated = order.claims.config_hash or state.lanes[order.bot_id].config_hash
    if stated != released.config_hash:
        limit = f"config_hash={released.config_hash[:12] or 'none'}"
        return Refusal("RELEASE_MISMATCH", f"bot:{order.bot_id}", limit, stated[:12] or "none stated")
    if released.code_hash:
        for scope, code in ((f"bot:{order.bot_id}", order.claims.code_hash), ("desk", state.code_hash)):
            if code != released.code_hash:
                limit = f"code_hash={released.code_hash[:12]}"
                return Refusal("RELEASE_MISMATCH", scope, limit, code[:12] or "none stated")
    return None


def check_fence(state: State, order: Candidate) -> Refusal | None:
    """I4: an order that carries an older token than was ever seen comes from somebody who lost the lease."""
    seen = state.accounts[order.bot_id].fence
    if order.claims.fence < seen:
        return Refusal("NOT_LEADER", f"bot:{order.bot_id}", f"fence={seen}", str(order.claims.fence))
    return None


def check_maintenance(state: State, order: Candidate) -> Refusal | None:
    """FEE-04, F56: no new risk from a minute before an announced window to its end."""
    if order.is_reducing:
        return None
    now_ms = state.core.now.wall_ms
    for window in state.policy.maintenance:
        if window.covers(now_ms):
            return Refusal("MAINTENANCE", "venue:bitget", f"window {window.start_ms}..{window.end_ms}", str(now_ms))
    return None


def check_quarantine(state: State, order: Candidate) -> Refusal | None:
    """A pair or route that misbehaved waits its time."""
    if order.is_reducing:
        return None
    for key in (f"pair:{order.request.symbol}", f"bot:{order.bot_id}:{order.request.symbol}", f"route:{order.bot_id}"):
        held = state.quarantine.get(key)
        if held is not None and state.core.now.mono_ms < held.until_mono_ms:
            left_ms = held.until_mono_ms - state.core.now.mono_ms
            return Refusal("QUARANTINED", key, f"{left_ms} ms left", held.why)
    return None


def check_market_age(state: State, order: Candidate) -> Refusal | None:
    """I5: no new risk on data older than allowed."""
    if order.is_reducing:
        return None
    limit = state.tightest("data_age_ms_max", order.bot_id)
    age_ms = state.market.age_ms(state.core.now.mono_ms)
    if age_ms is None or age_ms > limit:
        return Refusal("STALE_MARKET", "venue:bitget", f"data_age_ms_max={limit}", f"{age_ms} ms")
    return None


def check_book_silence(state: State, order: Candidate) -> Refusal | None:
    """I5, F20: pings are answered and yet no book comes, or the last ones were wrong."""
    if order.is_reducing:
        return None
    limit = state.tightest("book_silent_ms_max", order.bot_id)
    silent_ms = state.market.silent_ms(order.request.symbol, state.core.now.mono_ms)
    if silent_ms is None or silent_ms > limit:
        scope = f"instrument:{order.request.symbol}"
        fault = state.market.fault(order.request.symbol)
        value = fault.code if fault else "no book yet" if silent_ms is None else f"{silent_ms} ms without a sound book"
        return Refusal("STALE_MARKET", scope, f"book_silent_ms_max={limit}", value)
    return None


def check_clock_skew(state: State, order: Candidate) -> Refusal | None:
    """F14: signatures still pass at two seconds; our own times would already lie. Not measured lately, or not since
    our clock stepped, is not known."""
    if order.is_reducing:
        return None
    limit = state.tightest("clock_skew_ms_max", order.bot_id)
    age_ms = state.core.now.mono_ms - state.clock_measured_mono_ms
    is_of_before_a_step = state.clock_measured_mono_ms < state.clock_stepped_mono_ms
    if state.clock_skew_ms is None or is_of_before_a_step or age_ms > state.timing.clock_known_ms:
        never = "not since it stepped" if state.clock_stepped_mono_ms else "never measured"
        value = never if state.clock_skew_ms is None else f"last measured {age_ms} ms ago"
        return Refusal("CLOCK_SKEW", "venue:bitget", f"clock_skew_ms_max={limit}", value)
    if abs(state.clock_skew_ms) > limit:
        return Refusal("CLOCK_SKEW", "venue:bitget", f"clock_skew_ms_max={limit}", f"{state.clock_skew_ms} ms")
    return None


def check_view_age(state: State, order: Candidate) -> Refusal | None:
    """A post-only order priced from an old view would be refused by the venue, or stand where nobody wants it."""
    if order.claims.view_ts_ms is None or order.request.time_in_force != "post_only":
        return None
    limit = state.tightest("view_age_ms_max", order.bot_id)
    age_ms = state.core.now.wall_ms - order.claims.view_ts_ms
    if age_ms > limit:
        return Refusal("VIEW_TOO_OLD", f"bot:{order.bot_id}", f"view_age_ms_max={limit}", f"{age_ms} ms")
    return None
