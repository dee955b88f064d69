"""The hand on the venue: cancel everything of an account and prove that nothing is left. Own keys, not by the gateway.

Nothing is believed that was not read: a cancel that was accepted is not a zero. Two empty lists in a row are, when at
least one was read after the latch held. What cannot be asked is asked again, for as long as it takes.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, Protocol

from services.common import venue
from services.common.ports import Clock

Ask = Callable[[venue.Request, str], Awaitable[venue.Answer | venue.Unknown]]
Note = Callable[[str, str, str], None]  # (action, account, what)
ZERO_READS = 2
RETRY_AFTER_MS_MAX = 15_000


class Latched(Protocol):
    def __call__(self) -> bool:
        """Whether new risk in the scope is known to be stopped."""
        ...


class AccountResult(NamedTuple):
    account: str
    cancelled: int  # orders that were open and are not any more
    rounds: int
    would_cancel: tuple[str, ...]  # dry run: client order ids
    positions: Mapping[str, str] | None  # symbol -> signed quantity, as last read; None: the venue did not say


class Pace(NamedTuple):
    round_ms: int
    round_ms_max: int


async def bring_to_zero(
    ask: Ask, account: str, *, clock: Clock, pace: Pace, latched: Latched, note: Note, dry_run: bool
) -> AccountResult:
    """Returns when the account has no open order. Cancelled from outside when the scope is released."""
    seen: set[str] = set()
    zero_reads, rounds, wait_ms = 0, 0, pace.round_ms
    if not dry_run:
        seen |= await _cancel_all(ask, account, note)  # first of all, before anything is read
    while zero_reads < ZERO_READS:
        rounds += 1
        is_held = latched()
        answer = await ask(venue.GetOpenOrders(account_id=account), account)
        if not isinstance(answer, tuple):
            note("READ_FAILED", account, _said(answer))
            zero_reads, wait_ms = 0, max(min(wait_ms * 2, pace.round_ms_max), _asked_to_wait_ms(answer))
            if not dry_run:
                seen |= await _cancel_all(ask, account, note)
        elif not answer:
            zero_reads += 1 if is_held or zero_reads < ZERO_READS - 1 else 0
            wait_ms = pace.round_ms
        else:
            orders = [order for order in answer if isinstance(order, venue.Order)]
            seen |= {order.client_order_id or order.venue_order_id for order in orders}
            zero_reads, wait_ms = 0, pace.round_ms
            if dry_run:
                break
            await _cancel_each(ask, account, orders, note)
        if zero_reads < ZERO_READS:
            await clock.sleep_until(clock.monotonic_ms() + wait_ms)
    positions = await _positions(ask, account, note)
    would_cancel = tuple(sorted(seen)) if dry_run else ()
    return AccountResult(account, 0 if dry_run else len(seen), rounds, would_cancel, positions)


async def open_orders(ask: Ask, account: str) -> tuple[str, ...] | None:
    """Client order ids that rest at the venue; None when the venue does not say."""
    answer = await ask(venue.GetOpenOrders(account_id=account), account)
    if not isinstance(answer, tuple):
        return None
    return tuple(order.client_order_id for order in answer if isinstance(order, venue.Order))


async def bring_to_flat(
    ask: Ask, account: str, *, clock: Clock, pace: Pace, within_ms: int, note: Note
) -> Mapping[str, str] | None:
    """Close every position, and again what is read as still open: a venue may refuse a close, or fill half of it.

    Returns what is left when it is flat or the time is over; None when the venue never said.
    """
    until_ms, wait_ms = clock.monotonic_ms() + within_ms, pace.round_ms
    while True:
        left = await _positions(ask, account, note)
        if left == {} or clock.monotonic_ms() >= until_ms:
            return left
        for symbol in sorted(left or ()):
            answer = await ask(venue.ClosePosition(account_id=account, symbol=symbol), account)
            note("FLATTEN", account, f"{symbol}: {_said(answer)}")
        await clock.sleep_until(clock.monotonic_ms() + wait_ms)
        wait_ms = min(wait_ms * 2, pace.round_ms_max)


async def _cancel_all(ask: Ask, account: str, note: Note) -> set[str]:
    """Ids whose cancel was accepted."""
    answer = await ask(venue.CancelOrders(account_id=account), account)
    note("CANCEL_ALL", account, _said(answer))
    if not isinstance(answer, venue.Cancelled):
        return set()
    return {client_order_id or venue_order_id for client_order_id, venue_order_id in answer.done}


async def _cancel_each(ask: Ask, account: str, orders: list[venue.Order], note: Note) -> None:
    for order in orders:
        request = venue.CancelOrder(account_id=account, symbol=order.symbol, venue_order_id=order.venue_order_id)
        note("CANCEL", account, f"{order.client_order_id}: {_said(await ask(request, account))}")


async def _positions(ask: Ask, account: str, note: Note) -> Mapping[str, str] | None:
    answer = await ask(venue.GetPositions(account_id=account), account)
    if not isinstance(answer, tuple):
        note("READ_FAILED", account, f"positions: {_said(answer)}")
        return None
    return {p.symbol: str(p.qty_base) for p in answer if isinstance(p, venue.Position) and p.qty_base}


def _asked_to_wait_ms(answer: object) -> int:
    """A venue that limits us says for how long; asking sooner only makes it longer."""
    return min(RETRY_AFTER_MS_MAX, answer.retry_after_ms or 0) if isinstance(answer, venue.Refused) else 0


def _said(answer: object) -> str:
    if isinstance(answer, venue.Refused):
        return answer.text or answer.code
    if isinstance(answer, venue.Unknown):
        return f"UNKNOWN_OUTCOME: {answer.detail}"
    if isinstance(answer, venue.Cancelled):
        failed = f", failed={len(answer.failed)}" if answer.failed else ""
        return f"accepted={len(answer.done)}{failed}"
    return type(answer).__name__
