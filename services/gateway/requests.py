"""What a bot asks, and who answers: the gateway from its own state, policy, or the venue's public side."""

from functools import partial

from services.common import venue
from services.contracts import reasons
from services.gateway import pursuit, steps, submit, views
from services.gateway.history import is_below
from services.gateway.messages import Claims
from services.gateway.orders import OrderRow
from services.gateway.public_answers import pass_on
from services.gateway.state import State

_PASSED_ON = (venue.GetTrades, venue.GetCandles, venue.GetLeverageTiers, venue.GetFeeRate, venue.GetCoins)
_HISTORY_MAX = 500


def handle(state: State, request_id: int, bot_id: str, request: venue.Request, claims: Claims = Claims()) -> None:
    """Answer one request of a bot ("" for a public one), now or later, exactly once."""
    if bot_id and bot_id in state.lanes:
        state.lanes[bot_id].heard_mono_ms = state.core.now.mono_ms
    answer = _answer(state, request_id, bot_id, request, claims)
    if answer is not None:
        state.core.reply(request_id, answer)


def _answer(state: State, request_id: int, bot_id: str, request: venue.Request, claims: Claims) -> venue.Answer | None:
    """The answer, or None when it comes later."""
    public = _public_answer(state, request_id, bot_id, request)
    if not isinstance(public, _NotPublic):
        return public
    if bot_id not in state.lanes:
        return venue.Refused(code="AUTH_FAILED", text=f"AUTH_FAILED: no bot {bot_id!r} here; next: desk doctor")
    match request:
        case venue.PlaceOrder():
            submit.submit(state, request_id, bot_id, request, claims)
            return None
        case venue.CancelOrder():
            return _cancel_one(state, request_id, bot_id, request)
        case venue.CancelOrders():
            return _cancel_many(state, bot_id, request)
    setting = _from_policy(state, request)
    if setting is not None:
        return setting
    if not state.lanes[bot_id].is_door_open:
        detail = state.lanes[bot_id].why_shut
        return venue.Refused(code="DOOR_SHUT", text=f"DOOR_SHUT: {detail}; next: {reasons.next_step('DOOR_SHUT')}")
    return _from_own_state(state, bot_id, request)


def _from_policy(state: State, request: venue.Request) -> venue.Done | venue.KeyRights | None:
    """Settings, behind a shut door too: Hummingbot sets its margin mode as it connects; a refusal keeps it away for a
    minute."""
    policy = state.policy.account
    match request:
        case venue.SetLeverage() | venue.SetMarginMode():
            return venue.Done(symbol=request.symbol, leverage=policy.leverage, margin_mode=policy.margin_mode)
        case venue.SetPositionMode():
            return venue.Done(position_mode=policy.position_mode)
        case venue.GetKeyRights():
            return venue.KeyRights(rights=("read", "trade"))  # of the bot's key towards us
    return None


def _from_own_state(state: State, bot_id: str, request: venue.Request) -> venue.Answer:
    match request:
        case venue.GetOrder():
            row = _row(state, bot_id, request.venue_order_id, request.client_order_id)
            return views.order_view(state, row) if row else _not_found()
        case venue.GetOpenOrders():
            rows = state.orders.open_of(bot_id)
            return tuple(views.order_view(state, r) for r in rows if request.symbol in (None, r.symbol))
        case venue.GetOrderHistory():
            rows = state.orders.recent_of(bot_id, _HISTORY_MAX)
            wanted = (r for r in rows if r.is_terminal and request.symbol in (None, r.symbol) and _in_time(request, r))
            return tuple(views.order_view(state, r) for r in wanted)[: request.limit]
        case venue.GetFills():
            return state.history.fills_of(bot_id, request)
        case venue.GetPositions():
            positions = views.positions_view(state, bot_id)
            return tuple(p for p in positions if request.symbol in (None, p.symbol))
        case venue.GetAccount():
            if request.symbol is None:
                return views.account_view(state, bot_id)
            return views.settings_view(state, bot_id, request.symbol)
        case venue.GetBills():
            return state.history.bills_of(bot_id, request)
        case (
            venue.ModifyOrder()
            | venue.ClosePosition()
            | venue.PlaceOrders()
            | venue.PlaceProtected()
            | venue.PlaceStop()
        ):
            return submit.refuse_kind(state, bot_id, request)
        case _:
            return venue.Refused(code="NOT_IN_DIALECT", text=f"NOT_IN_DIALECT: {type(request).__name__}; next: none")


