"""A bot submits an order: check, count, journal, and only then the wire. The answer may be late, lost or no.

Held back for at most three seconds, then the bot is told "accepted" under the gateway's own final order id: an error
would make Hummingbot send the same quote again under a new id.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import partial

from services.common import venue
from services.gateway import listing, pursuit, quarantine, steps, views, watches
from services.gateway.limits import gate
from services.gateway.limits.candidate import Candidate, Refusal, is_immediate
from services.gateway.limits.conditions import bus_is_blind
from services.gateway.limits.single import BPS
from services.gateway.market import Touch
from services.gateway.messages import Claims
from services.gateway.orders import OrderRow, level_of
from services.gateway.reducing import means_to_reduce, reducible_base
from services.gateway.state import State, scope_names

CLIENT_ID_LENGTH_MAX = 32
_NOT_THE_ORDERS_FAULT = frozenset(
    {"RATE_LIMITED", "VENUE_UNREACHABLE", "MAINTENANCE", "INSUFFICIENT_MARGIN", "AUTH_FAILED"}
)


def submit(state: State, request_id: int, bot_id: str, request: venue.PlaceOrder, claims: Claims = Claims()) -> None:
    """Every path answers the request exactly once, now or later."""
    _note_fence(state, bot_id, claims.fence)
    earlier = state.orders.by_client_id(bot_id, request.client_order_id)
    if earlier is not None and _answer_repeated(state, request_id, earlier, request):
        return
    watches.on_attempt(state, bot_id)
    verdict = _judge(state, bot_id, request, claims)
    if isinstance(verdict, Refusal):
        _refuse(state, request_id, bot_id, request, verdict)
        return
    row = _row_of(state, verdict, attempt=earlier.attempt + 1 if earlier is not None else 1)
    row.submit_request_id = request_id
    state.counters.submitted(verdict.scopes, state.core.now.mono_ms)
    state.governor.sent(bot_id, is_order=True, mono_ms=state.core.now.mono_ms)
    state.count("submits")
    steps.begin(state, row, then=partial(_send, state, row))
    state.core.after(state.timing.reply_held_ms, partial(_on_held, state, row))


def _note_fence(state: State, bot_id: str, fence: int) -> None:
    """A newer token than was ever seen, whatever becomes of its order: from now on the older ones are refused."""
    account = state.accounts[bot_id]
    if fence > account.fence:
        account.fence = fence
        state.core.write(account.record())


def _answer_repeated(state: State, request_id: int, row: OrderRow, request: venue.PlaceOrder) -> bool:
    """The same id again: the same answer for the same order, else a refusal. Only a refused order may be retried."""
    if row.state == "REFUSED":
        return False
    is_same = (row.symbol, row.side, row.order_type, row.time_in_force, row.qty, row.price) == (
        request.symbol,
        request.side,
        request.order_type,
        request.time_in_force,
        request.qty_base,
        request.price,
    )
    state.count("duplicates_suppressed")
    if is_same and row.submit_request_id is None:
        state.count("idempotency_hits")
        state.core.reply(
            request_id,
            venue.Placed(symbol=row.symbol, client_order_id=row.client_id, venue_order_id=row.gateway_id),
        )
    else:
        state.count("idempotency_conflicts")
        why = "the first submit is still under way" if is_same else "with other terms"
        value = f"{row.client_id}, {why}"
        refusal = Refusal("DUPLICATE_CLIENT_ORDER_ID", f"bot:{row.bot_id}", "an id names one order", value)
        _refuse(state, request_id, row.bot_id, request, refusal)
    return True


# ---------------------------------------------------------------------------------------------------------- judgement


def refusal_of_state(state: State, bot_id: str) -> Refusal | None:
    """Whether anything that is not a limit keeps new orders of this bot out."""
    lane = state.lanes[bot_id]
    scope = f"bot:{bot_id}"
    if state.journal_failure:
        return Refusal("JOURNAL_FAILED", "desk", "journal writable", state.journal_failure)
    if state.is_draining:
        return Refusal("DOOR_SHUT", "desk", "running", "the gateway is stopping")
    if lane.key_refused:
        return Refusal("AUTH_FAILED", f"account:{bot_id}", "a key that the venue takes", lane.key_refused)
    if not lane.is_door_open:
        return Refusal("DOOR_SHUT", scope, "reconciled with the venue", lane.why_shut)
    if lane.guard_detail:
        return Refusal("SESSION_CLOSED", scope, "a living private session", lane.guard_detail)
    if not lane.is_link_up or not lane.is_synced:
        down = f"private stream is down: {lane.link_detail}".rstrip(": ")
        detail = "not yet re-read after a reconnect" if lane.is_link_up else down
        return Refusal("VENUE_UNREACHABLE", f"account:{bot_id}", "private stream up and re-read", detail)
    return None


def _judge(state: State, bot_id: str, request: venue.PlaceOrder, claims: Claims) -> Candidate | Refusal:
    barred = refusal_of_state(state, bot_id) or _malformed(bot_id, request)
    if barred is not None:
        return barred
    if not state.policy.may_trade(bot_id, request.symbol):
        allowed = ", ".join(state.policy.pairs_of(bot_id))
        return Refusal("SYMBOL_NOT_ALLOWED", f"bot:{bot_id}", f"instruments={allowed}", request.symbol)
    touch = state.market.touch(request.symbol)
    if touch is None:
        fault = state.market.fault(request.symbol)
        why = f"{fault.code}: {fault.detail}" if fault else f"no book of {request.symbol} yet"
        return Refusal("STALE_MARKET", "venue:bitget", "a sound book", why)
    level = level_of(request.client_order_id)
    is_reducing = _is_reducing(state, bot_id, request, level)
    if isinstance(is_reducing, Refusal):
        return is_reducing
    if listing.is_gone(state, request.symbol) and not is_reducing:
        limit = "a pair that the venue lists"
        return Refusal("UNKNOWN_SYMBOL", f"instrument:{request.symbol}", limit, "taken off its list")
    members = state.members(bot_id)
    wire_price = _wire_price(state, bot_id, request, touch, is_reducing=is_reducing)
    candidate = Candidate(
        bot_id=bot_id,
        members=members,
        scopes=scope_names(members),
        request=request,
        claims=claims,
        level=level,
        touch=touch,
        wire_price=wire_price,
        value_quote=request.qty_base * (max(wire_price, touch.bid) if request.side == "sell" else wire_price),
        is_reducing=is_reducing,
    )
    return gate.judge(state, candidate) or candidate


def _malformed(bot_id: str, request: venue.PlaceOrder) -> Refusal | None:
    scope = f"bot:{bot_id}"
    if len(request.client_order_id) > CLIENT_ID_LENGTH_MAX:
        limit = f"length_max={CLIENT_ID_LENGTH_MAX}"
        return Refusal("BAD_CLIENT_ORDER_ID", scope, limit, str(len(request.client_order_id)))
    if not request.qty_base.is_finite() or request.qty_base <= 0:
        return Refusal("QTY_BELOW_MIN", scope, "quantity above 0", str(request.qty_base))
    if request.order_type == "limit" and (request.price is None or not request.price.is_finite() or request.price <= 0):
        return Refusal("PRICE_OUT_OF_RANGE", scope, "price above 0", str(request.price))
    if request.trigger_price is not None:  # it would leave without its trigger, and trade at once
        return Refusal(
            "ORDER_TYPE_NOT_ALLOWED", scope, "limit and market orders", f"trigger at {request.trigger_price}"
        )
    return None


def _is_reducing(state: State, bot_id: str, request: venue.PlaceOrder, level: str) -> bool | Refusal:
    """Whether the order goes out as reduce-only; a refusal when the scope allows nothing else."""
    latch = state.latch_of(bot_id)
    qty = request.qty_base
    if latch.state == "ACTIVE":
        if not means_to_reduce(request, level):
            return False
        reducible = reducible_base(state, bot_id, request.symbol, request.side, strict=False)
        if qty > reducible and request.reduce_only:
            return Refusal("WOULD_FLIP", f"bot:{bot_id}", f"reducible_base={reducible}", str(qty))
        return qty <= reducible
    reducible = reducible_base(state, bot_id, request.symbol, request.side, strict=True)
    why = f"{latch.state} by {latch.entry.actor}: {latch.entry.reason}" if latch.entry else "latch file unreadable"
    if latch.state == "HALTED":
        if not (request.reduce_only and is_immediate(request) and qty <= reducible):
            code = "KILL_SWITCH_ACTIVE" if latch.entry and latch.entry.actor == "kill_switch" else "SCOPE_HALTED"
            return Refusal(code, latch.scope, "cancels, and immediate reduce-only orders", why)
    elif qty > reducible:
        return Refusal("SCOPE_REDUCING", latch.scope, f"reducible_base={reducible}", f"{qty}; {why}")
    return True


def _wire_price(state: State, bot_id: str, request: venue.PlaceOrder, touch: Touch, *, is_reducing: bool) -> Decimal:
    """A limit order's own price; for a market order the worst price the collar allows, on the tick."""
    if request.order_type == "limit" and request.price is not None:
        return request.price
    name = "collar_reducing_bps" if is_reducing else "collar_aggressive_bps"
    collar = state.tightest(name, bot_id) / BPS
    rules = state.market.instruments.get(request.symbol)
    worst = touch.ask * (1 + collar) if request.side == "buy" else touch.bid * (1 - collar)
    if rules is None:
        return worst
    inwards = ROUND_FLOOR if request.side == "buy" else ROUND_CEILING
    return (worst / rules.tick_size).to_integral_value(inwards) * rules.tick_size


