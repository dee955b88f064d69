"""One WebSocket session as the venue sees it: text in, texts and events out. Sans I/O, no clock.

Holds the login and the subscriptions of one connection. The shell (server.py) owns the socket, the backend owns the
data: on a Subscribed event the backend sends the snapshots, on every push the session encodes it for what it has
subscribed.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from services.common import venue
from services.dialects.bitget import wire_market
from services.dialects.bitget.book_stream import BookWriter
from services.dialects.bitget.signing import AccountKey, verify_login
from services.dialects.bitget.symbols import PRODUCT_USDT, NotASymbol, to_pair
from services.dialects.bitget.wire_account import account_push_row, position_row
from services.dialects.bitget.wire_orders import fill_row, order_push_row

Kind = Literal["public", "private"]
BookMode = Literal["snapshot", "diff"]

PRIVATE_CHANNELS = frozenset({"account", "positions", "orders", "fill"})
BOOK_LEVELS = {"books1": 1, "books5": 5, "books15": 15}  # always snapshots; "books" follows the mode
PUBLIC_CHANNELS = frozenset({"books", "trade", "ticker", *BOOK_LEVELS})

_LOGIN_ERRORS = {
    "Apikey does not exist": 30011,
    "apikey/password is incorrect": 30012,
    "Invalid ACCESS_TIMESTAMP": 30013,
    "Request timestamp expired": 30014,
    "sign signature error": 30015,
}


class LoggedIn(NamedTuple):
    account_id: str
    api_key: str


class Subscribed(NamedTuple):
    channel: str
    symbol: str | None  # the pair, None for all of the account


class Unsubscribed(NamedTuple):
    channel: str
    symbol: str | None


class Rejected(NamedTuple):
    """A login or subscription that was refused; already answered in ``Turn.send``."""

    refused: venue.Refused


SessionEvent = LoggedIn | Subscribed | Unsubscribed | Rejected
Topic = tuple[str, str | None]
KeyOf = Callable[[str], AccountKey | None]


class Turn(NamedTuple):
    """What one incoming text leads to: send these first, then act on the events, in order."""

    send: list[str]
    events: list[SessionEvent]


class ServerSession:
    """``key_of`` finds the owner of an api key. ``book_mode`` is how the ``books`` channel is kept up: full snapshots,
    or a snapshot and then differences with checksum, as the venue does."""

    def __init__(
        self, kind: Kind, key_of: Callable[[str], AccountKey | None], book_mode: BookMode = "snapshot"
    ) -> None:
        self.kind: Kind = kind
        self.account_id = ""  # set by a login
        self._key_of = key_of
        self._book_mode = book_mode
        self._topics: dict[Topic, dict[str, Any]] = {}  # what was subscribed, with the arg to repeat in every push
        self._books: dict[Topic, BookWriter] = {}

    def on_text(self, text: str, now_ms: int) -> Turn:
        """ "ping" answers "pong". Anything unreadable is answered with an error event, never an exception."""
        if text == "ping":
            return Turn(["pong"], [])
        turn = Turn([], [])
        try:
            message = json.loads(text)
            op, args = message["op"], message["args"]
            assert isinstance(args, list) and all(isinstance(arg, dict) for arg in args)
        except (ValueError, KeyError, TypeError, AssertionError):
            self._reject(turn, 30002, "BAD_REQUEST", f"Illegal request: {text[:200]}", None)
            return turn
        for arg in args:
            if op == "login":
                self._login(turn, arg, now_ms)
            elif op == "subscribe":
                self._subscribe(turn, arg)
            elif op == "unsubscribe":
                self._unsubscribe(turn, arg)
            else:
                self._reject(turn, 30003, "UNSUPPORTED", f"Invalid op {op!r}", arg)
        return turn

    def wants(self, channel: str, symbol: str | None) -> bool:
        """Whether a push of that channel would be sent."""
        return bool(self._matching(channel, symbol))

    def encode_push(self, push: venue.Push, now_ms: int) -> list[str]:
        """The messages this session is due for the push: none when it has not subscribed, or is another account's."""
        match push:
            case venue.OrderPush() if push.order.trigger_price is not None:
                return []  # waiting orders have a channel of their own, which is not offered
            case venue.OrderPush():
                symbol = push.order.symbol
                texts = self._private(push.account_id, "orders", symbol, now_ms, lambda: _order_rows(push))
                if push.fill is not None:
                    texts += self._private(push.account_id, "fill", symbol, now_ms, lambda: _fill_rows(push))
                return texts
            case venue.PositionsPush():
                return self._private(push.account_id, "positions", None, now_ms, lambda: _position_rows(push))
            case venue.AccountPush():
                # the venue's rows carry no time of their own: the account's stands for the message's
                ts_ms = push.account.ts_ms
                return self._private(push.account_id, "account", None, ts_ms, lambda: [account_push_row(push.account)])
            case venue.BookPush():
                return self._book(push.book, now_ms)
            case venue.TickerPush():
                rows = [wire_market.ticker_push_row(push.ticker)]
                topics = self._matching("ticker", push.ticker.symbol)
                return [_message("snapshot", self._topics[topic], rows, now_ms) for topic in topics]
            case venue.TradesPush():
                return self._trades(push, now_ms)

    # ---------------------------------------------------------------------------------------------------- incoming

    def _login(self, turn: Turn, arg: Mapping[str, Any], now_ms: int) -> None:
        key = self._key_of(str(arg.get("apiKey", "")))
        if key is None:
            refused: venue.Refused | None = venue.Refused(code="AUTH_FAILED", text="Apikey does not exist")
        else:
            refused = verify_login(arg, key.credentials, now_ms)
        if refused is not None or key is None:
            assert refused is not None
            self._reject(turn, _LOGIN_ERRORS.get(refused.text, 30005), refused.code, refused.text, None)
            return
        if self.account_id and self.account_id != key.account_id:
            self._reject(turn, 30005, "AUTH_FAILED", "logged in as another account already", None)
            return
        self.account_id = key.account_id
        turn.send.append('{"event":"login","code":0}')
        turn.events.append(LoggedIn(key.account_id, key.credentials.api_key))

    def _subscribe(self, turn: Turn, arg: Mapping[str, Any]) -> None:
        topic = self._topic(turn, arg)
        if topic is None:
            return
        self._topics[topic] = dict(arg)
        self._books.pop(topic, None)
        turn.send.append(_event("subscribe", arg))
        turn.events.append(Subscribed(*topic))

    def _unsubscribe(self, turn: Turn, arg: Mapping[str, Any]) -> None:
        topic = self._topic(turn, arg)
        if topic is None:
            return
        self._topics.pop(topic, None)
        self._books.pop(topic, None)
        turn.send.append(_event("unsubscribe", arg))
        turn.events.append(Unsubscribed(*topic))

    def _topic(self, turn: Turn, arg: Mapping[str, Any]) -> Topic | None:
        """The topic of an arg; None when it was refused."""
        channel, product = str(arg.get("channel", "")), str(arg.get("instType", "")).upper()
        offered = PRIVATE_CHANNELS if self.kind == "private" else PUBLIC_CHANNELS
        if channel not in offered:
            what = f"instType:{product},channel:{channel} doesn't exist"
            self._reject(turn, 30001, "UNSUPPORTED", what, arg)
            return None
        if self.kind == "private" and not self.account_id:
            self._reject(turn, 30004, "AUTH_FAILED", "User needs to log in", arg)
            return None
        if product != PRODUCT_USDT:
            self._reject(turn, 30016, "UNKNOWN_SYMBOL", f"instType {product}: only {PRODUCT_USDT} is traded here", arg)
            return None
        instrument = str(arg.get("instId", "default"))
        if instrument == "default":
            if self.kind == "private":
                return channel, None
            self._reject(turn, 30016, "PARAMETER_INVALID", "instId cannot be empty", arg)
            return None
        try:
            return channel, to_pair(instrument)
        except NotASymbol as error:
            self._reject(turn, 30016, "UNKNOWN_SYMBOL", str(error), arg)
            return None

    def _reject(self, turn: Turn, number: int, code: str, text: str, arg: Mapping[str, Any] | None) -> None:
        message: dict[str, Any] = {"event": "error", "code": number, "msg": text}
        if arg is not None:
            message["arg"] = arg
        turn.send.append(msgspec.json.encode(message).decode())
        turn.events.append(Rejected(venue.Refused(code=code, text=text)))

    # ---------------------------------------------------------------------------------------------------- outgoing

    def _matching(self, channel: str, symbol: str | None) -> list[Topic]:
        """Subscriptions that cover it: those of the pair, and those of everything."""
        candidates: list[Topic] = [(channel, None)]
        if symbol is not None:
            candidates.append((channel, symbol))
        elif self.kind == "private":
            candidates = [topic for topic in self._topics if topic[0] == channel]
        return [topic for topic in candidates if topic in self._topics]

    def _private(
        self, account_id: str, channel: str, symbol: str | None, now_ms: int, rows: Callable[[], list[Any]]
    ) -> list[str]:
        if not self.account_id or account_id != self.account_id:
            return []
        topics = self._matching(channel, symbol)
        if not topics:
            return []
        encoded = rows()
        return [_message("snapshot", self._topics[topic], _only(encoded, topic), now_ms) for topic in topics]

    def _book(self, book: venue.Book, now_ms: int) -> list[str]:
        texts = []
        for topic in self._matching("books", book.symbol):
            writer = self._books.get(topic)
            if writer is None:
                writer = self._books[topic] = BookWriter(self._book_mode)
            action, row = writer.message(book)
            texts.append(_message(action, self._topics[topic], [row], now_ms))
        for channel, depth in BOOK_LEVELS.items():
            for topic in self._matching(channel, book.symbol):
                part = msgspec.structs.replace(book, bids=book.bids[:depth], asks=book.asks[:depth])
                action, row = BookWriter("snapshot").message(part)
                texts.append(_message(action, self._topics[topic], [row], now_ms))
        return texts

    def _trades(self, push: venue.TradesPush, now_ms: int) -> list[str]:
        by_symbol: dict[str, list[Any]] = {}
        for trade in push.trades:
            by_symbol.setdefault(trade.symbol, []).append(wire_market.trade_row(trade))
        return [
            _message("update", self._topics[topic], rows, now_ms)
            for symbol, rows in by_symbol.items()
            for topic in self._matching("trade", symbol)
        ]


def _order_rows(push: venue.OrderPush) -> list[Any]:
    return [order_push_row(push.order, push.fill)]


def _fill_rows(push: venue.OrderPush) -> list[Any]:
    assert push.fill is not None
    return [{**fill_row(push.fill), "orderType": push.order.order_type, "uTime": str(push.fill.ts_exch_ms)}]


def _position_rows(push: venue.PositionsPush) -> list[Any]:
    return [position_row(position, push=True) for position in push.positions]


def _only(rows: list[Any], topic: Topic) -> list[Any]:
    """A subscription of one pair hears of that pair."""
    channel, symbol = topic
    if symbol is None or channel == "account":
        return rows
    return [row for row in rows if to_pair(row.get("instId") or row["symbol"]) == symbol]


def _message(action: str, arg: Mapping[str, Any], rows: list[Any], now_ms: int) -> str:
    return msgspec.json.encode({"action": action, "arg": arg, "data": rows, "ts": now_ms}).decode()


def _event(event: str, arg: Mapping[str, Any]) -> str:
    return msgspec.json.encode({"event": event, "arg": arg}).decode()
