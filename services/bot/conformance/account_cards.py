"""Hummingbot cards 40-59: money, positions, and what the stock connector does when the wire fails."""

import asyncio
from decimal import Decimal

from hummingbot.core.data_type.common import PositionMode, PositionSide

from services.bot.conformance.bench import PAIR, QTY, HummingbotBench, StockConnector
from services.dialects.cards import CardFailed, Deck, check

DECK = Deck()
card = DECK.card


@card(40, "money", "the balance is read, whole and available")
async def balance(b: HummingbotBench) -> str:
    await b.c._update_balances()
    whole, available = b.c.get_balance("USDT"), b.c.get_available_balance("USDT")
    check(whole > 90_000 and available == whole, (whole, available))
    return f"{whole}"


@card(41, "money", "a resting order holds margin, and its end gives exactly that back")
async def held(b: HummingbotBench) -> str:
    before = b.c.get_available_balance("USDT")
    order_id = b.rest(qty=Decimal("0.1"))
    await b.opened(order_id)
    await b.until(lambda: b.c.get_available_balance("USDT") < before, 5)
    await asyncio.sleep(0.5)
    during = b.c.get_available_balance("USDT")
    b.c.cancel(PAIR, order_id)
    await b.event("OrderCancelledEvent", order_id)
    await b.until(lambda: b.c.get_available_balance("USDT") == before, 5)
    return f"held {before - during}"


@card(42, "money", "after a round trip the balance is the venue's to the last digit")
async def round_trip(b: HummingbotBench) -> str:
    await b.filled(b.take(QTY))
    await b.filled(b.take(-QTY))
    await asyncio.sleep(0.5)
    theirs = Decimal((await b.admin("/sim/status"))["accounts"]["manual"]["equity_quote"])
    check(b.c.get_balance("USDT") == theirs, (b.c.get_balance("USDT"), theirs))
    return f"{theirs}"


@card(43, "money", "a funding payment is found")
async def funding(b: HummingbotBench) -> str:
    await b.filled(b.take(QTY))
    since_s = b.clock.now_ms() / 1000
    for _ in range(80):
        timestamp, _, payment = await b.c._fetch_last_fee_payment(PAIR)
        if timestamp >= since_s - 1:
            check(payment != 0, payment)
            return f"{payment}"
        await asyncio.sleep(0.5)
    raise CardFailed("no payment within 40 s")


@card(44, "positions", "a long position is told by the stream, with entry price and leverage")
async def long(b: HummingbotBench) -> str:
    fills = await b.filled(b.take(QTY))
    position = (await b.until(lambda: list(b.c.account_positions.values()), 5))[0]
    check((position.amount, position.position_side) == (QTY, PositionSide.LONG), position)
    check(abs(position.entry_price / fills[0].price - 1) < Decimal("1e-4"), position)
    return f"{position.amount} @ {position.entry_price}"


@card(45, "positions", "a short position is negative")
async def short(b: HummingbotBench) -> str:
    await b.filled(b.take(-QTY))
    position = (await b.until(lambda: list(b.c.account_positions.values()), 5))[0]
    check(position.amount == -QTY, position)
    return f"{position.amount}"


@card(46, "positions", "a position is read over REST")
async def by_rest(b: HummingbotBench) -> str:
    await b.filled(b.take(QTY))
    await b.until(lambda: b.c.account_positions, 5)
    b.c._perpetual_trading.remove_position(next(iter(b.c.account_positions)))
    await b.c._update_positions()
    (position,) = b.c.account_positions.values()
    check(position.amount == QTY, position)
    return f"{position.amount}"


@card(47, "positions", "a closed position disappears")
async def closed(b: HummingbotBench) -> str:
    await b.filled(b.take(QTY))
    await b.until(lambda: b.c.account_positions, 5)
    await b.filled(b.take(-QTY))
    await b.until(lambda: not b.c.account_positions, 5)
    return "none"


@card(48, "wire", "an order that is told to wait fails with that reason, and the next one passes")
async def rate_limited(b: HummingbotBench) -> str:
    await b.fault(fault="rate_limited", endpoint="mix/order/place-order", count_max=1)
    event = await b.event("OrderFailureEvent", b.rest())
    check("RATE_LIMITED" in event.error_message, event.error_message)
    await b.opened(b.rest())
    return "failed, then open"


@card(49, "wire", "a venue whose clock runs ahead is followed within a few requests")
async def clock_skew(b: HummingbotBench) -> str:
    """The connector averages its last five samples of the venue's time, so one is not always enough."""
    await b.fault(fault="clock_skew", skew_ms=60_000)
    try:
        for asked in range(1, 8):
            try:
                await b.get("/api/v2/mix/account/accounts", productType="USDT-FUTURES")
                check(asked > 1, "the first request passed with a clock one minute off")
                return f"at request {asked}"
            except OSError as error:
                check(b.c._is_request_exception_related_to_time_synchronizer(error), error)
    finally:
        await b.admin("/sim/faults", {"rules": []})
        b.c._time_synchronizer.clear_time_offset_ms_samples()
        await b.c._update_time_synchronizer()
    raise CardFailed("seven requests and still expired")