def refuse_kind(state: State, bot_id: str, request: venue.Request) -> venue.Refused:
    """A way to an order that this gateway does not offer: amending, closing by one call, several at once, stops."""
    watches.on_attempt(state, bot_id)
    limit = "one limit or market order at a time"
    refusal = Refusal("ORDER_TYPE_NOT_ALLOWED", f"bot:{bot_id}", limit, type(request).__name__)
    _tell(state, bot_id, refusal, "", getattr(request, "symbol", None) or "")
    return refusal.refused()


def _refuse(state: State, request_id: int, bot_id: str, request: venue.PlaceOrder, refusal: Refusal) -> None:
    state.core.reply(request_id, refusal.refused())
    _tell(state, bot_id, refusal, request.client_order_id, request.symbol)


def _tell(state: State, bot_id: str, refusal: Refusal, client_order_id: str, symbol: str) -> None:
    """The bus hears of every refusal what the bot hears."""
    state.count("refusals")
    state.count(f"refused_{refusal.code}")
    state.tell_decision(
        bot_id,
        scope=refusal.scope,
        decision="refused",
        reason=refusal.code,
        limit=refusal.limit,
        value=refusal.value,
        client_order_id=client_order_id,
        symbol=symbol,
    )


# --------------------------------------------------------------------------------------------------------- to the wire


