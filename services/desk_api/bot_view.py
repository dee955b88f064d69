"""One bot at one moment: its readings (each with source, age and limit), orders, edge and fills as JSON."""

from decimal import Decimal

from services.contracts import events as e
from services.contracts.reasons import REASONS
from services.desk_api import asked
from services.desk_api.bots import EDGE_GATE_OFF, BotBoard
from services.desk_api.edge import EdgeLine
from services.desk_api.logic import Board
from services.desk_api.orders import FillRow, OpenOrder
from services.desk_api.readings import (
    Now,
    Reading,
    Stamp,
    aged,
    as_json,
    backed,
    first_fresh,
    is_stale,
    plain,
    source_of,
    younger,
)

Json = dict[str, object]

FILLS_SHOWN = 30
ACCOUNT_NAMES = ("capital", "equity", "realized_pnl", "unrealized_pnl", "fees", "funding", "position")


def bot_json(board: Board, bot: BotBoard, now: Now) -> Json:
    base, quote = assets(bot.symbol)
    readings = bot_readings(board, bot, now)
    codes = bot.reason_codes()
    return {
        "id": bot.bot_id,
        "symbol": bot.symbol,
        "base": base,
        "quote": quote,
        "bundle": dict(board.facts.bundles).get(bot.bot_id, ""),
        "edge_gate_off": EDGE_GATE_OFF in codes or bot.bot_id in board.facts.edge_gate_off,
        "reasons": [reason(code) for code in codes],
        "price_decimals": price_decimals(board, bot),
        "readings": {name: as_json(reading, now) for name, reading in readings.items()},
        "door_detail": asked.door_of_bot(board.gateway, bot.bot_id)[1],
        "venue_orders": asked.open_orders_of_bot_at_venue(board.venue, bot.bot_id),
        "fill_counts": {"gateway": bot.fills.gateway_count, "bot": bot.fills.bot_count},
        "orders": [_order(order, now) for order in bot.orders.open_orders()],
        "edge": [_edge(line, now) for line in bot.edge.lines()],
        "fills": [fill_json(row) for row in bot.fills.newest(FILLS_SHOWN)],
        "tips": {
            name: None if line.last is None else [line.last.ts_ms // 1000, plain_or_none(line.last.value)]
            for name, line in bot.series().items()
        },
    }


def bot_readings(board: Board, bot: BotBoard, now: Now) -> dict[str, Reading]:
    base, quote = assets(bot.symbol)
    said = _said_by_bot(board, bot, base, quote)
    booked = _booked_by_gateway(board, bot, now)
    chosen = {
        **said,
        **booked,
        **_decided(board, bot, now),
        "equity": first_fresh([said["equity"], booked["equity"]], now),
        "position": first_fresh([said["position"], booked["position"]], now),
        **_measured(board, bot),
    }
    shown = _backed(board, bot, chosen, now)
    return {**shown, "mid": first_fresh([shown["mid"], _market_mid(board, bot, quote)], now)}


def _said_by_bot(board: Board, bot: BotBoard, base: str, quote: str) -> dict[str, Reading]:
    """The newest status of the bot, said about every second."""
    status = bot.status
    source = source_of(status) if status else f"bot.{bot.bot_id}"
    stamp = _decided_stamp(bot)

    def said(value: Decimal | int | str | None, unit: str) -> Reading:
        return Reading(value, unit, source, stamp, board.limits.status_age_max_ms)

    if status is None:
        names = ("guard", "mid", "equity", "position", "modelled_edge", "realised_edge", "first_order_s", "tick_ms")
        return {name: said(None, "") for name in (*names, "submits", "cancels", "refusals", "fills", "regime")}
    return {
        "guard": said(status.guard, ""),
        "mid": said(status.mid_price, quote),
        "equity": said(status.equity_quote, quote),
        "position": said(status.position_base, base),
        "modelled_edge": said(status.modelled_edge_bps, "bps"),
        "realised_edge": said(status.realised_edge_bps, "bps"),
        "first_order_s": said(status.first_order_s, "s"),
        "tick_ms": said(status.tick_ms, "ms"),
        "submits": said(status.submits, "count"),
        "cancels": said(status.cancels, "count"),
        "refusals": said(status.refusals, "count"),
        "fills": said(status.fills, "count"),
        "regime": said(status.regime, ""),
    }


def _decided_stamp(bot: BotBoard) -> Stamp | None:
    """Of the newest decision: a status may repeat the numbers of one long ago."""
    status, stamp = bot.status, bot.stamps.get("status")
    if status is None or stamp is None or status.decided_ts_ms is None:
        return stamp
    return aged(stamp, status.ts_ms - status.decided_ts_ms)


def _backed(board: Board, bot: BotBoard, readings: dict[str, Reading], now: Now) -> dict[str, Reading]:
    """Price, equity and position reach the bot through the gateway: they are no younger than what it heard and told.

    An amount that is valued at the market's price is as old as that price while there is a position.
    """
    limits, poll = board.limits, board.gateway
    price_stamps: list[Stamp | None] = []
    decided = _decided_stamp(bot)
    if bot.status is not None and decided is not None and bot.status.market_age_ms is not None:
        price_stamps.append(aged(decided, bot.status.market_age_ms))
    if not is_stale(poll.stamp, limits.poll_age_max_ms, now):
        price_stamps.append(asked.market_heard(poll))
    spoken = younger(board.heard.get("gateway"), poll.stamp, now)
    result = dict(readings)
    for name in ("equity", "position"):
        result[name] = backed(result[name], spoken, limits.account_age_max_ms, now)
    is_flat = result["position"].value == 0
    for name in ("mid",) if is_flat else ("mid", "equity", "pnl", "unrealized_pnl"):
        for stamp in price_stamps:
            result[name] = backed(result[name], stamp, limits.price_age_max_ms, now)
    return result


def _booked_by_gateway(board: Board, bot: BotBoard, now: Now) -> dict[str, Reading]:
    """The virtual account, the open orders and the latch, as the gateway publishes them or answers when asked."""
    limits, poll = board.limits, board.gateway
    heard = board.heard.get("gateway")

    def told(value: Decimal | int | str | None, unit: str) -> Reading:
        return Reading(value, unit, "gateway /desk/status", poll.stamp, limits.poll_age_max_ms)

    latch = Reading(
        bot.latch.state if bot.latch else None,
        "",
        source_of(bot.latch) if bot.latch else "gateway latch.v1",
        younger(bot.stamps.get("latch"), heard, now) if bot.latch else None,
        limits.account_age_max_ms,
    )
    open_orders = len(bot.orders.open_orders())
    return {
        **_account(board, bot, now),
        "open_orders": Reading(open_orders, "count", "gateway order.v1", heard, limits.account_age_max_ms),
        "gateway_orders": told(asked.open_orders_of_bot(poll, bot.bot_id), "count"),
        "latch": first_fresh([told(asked.latch_of_bot(poll, bot.bot_id), ""), latch], now),
        "door": told(asked.door_of_bot(poll, bot.bot_id)[0], ""),
    }


def _account(board: Board, bot: BotBoard, now: Now) -> dict[str, Reading]:
    """Every amount from one and the same account: the younger of the answer to /desk/status and the last event."""
    base, quote = assets(bot.symbol)
    account, poll, limits = bot.account, board.gateway, board.limits
    answered = asked.account_of_bot(poll, bot.bot_id)
    amounts: dict[str, Decimal | None]
    if answered is not None and (account is None or not is_stale(poll.stamp, limits.poll_age_max_ms, now)):
        amounts = {**answered, "position": asked.position_of_bot(poll, bot.bot_id, bot.symbol)}
        source, stamp, limit = "gateway /desk/status", poll.stamp, limits.poll_age_max_ms
    elif account is not None:
        amounts = {
            "capital": account.capital_quote,
            "equity": account.equity_quote,
            "realized_pnl": account.realized_pnl_quote,
            "unrealized_pnl": account.unrealized_pnl_quote,
            "fees": account.fees_quote,
            "funding": account.funding_quote,
            "position": account.positions_base.get(bot.symbol, Decimal(0)),
        }
        source, stamp, limit = source_of(account), bot.stamps.get("account"), limits.account_age_max_ms
    else:
        amounts = dict.fromkeys(ACCOUNT_NAMES)
        source, stamp, limit = "gateway virtual_account.v1", None, limits.account_age_max_ms
    equity, capital = amounts["equity"], amounts["capital"]
    amounts["pnl"] = None if equity is None or capital is None else equity - capital
    return {
        name: Reading(amount, base if name == "position" else quote, source, stamp, limit)
        for name, amount in amounts.items()
    }


def _decided(board: Board, bot: BotBoard, now: Now) -> dict[str, Reading]:
    """What was decided stands while the bot goes on deciding: an event is made only when something changes."""
    decision = bot.decision
    source = source_of(decision) if decision else f"bot.{bot.bot_id} quote_decision.v1"
    stamp = younger(bot.stamps.get("decision"), _decided_stamp(bot), now) if decision else None

    def decided(value: Decimal | None, unit: str) -> Reading:
        return Reading(value, unit, source, stamp, board.limits.status_age_max_ms)

    return {
        "spread": decided(_bps(decision.spread_pct if decision else None), "bps"),
        "required_spread": decided(_bps(decision.required_spread_pct if decision else None), "bps"),
        "net_edge": decided(_bps(decision.net_edge_pct if decision else None), "bps"),
        "skew": decided(_bps(decision.skew_pct if decision else None), "bps"),
        "inventory": decided(_percent(decision.inventory_pct if decision else None), "%"),
    }


def _measured(board: Board, bot: BotBoard) -> dict[str, Reading]:
    """Both edges over the same fills, at the longest horizon: so that the two figures may stand side by side."""
    lines = bot.edge.lines()
    if not lines:
        return {}
    source = f"bot.{bot.bot_id} bot_markout.v1, {lines[-1].horizon_s} s after {lines[-1].samples} fills"
    stamp = board.heard.get(f"bot.{bot.bot_id}")
    limit = board.limits.status_age_max_ms
    return {
        "modelled_edge": Reading(lines[-1].modelled_bps, "bps", source, stamp, limit),
        "realised_edge": Reading(lines[-1].realised_bps, "bps", source, stamp, limit),
    }


def _market_mid(board: Board, bot: BotBoard, quote: str) -> Reading:
    known = board.markets.get(bot.symbol)
    if known is None:
        return Reading(None, quote, "gateway market_snapshot.v1", None, board.limits.price_age_max_ms)
    event, stamp = known[0], aged(known[1], known[0].age_ms)
    mid = (event.bid_price + event.ask_price) / 2
    return Reading(mid, quote, source_of(event), stamp, board.limits.price_age_max_ms)


def assets(symbol: str) -> tuple[str, str]:
    """("BTC", "USDT") of "BTC-USDT"; empty while the pair is not known."""
    base, _, quote = symbol.partition("-")
    return base, quote


def reason(code: str) -> dict[str, str]:
    """A reason in words; a code that is not registered is shown as it is, never hidden."""
    known = REASONS.get(code)
    if known is None:
        return {"code": code, "text": code.replace("_", " ").lower(), "next_step": ""}
    return {"code": code, "text": known.meaning, "next_step": known.next_step}


def fill_json(row: FillRow) -> Json:
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in row._asdict().items()}