@card(50, "wire", "a private stream that is cut comes back, with positions as they are")
async def private_cut(b: HummingbotBench) -> str:
    await b.filled(b.take(QTY))
    await b.fault(fault="close_private", account="manual")
    await asyncio.sleep(0.5)
    await b.admin("/sim/faults", {"rules": []})
    await b.until(lambda: b.c.status_dict["user_stream_initialized"], 20)
    order_id = b.rest()
    await b.opened(order_id)
    check(next(iter(b.c.account_positions.values())).amount == QTY, b.c.account_positions)
    return "back, position kept"


@card(51, "wire", "a public stream that is cut comes back and the book goes on")
async def public_cut(b: HummingbotBench) -> str:
    await b.fault(fault="close_public")
    await asyncio.sleep(0.5)
    await b.admin("/sim/faults", {"rules": []})
    book = b.c.get_order_book(PAIR)
    before = max(book.snapshot_uid, book.last_diff_uid)
    await b.until(lambda: max(book.snapshot_uid, book.last_diff_uid) > before + 1_500, 20)
    return "goes on"


@card(52, "wire", "a fill that the stream lost is found by asking")
async def lost_fill(b: HummingbotBench) -> str:
    await b.fault(fault="lose_private", account="manual")
    order_id = b.take(QTY)
    await b.opened(order_id)
    await b.admin("/sim/faults", {"rules": []})
    await b.c._update_order_status()
    fills = await b.filled(order_id)
    check(sum(fill.amount for fill in fills) == QTY, fills)
    return f"{len(fills)} fills"


@card(53, "wire", "a fill that is told twice counts once")
async def duplicate_fill(b: HummingbotBench) -> str:
    await b.fault(fault="duplicate_private", account="manual")
    fills = await b.filled(b.take(QTY))
    await asyncio.sleep(0.5)
    check(sum(fill.amount for fill in fills) == QTY, fills)
    return f"{len(fills)} fills"


@card(54, "wire", "an outage of three seconds is survived")
async def outage(b: HummingbotBench) -> str:
    await b.admin("/sim/faults", {"preset": "outage", "for_ms": 3_000})
    await asyncio.sleep(3.5)
    await b.until(lambda: b.c.ready, 30)
    await b.opened(b.rest())
    return "ready again"


@card(55, "access", "a wrong secret is refused in the venue's words")
async def wrong_secret(b: HummingbotBench) -> str:
    other = StockConnector(b.url, {**b.key, "secret": "wrong"})
    call = other._api_get(
        path_url="/api/v2/mix/account/accounts", params={"productType": "USDT-FUTURES"}, is_auth_required=True
    )
    return await b.refused(call, ["40009", "sign signature error"])


@card(56, "access", "an unknown key is refused in the venue's words")
async def unknown_key(b: HummingbotBench) -> str:
    other = StockConnector(b.url, {**b.key, "api_key": "nobody"})
    call = other._api_get(
        path_url="/api/v2/mix/account/accounts", params={"productType": "USDT-FUTURES"}, is_auth_required=True
    )
    return await b.refused(call, ["40037", "Apikey does not exist"])


@card(57, "venue", "a position that auto-deleveraging halves is told by the stream")
async def adl(b: HummingbotBench) -> str:
    await b.filled(b.take(QTY))
    await b.until(lambda: b.c.account_positions, 5)
    await b.fault(fault="adl", account="manual", symbol="BTC-USDT", fraction="0.5")
    await b.until(lambda: [p.amount for p in b.c.account_positions.values()] == [QTY / 2], 5)
    return f"{QTY} to {QTY / 2}"


@card(58, "venue", "an order in a halted pair fails with that reason")
async def halted(b: HummingbotBench) -> str:
    await b.fault(fault="halt_symbol", symbol="BTC-USDT")
    await asyncio.sleep(0.3)
    event = await b.event("OrderFailureEvent", b.rest())
    check("SYMBOL_HALTED" in event.error_message, event.error_message)
    return str(event.error_message[-80:])


@card(59, "settings", "hedge mode is refused with its reason, and one-way stays")
async def hedge(b: HummingbotBench) -> str:
    done, words = await b.c._trading_pair_position_mode_set(PositionMode.HEDGE, PAIR)
    check(not done and "UNSUPPORTED" in words, words)
    check(await b.c._fetch_account_position_mode() is PositionMode.ONEWAY, "no longer one-way")
    return words[-100:]