def _row_of(state: State, order: Candidate, attempt: int) -> OrderRow:
    request = order.request
    lane = state.lanes[order.bot_id]
    released = state.release.get(order.bot_id)
    client_id = request.client_order_id or _mint_client_id(state, order.bot_id)
    return OrderRow(
        gateway_id=state.orders.next_gateway_id(),
        bot_id=order.bot_id,
        client_id=client_id,
        attempt=attempt,
        symbol=request.symbol,
        level=order.level,
        side=request.side,
        order_type=request.order_type,
        time_in_force=request.time_in_force,
        price=request.price,
        wire_price=order.wire_price,
        qty=request.qty_base,
        reduce_only=order.is_reducing,
        created_ms=state.core.now.wall_ms,
        updated_ms=state.core.now.wall_ms,
        config_hash=order.claims.config_hash or lane.config_hash,
        approver=released.approver if released else "",
        fence=order.claims.fence,
    )


def _mint_client_id(state: State, bot_id: str) -> str:
    """An id of the desk's shape for a caller that gave none (ccxt does not unless asked to)."""
    state.minted += 1
    number = "".join(c for c in bot_id if c.isdigit())[:4] or "0"
    return f"hb{number}-x-{_base36(state.epoch_ms)}.{state.minted}"


def _send(state: State, row: OrderRow) -> None:
    """The row is durable. Last look, then the wire."""
    if row.is_terminal:
        return  # the disk took too long
    barred = _barred_at_the_wire(state, row)
    if barred is not None:
        _end_unsent(state, row, barred)
        return
    row.is_sent = True
    watches.on_sent(state, row.bot_id)
    state.core.ask(row.account_id, _wire_request(state, row), partial(_on_answer, state, row))