def plain_or_none(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _order(order: OpenOrder, now: Now) -> Json:
    return {
        "id": order.client_order_id or order.gateway_order_id,
        "side": order.side,
        "state": order.state,
        "price": plain_or_none(order.price),
        "base_qty": plain(order.base_qty),
        "filled_base": plain(order.filled_base),
        "reduce_only": order.reduce_only,
        "age_ms": max(0, now.wall_ms - order.opened_ts_ms),
        "detail": order.detail,
    }


def _edge(line: EdgeLine, now: Now) -> Json:
    return {
        "horizon_s": line.horizon_s,
        "samples": line.samples,
        "markout_bps": _fixed(line.markout_bps),
        "fee_bps": _fixed(line.fee_bps),
        "realised_bps": _fixed(line.realised_bps),
        "modelled_bps": _fixed(line.modelled_bps),
        "standard_error_bps": None if line.standard_error_bps is None else _fixed(line.standard_error_bps),
        "age_ms": max(0, now.wall_ms - line.latest_ts_ms),
    }


def price_decimals(board: Board, bot: BotBoard) -> int:
    """As many as the venue uses: the most seen in book prices and our own orders."""
    prices = [order.price for order in bot.orders.open_orders() if order.price is not None]
    known: tuple[e.MarketSnapshotV1, Stamp] | None = board.markets.get(bot.symbol)
    if known is not None:
        prices += [known[0].bid_price, known[0].ask_price]
    exponents = [price.normalize().as_tuple().exponent for price in prices]
    return max((-exponent for exponent in exponents if isinstance(exponent, int) and exponent < 0), default=2)


def _bps(fraction: Decimal | None) -> Decimal | None:
    return None if fraction is None else (fraction * 10_000).quantize(Decimal("0.01"))


def _percent(fraction: Decimal | None) -> Decimal | None:
    return None if fraction is None else (fraction * 100).quantize(Decimal("0.1"))


def _fixed(value: Decimal) -> str:
    return format(value.quantize(Decimal("0.01")), "f")
