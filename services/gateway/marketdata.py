"""Market data on its way in: judged before it is believed, confirmed when it is quiet, its clock compared with ours."""

from functools import partial

from services.common import venue
from services.gateway.market_quality import Fault
from services.gateway.state import State

CLOCK_SKEW_WARN_MS = 250
_LIMIT = "a sound book"


def on_push(state: State, push: venue.PublicPush) -> None:
    """Something arrived, so the stream lives; whether the book is fit to judge by is another question."""
    now = state.core.now
    state.market.heard(now.mono_ms)
    if isinstance(push, venue.BookPush):
        was_sound = state.market.fault(push.book.symbol) is None
        fault = state.market.on_book(push.book, now.wall_ms, now.mono_ms)
        if fault is not None:
            _set_aside(state, push.book.symbol, fault, was_sound=was_sound)
        elif not was_sound:
            state.tell_of_pair(push.book.symbol, "loosened", "NORMAL_STATE", limit=_LIMIT, value="sound books again")
    elif isinstance(push, venue.TickerPush):
        state.market.on_ticker(push.ticker)


def on_book_broken(state: State, symbol: str, detail: str) -> None:
    """The stream's own reader has dropped the book: until sound ones come again nobody knows it."""
    was_sound = state.market.fault(symbol) is None
    _set_aside(state, symbol, state.market.on_book_broken(symbol, detail), was_sound=was_sound)


def _set_aside(state: State, symbol: str, fault: Fault, *, was_sound: bool) -> None:
    state.count("books_set_aside")
    if was_sound:
        state.tell_of_pair(symbol, "tightened", fault.code, limit=_LIMIT, value=fault.detail)


def confirm_quiet_books(state: State) -> None:
    """F20: a stream that answers pings and says nothing. Ask by REST whether the market is really that quiet."""
    now_ms = state.core.now.mono_ms
    for symbol in state.market.symbols():
        silent_ms = state.market.silent_ms(symbol, now_ms)
        if silent_ms is None or silent_ms < state.timing.book_confirm_ms:
            continue
        period_ms = state.timing.book_confirm_ms
        if now_ms - state.confirmed_mono_ms.get(symbol, -period_ms) >= period_ms:
            state.confirmed_mono_ms[symbol] = now_ms
            state.core.ask("", venue.GetBook(symbol=symbol, depth=5), partial(_on_confirmed, state, symbol))


def compare_clocks(state: State) -> None:
    """F14: ask the venue for its time. A slow answer proves less: half of its way may be error, and is taken off."""
    asked = state.core.now

    def on_time(answer: venue.Answer | venue.Unknown) -> None:
        if isinstance(answer, venue.ServerTime):
            way_ms = state.core.now.mono_ms - asked.mono_ms
            measured_ms = asked.wall_ms + way_ms // 2 - answer.ts_ms
            certain_ms = max(0, abs(measured_ms) - way_ms // 2)  # the way is known to be no longer than this
            was_wide = abs(state.clock_skew_ms or 0) > CLOCK_SKEW_WARN_MS
            state.clock_skew_ms = certain_ms if measured_ms > 0 else -certain_ms
            state.clock_measured_mono_ms = asked.mono_ms
            if certain_ms > CLOCK_SKEW_WARN_MS and not was_wide:
                _warn_of_clock(state)
        elif state.clock_skew_ms is None:  # nobody may open anything before: do not wait for the next round
            state.core.after(state.timing.recovery_retry_ms, partial(compare_clocks, state))

    state.core.ask("", venue.GetTime(), on_time)


def _warn_of_clock(state: State) -> None:
    state.tell_decision(
        "desk",
        scope="venue:bitget",
        decision="warned",
        reason="CLOCK_SKEW",
        limit=f"warning at {CLOCK_SKEW_WARN_MS} ms",
        value=f"{state.clock_skew_ms} ms",
    )


def _on_confirmed(state: State, symbol: str, answer: venue.Answer | venue.Unknown) -> None:
    if isinstance(answer, venue.Book) and not state.market.confirm(answer, state.core.now.mono_ms):
        state.count("books_frozen")
        value = "the stream's book is not the one the venue gives by REST"
        state.tell_of_pair(symbol, "tightened", "BOOK_FROZEN", limit=_LIMIT, value=value)
