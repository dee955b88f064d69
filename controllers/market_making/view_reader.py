"""Reads a Hummingbot connector into one immutable MarketView, or says why there is none. Translation only.

Hummingbot's order book holds binary floats. The shortest decimal that stands for such a float is the text the venue
sent (prices and sizes have far fewer than 15 digits), so ``Decimal(repr(x))`` is exact; nothing is computed in floats.
"""

import logging
import math
from decimal import Decimal
from typing import Any, NamedTuple

from controllers.core.values import ExternalIntent, Instrument, LiveOrder, MarketView, OwnFill, OwnRefusal

_log = logging.getLogger(__name__)

_ZERO = Decimal(0)


class Heard(NamedTuple):
    """What did not come from the connector's feeds."""

    orders: tuple[LiveOrder, ...]
    fills: tuple[OwnFill, ...]
    refusals: tuple[OwnRefusal, ...]
    intents: tuple[ExternalIntent, ...]
    cancels_last_minute: int
    funding_paid_today_quote: Decimal
    bus_blind_ms: int


class Top(NamedTuple):
    bid_price: Decimal
    bid_qty_base: Decimal
    ask_price: Decimal
    ask_qty_base: Decimal


class Fees(NamedTuple):
    """What to assume when the venue states no fees, as fractions."""

    maker_pct: Decimal
    taker_pct: Decimal


class ViewReader:
    """Remembers only when the top of book last differed."""

    def __init__(self, trading_pair: str, fallback_fees: Fees) -> None:
        self._pair = trading_pair
        self._quote_asset = trading_pair.split("-")[1]
        self._fallback_fees = fallback_fees
        self._top: Top | None = None
        self._top_changed_ms = 0
        self.book_read_failed_count = 0

    def why_not(self, connector: Any) -> tuple[str, str] | None:
        """Reason code and detail when there is nothing to judge by."""
        if not connector.ready:
            missing = [name for name, is_ready in connector.status_dict.items() if not is_ready]
            return "CONNECTOR_NOT_READY", f"waiting for {', '.join(missing)}"
        if self._pair not in connector.trading_rules:
            return "CONNECTOR_NOT_READY", f"no trading rule for {self._pair}"
        if self._quote_asset not in connector.get_all_balances():
            return "BALANCE_READ_FAILED", f"no balance in {self._quote_asset}"
        return None

    def top_or_reason(self, connector: Any) -> Top | str:
        """Best prices and quantities, or the reason code why there are none."""
        try:
            return _top(connector.get_order_book(self._pair))
        except (ValueError, ArithmeticError, RuntimeError) as error:
            self.book_read_failed_count += 1
            _log.warning("BOOK_READ_FAILED: %s: %r", self._pair, error)
            return "BOOK_READ_FAILED"

    def read(self, connector: Any, top: Top, now_ms: int, heard: Heard) -> MarketView:
        """The view at ``now_ms``."""
        if top != self._top:
            self._top, self._top_changed_ms = top, now_ms
        funding = connector.get_funding_info(self._pair)
        position = _position(connector, self._pair)
        equity = connector.get_balance(self._quote_asset)
        mark_price = _decimal(funding.mark_price)
        notional = abs(position[0]) * mark_price
        fees = connector.fee_rates(self._pair)
        rule = connector.trading_rules[self._pair]
        return MarketView(
            ts_ms=now_ms,
            instrument=Instrument(
                pair=self._pair,
                tick_size=rule.min_price_increment,
                lot_size=rule.min_base_amount_increment,
                min_qty_base=rule.min_order_size,
                min_notional_quote=rule.min_order_value,
                is_perpetual="perpetual" in connector.name,
            ),
            bid_price=top.bid_price,
            bid_qty_base=top.bid_qty_base,
            ask_price=top.ask_price,
            ask_qty_base=top.ask_qty_base,
            book_changed_ts_ms=self._top_changed_ms,
            book_heard_ts_ms=int(connector.book_heard_ts() * 1000),
            is_connected=connector.network_status.name == "CONNECTED",
            mark_price=mark_price,
            funding_rate_pct=_decimal(funding.rate),
            position_base=position[0],
            entry_price=position[1],
            equity_quote=equity,
            available_quote=connector.get_available_balance(self._quote_asset),
            margin_ratio_pct=equity / notional if notional > 0 else None,
            maker_fee_pct=fees[0] if fees else self._fallback_fees.maker_pct,
            taker_fee_pct=fees[1] if fees else self._fallback_fees.taker_pct,
            fee_source="venue" if fees else "manual",
            orders=heard.orders,
            fills=heard.fills,
            refusals=heard.refusals,
            intents=heard.intents,
            cancels_last_minute=heard.cancels_last_minute,
            funding_paid_today_quote=heard.funding_paid_today_quote,
            bus_blind_ms=heard.bus_blind_ms,
            is_fee_resolved=fees is not None,
            ws_reconnect_count=connector.ws_reconnect_count,
            book_read_failed_count=self.book_read_failed_count,
        )


def _top(book: Any) -> Top | str:
    bid, ask = next(iter(book.bid_entries()), None), next(iter(book.ask_entries()), None)
    if bid is None or ask is None:
        return "BOOK_EMPTY"
    if not all(math.isfinite(number) and number > 0 for number in (bid.price, bid.amount, ask.price, ask.amount)):
        return "BOOK_NOT_FINITE"
    top = Top(_decimal(bid.price), _decimal(bid.amount), _decimal(ask.price), _decimal(ask.amount))
    return top if top.bid_price < top.ask_price else "BOOK_CROSSED"


def _position(connector: Any, pair: str) -> tuple[Decimal, Decimal]:
    """(signed base, entry price), as the gateway reports it; zeros when flat."""
    for position in connector.account_positions.values():
        if position.trading_pair == pair and position.amount != 0:
            return position.amount, position.entry_price
    return _ZERO, _ZERO


def _decimal(number: Any) -> Decimal:
    return number if isinstance(number, Decimal) else Decimal(repr(float(number)))