def _end_unsent(state: State, row: OrderRow, barred: Refusal) -> None:
    row.is_answered = True
    was_told = steps.reply_submit(state, row, barred.refused())
    steps.step(state, row, "REFUSED", barred.code, barred.text(), tell_bot=not was_told)
    steps.reply_cancels(state, row)


def _barred_at_the_wire(state: State, row: OrderRow) -> Refusal | None:
    """What may have changed while the row was being written: a cancel of this order, a stop, the lease, a latch."""
    if row.is_cancel_wanted:
        return Refusal("CANCELLED_BY_USER", f"bot:{row.bot_id}", "not cancelled", "cancelled before it was sent")
    barred = refusal_of_state(state, row.bot_id)
    if barred is not None:
        return barred
    seen = state.accounts[row.bot_id].fence
    if row.fence < seen:
        return Refusal("NOT_LEADER", f"bot:{row.bot_id}", f"fence={seen}", str(row.fence))
    if row.reduce_only:
        return None
    barred = bus_is_blind(state)
    if barred is not None:
        return barred
    latch = state.latch_of(row.bot_id)
    if latch.state == "ACTIVE":
        return None
    why = latch.entry.reason if latch.entry else "latch file unreadable"
    return Refusal("SCOPE_HALTED" if latch.state == "HALTED" else "SCOPE_REDUCING", latch.scope, latch.state, why)


def _wire_request(state: State, row: OrderRow) -> venue.PlaceOrder:
    """A market order leaves as an immediate limit order at the collar: no order goes out without a price."""
    is_market = row.order_type == "market"
    return venue.PlaceOrder(
        symbol=row.symbol,
        client_order_id=row.client_id,
        side=row.side,
        order_type="limit",
        time_in_force="ioc" if is_market else row.time_in_force,
        qty_base=row.qty,
        price=row.wire_price,
        reduce_only=row.reduce_only,
        margin_mode=state.policy.account.margin_mode,
    )


def _on_answer(state: State, row: OrderRow, answer: venue.Answer | venue.Unknown) -> None:
    row.is_answered = True
    if isinstance(answer, venue.Placed):
        state.orders.set_venue_id(row, answer.venue_order_id)
        if row.state in ("SUBMITTING", "UNKNOWN"):
            row.is_asking = False
            steps.reply_submit(state, row)
            steps.step(state, row, "ACCEPTED", tell_bot=False)
            views.push_order(state, row)
        if row.is_cancel_wanted:
            pursuit.send_cancel(state, row)
    elif isinstance(answer, venue.Refused):
        if row.state in ("SUBMITTING", "UNKNOWN"):
            state.count("refused_by_venue")
            if answer.code not in _NOT_THE_ORDERS_FAULT:
                quarantine.on_venue_refused(state, row, answer.code)
                listing.on_venue_refused(state, row.bot_id, row.symbol, answer.code)
            was_told = steps.reply_submit(state, row, answer)
            steps.step(state, row, "REFUSED", answer.code, answer.text, tell_bot=not was_told)
            steps.reply_cancels(state, row)
    else:
        detail = answer.detail if isinstance(answer, venue.Unknown) else f"unexpected answer {type(answer).__name__}"
        pursuit.become_unknown(state, row, detail)


def _on_held(state: State, row: OrderRow) -> None:
    """Three seconds without the truth: say accepted, and find out. What still waits for the disk is not sent any more:
    its price is of another market by now."""
    if row.submit_request_id is None:
        return
    if not row.is_sent:
        limit = f"durable within {state.timing.reply_held_ms} ms"
        _end_unsent(state, row, Refusal("JOURNAL_FAILED", "desk", limit, "the disk has not taken it"))
        return
    state.count("provisional_answers")
    steps.reply_submit(state, row)
    pursuit.become_unknown(state, row, f"no answer within {state.timing.reply_held_ms} ms")


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while number:
        number, rest = divmod(number, 36)
        text = digits[rest] + text
    return text or "0"
