"""Hummingbot cards 19-39: the life of an order, as the stock connector tells it in events."""

from decimal import Decimal

from hummingbot.core.data_type.common import OrderType, TradeType
from hummingbot.core.data_type.in_flight_order import OrderState

from services.bot.conformance.bench import PAIR, QTY, TICK, HummingbotBench
from services.dialects.cards import CardFailed, Deck, check

DECK = Deck()
card = DECK.card


@card(19, "orders", "a post-only buy rests and gets the venue's id")
async def rest_buy(b: HummingbotBench) -> str:
    event = await b.opened(b.rest())
    check(event.exchange_order_id.isdecimal(), event.exchange_order_id)
    return f"id {event.exchange_order_id}"


@card(20, "orders", "a post-only sell rests")
async def rest_sell(b: HummingbotBench) -> str:
    order_id = b.rest("sell")
    await b.opened(order_id)
    check(b.c.in_flight_orders[order_id].current_state is OrderState.OPEN, "not open")
    return "open"


@card(21, "orders", "a plain limit order rests")
async def rest_limit(b: HummingbotBench) -> str:
    await b.opened(b.rest(order_type=OrderType.LIMIT))
    return "open"


@card(22, "orders", "an order is cancelled and the cancel is confirmed")
async def cancel(b: HummingbotBench) -> str:
    order_id = b.rest()
    await b.opened(order_id)
    b.c.cancel(PAIR, order_id)
    await b.event("OrderCancelledEvent", order_id)
    check(order_id not in b.c.in_flight_orders, "still in flight")
    return "cancelled"


@card(23, "orders", "all orders are cancelled at once")
async def cancel_all(b: HummingbotBench) -> str:
    ids = [b.rest(), b.rest("sell"), b.rest()]
    for order_id in ids:
        await b.opened(order_id)
    results = await b.c.cancel_all(10)
    check(all(result.success for result in results) and len(results) == 3, results)
    return f"{len(results)} cancelled"


@card(24, "orders", "an order cancelled by another hand is told by the stream")
async def cancelled_elsewhere(b: HummingbotBench) -> str:
    order_id = b.rest()
    await b.opened(order_id)
    await b.admin("/sim/orders/cancel", {"account_id": "manual"})
    await b.event("OrderCancelledEvent", order_id)
    return "cancelled"


@card(25, "orders", "a post-only order that would trade at once fails with its reason in the event")
async def crossing(b: HummingbotBench) -> str:
    price = (b.best(True) * Decimal("1.01")).quantize(TICK)
    order_id = b.place("buy", QTY, OrderType.LIMIT_MAKER, price)
    event = await b.event("OrderFailureEvent", order_id)
    check("POST_ONLY_WOULD_CROSS" in event.error_message, event.error_message)
    return str(event.error_message[-110:])


@card(26, "orders", "an order the margin does not cover fails with its reason in the event")
async def margin(b: HummingbotBench) -> str:
    event = await b.event("OrderFailureEvent", b.rest(qty=Decimal(100)))
    check("INSUFFICIENT_MARGIN" in event.error_message, event.error_message)
    return str(event.error_message[-110:])


@card(27, "orders", "a price off the tick is refused")
async def off_tick(b: HummingbotBench) -> str:
    return await b.refused(_raw(b, "card-27", price="50000.05"), ["PRICE_NOT_ON_TICK"])


@card(28, "orders", "a quantity off the lot is refused")
async def off_lot(b: HummingbotBench) -> str:
    return await b.refused(_raw(b, "card-28", qty="0.01005"), ["QTY_NOT_ON_LOT"])


@card(29, "orders", "a value below the minimum is refused")
async def small(b: HummingbotBench) -> str:
    return await b.refused(_raw(b, "card-29", qty="0.0001", price="10000"), ["NOTIONAL_BELOW_MIN", "limit=5"])


@card(30, "orders", "a client order id that is in use is refused")
async def duplicate(b: HummingbotBench) -> str:
    await _raw(b, "card-30")
    return await b.refused(_raw(b, "card-30"), ["DUPLICATE_CLIENT_ORDER_ID"])


@card(31, "orders", "a market order fills, with price, quantity and the taker's fee to the last digit")
async def market_buy(b: HummingbotBench) -> str:
    fills = await b.filled(b.take(QTY))
    for fill in fills:
        (fee,) = fill.trade_fee.flat_fees
        expected = (fill.amount * fill.price * Decimal("0.0006")).quantize(Decimal("1e-8"))
        check((fee.token, fee.amount) == ("USDT", expected), (fee, expected))
    check(sum(fill.amount for fill in fills) == QTY, fills)
    return f"{fills[0].price}, fee {fills[0].trade_fee.flat_fees[0].amount}"