# -------------------------------------------------------------------------------------------------------------- public


class _NotPublic:
    pass


_NOT_PUBLIC = _NotPublic()


def _public_answer(
    state: State, request_id: int, bot_id: str, request: venue.Request
) -> venue.Answer | _NotPublic | None:
    match request:
        case venue.GetTime():
            return venue.ServerTime(ts_ms=state.core.now.wall_ms)
        case venue.GetInstruments():
            is_known = state.market.instruments and not state.market.is_listing_doubted
            if request.product == "USDT-FUTURES" and is_known:
                return tuple(state.market.instruments.values())
        case venue.GetBook():
            book = state.market.book(request.symbol)
            if book is not None and _is_fresh(state):
                return venue.Book(
                    symbol=book.symbol,
                    bids=book.bids[: request.depth],
                    asks=book.asks[: request.depth],
                    ts_exch_ms=book.ts_exch_ms,
                    seq=book.seq,
                )
        case venue.GetTicker():
            wanted = tuple(t for t in state.market.tickers() if request.symbol in (None, t.symbol))
            if wanted and _is_fresh(state):
                return wanted
        case _:
            if not isinstance(request, _PASSED_ON):
                return _NOT_PUBLIC
    signed_for = bot_id if isinstance(request, venue.GetFeeRate) else ""
    return pass_on(state, request_id, signed_for, request)


def _is_fresh(state: State) -> bool:
    age_ms = state.market.age_ms(state.core.now.mono_ms)
    return age_ms is not None and age_ms <= state.timing.book_age_ms_max


# ------------------------------------------------------------------------------------------------------------- cancels


def _cancel_one(state: State, request_id: int, bot_id: str, request: venue.CancelOrder) -> venue.Answer | None:
    row = _row(state, bot_id, request.venue_order_id, request.client_order_id)
    if row is None:
        return _not_found()
    if row.is_terminal:
        return _over(row)
    row.cancel_requests.append(request_id)
    pursuit.want_cancel(state, row, "CANCELLED_BY_USER")
    state.core.after(state.timing.reply_held_ms, partial(_accept_cancel, state, row))
    return None


def _accept_cancel(state: State, row: OrderRow) -> None:
    """The venue has not said so yet; the gateway goes on until it has."""
    steps.reply_cancels(state, row)


def _cancel_many(state: State, bot_id: str, request: venue.CancelOrders) -> venue.Answer:
    """Each order named, or all of the pair, or all. Answered at once: the gateway carries the cancels out."""
    if request.venue_order_ids:
        found = [(gid, state.orders.by_gateway_id(bot_id, gid)) for gid in request.venue_order_ids]
    else:
        rows = [r for r in state.orders.open_of(bot_id) if request.symbol in (None, r.symbol)]
        found = [(r.gateway_id, r) for r in rows]
    done, failed = [], []
    for gateway_id, row in found:
        if row is None or row.is_terminal:
            failed.append((row.client_id if row else "", gateway_id, _not_found().text))
            continue
        pursuit.want_cancel(state, row, "CANCELLED_BY_USER")
        done.append((row.client_id, row.gateway_id))
    return venue.Cancelled(done=tuple(done), failed=tuple(failed))


def _row(state: State, bot_id: str, gateway_id: str, client_id: str) -> OrderRow | None:
    if gateway_id:
        return state.orders.by_gateway_id(bot_id, gateway_id)
    return state.orders.by_client_id(bot_id, client_id)


def _not_found() -> venue.Refused:
    """No figures in here: Hummingbot looks for error numbers in the text."""
    return venue.Refused(code="ORDER_NOT_FOUND", text="ORDER_NOT_FOUND: no such order of this bot")


def _over(row: OrderRow) -> venue.Refused:
    return venue.Refused(code="ORDER_NOT_FOUND", text=f"ORDER_NOT_FOUND: the order is over, {row.state}")


def _in_time(request: venue.GetOrderHistory, row: OrderRow) -> bool:
    after = request.start_ms is None or row.created_ms >= request.start_ms
    before = request.end_ms is None or row.created_ms <= request.end_ms
    return after and before and is_below(row.gateway_id, request.below_id)