@card(32, "orders", "a market sell fills")
async def market_sell(b: HummingbotBench) -> str:
    fills = await b.filled(b.take(-QTY))
    check(fills[0].trade_type is TradeType.SELL, fills[0])
    return f"{fills[0].price}"


@card(33, "orders", "a limit order through the book fills at the book's price")
async def through_the_book(b: HummingbotBench) -> str:
    limit = (b.best(True) * Decimal("1.01")).quantize(TICK)
    fills = await b.filled(b.place("buy", QTY, OrderType.LIMIT, limit))
    check(all(fill.price < limit for fill in fills), (limit, fills))
    return f"limit {limit}, filled at {fills[0].price}"


@card(34, "orders", "an order larger than what stands at its price is filled in part and stays open")
async def part(b: HummingbotBench) -> str:
    for _ in range(5):  # the touch moves: again when we came too late to trade
        entry = next(iter(b.c.get_order_book(PAIR).ask_entries()))
        qty = (Decimal(str(entry.amount)) + 3).quantize(Decimal("0.0001"))
        order_id = b.place("buy", qty, OrderType.LIMIT, Decimal(str(entry.price)).quantize(TICK))
        await b.opened(order_id)
        order = b.c.in_flight_orders.get(order_id)
        if b.of("OrderFilledEvent", order_id) and order is not None and not order.is_done:
            check(Decimal(0) < order.executed_amount_base < qty, order.executed_amount_base)
            return f"{order.executed_amount_base} of {qty}"
        await b.reset()
    raise CardFailed("five orders, none of them filled in part")


@card(35, "orders", "a resting order at the touch fills as maker, for the maker's fee")
async def maker(b: HummingbotBench) -> str:
    for _ in range(12):
        order_id = b.place("buy", Decimal("0.001"), OrderType.LIMIT_MAKER, b.best(False))
        try:
            (fill, *_) = await b.until(lambda order_id=order_id: b.of("OrderFilledEvent", order_id), 4)  # type: ignore[misc]
        except CardFailed:
            await b.reset()
            continue
        rate = fill.trade_fee.flat_fees[0].amount / (fill.amount * fill.price)
        check(abs(rate - Decimal("0.0002")) < Decimal("1e-6"), rate)
        return f"{fill.price}, fee rate {rate:.6f}"
    raise CardFailed("nobody traded with a bid at the touch")


@card(36, "orders", "the fills of an order over REST are those of the stream, by trade id")
async def fills_by_rest(b: HummingbotBench) -> str:
    order_id = b.take(QTY)
    streamed = await b.filled(order_id)
    listed = await b.c._all_trade_updates_for_order(b.order(order_id))
    check({u.trade_id for u in listed} == {f.exchange_trade_id for f in streamed}, (listed, streamed))
    check([u.fee.flat_fees for u in listed] == [f.trade_fee.flat_fees for f in streamed], "fees differ")
    return f"{len(listed)} fills"


@card(37, "orders", "the state of an order over REST: open, cancelled, filled")
async def states(b: HummingbotBench) -> str:
    seen = []
    order_id = b.rest()
    await b.opened(order_id)
    order = b.c.in_flight_orders[order_id]
    seen.append((await b.c._request_order_status(order)).new_state)
    b.c.cancel(PAIR, order_id)
    await b.event("OrderCancelledEvent", order_id)
    seen.append((await b.c._request_order_status(order)).new_state)
    order_id = b.take(QTY)
    await b.filled(order_id)
    seen.append((await b.c._request_order_status(b.order(order_id))).new_state)
    check(seen == [OrderState.OPEN, OrderState.CANCELED, OrderState.FILLED], seen)
    return "open, cancelled, filled"


@card(38, "orders", "an order that never was reads as not found")
async def unknown(b: HummingbotBench) -> str:
    try:
        await b.get("/api/v2/mix/order/detail", symbol="BTCUSDT", productType="USDT-FUTURES", orderId="999999999999")
    except OSError as error:
        check(b.c._is_order_not_found_during_status_update_error(error), error)
        return str(error)[-110:]
    raise CardFailed("found")


@card(39, "orders", "a refused cancel of a filled order does not read as not found")
async def cancel_filled(b: HummingbotBench) -> str:
    order_id = b.take(QTY)
    await b.filled(order_id)
    try:
        await b.c._place_cancel(order_id, b.order(order_id))
    except OSError as error:
        check(not b.c._is_order_not_found_during_cancelation_error(error), error)
        return str(error)[-110:]
    raise CardFailed("cancelled a filled order")


async def _raw(b: HummingbotBench, order_id: str, *, qty: str = "0.01", price: str = "50000") -> object:
    """The connector's own place-order request, past its rounding."""
    return await b.c._place_order(
        order_id=order_id,
        trading_pair=PAIR,
        amount=Decimal(qty),
        trade_type=TradeType.BUY,
        order_type=OrderType.LIMIT,
        price=Decimal(price),
    )
