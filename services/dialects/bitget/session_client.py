"""One WebSocket session as the desk sees it: what to send, and what a text means. Sans I/O, no clock.

Public: subscribe to books, trade and ticker of the pairs. Private: login, then account, positions and orders.
A book kept up by differences is checked by checksum and sequence; on a mismatch the session asks for it afresh and
says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from services.common import venue
from services.dialects.bitget.book_stream import BookReader, Broken
from services.dialects.bitget.signing import Credentials, login_args
from services.dialects.bitget.symbols import PRODUCT_USDT, NotASymbol, to_pair, to_symbol
from services.dialects.bitget.text import NotReadable, str_of
from services.dialects.bitget.wire_account import account_from_push_row, position_from_row
from services.dialects.bitget.wire_market import ticker_from_row, trade_from_row
from services.dialects.bitget.wire_orders import order_from_push_row

PING_TEXT = "ping"
SNAPSHOT_WITHIN_MS = 2_000  # after it was asked for; then it was lost, and is asked for again
PUBLIC_CHANNELS = ("books", "trade", "ticker")
PRIVATE_CHANNELS = ("account", "positions", "orders")


class SessionReady(NamedTuple):
    """Logged in where needed, and every subscription acknowledged."""


class SessionRefused(NamedTuple):
    """The venue refused the login or a subscription; nothing will come."""

    refused: venue.Refused


class BookBroken(NamedTuple):
    """Sequence or checksum did not match, or a level is none; the book was dropped, and a snapshot is asked for."""

    symbol: str
    detail: str


class Pong(NamedTuple):
    pass


class Unreadable(NamedTuple):
    """A text that is not of the dialect; kept as evidence."""

    text: str
    detail: str


ClientEvent = SessionReady | SessionRefused | BookBroken | Pong | Unreadable


class Incoming(NamedTuple):
    pushes: list[venue.Push]
    events: list[ClientEvent]
    send: list[str]


class ClientSession:
    """``credentials`` makes it private, for ``account_id``; otherwise public, for ``symbols``."""

    def __init__(
        self, *, account_id: str = "", credentials: Credentials | None = None, symbols: Sequence[str] = ()
    ) -> None:
        self.account_id = account_id
        self.is_private = credentials is not None
        self.is_ready = False
        self._credentials = credentials
        self._args = _private_args() if self.is_private else _public_args(symbols)
        self._unacknowledged = {_key(arg) for arg in self._args}
        self._books: dict[str, BookReader] = {}
        self._snapshot_awaited_ms: dict[str, int] = {}  # since when, of pairs whose book is not there

    def opening(self, now_ms: int) -> list[str]:
        """The first texts: login when private, subscriptions when public."""
        if self._credentials is not None:
            return [_request("login", [login_args(self._credentials, now_ms)])]
        return [_request("subscribe", self._args)]

    def on_text(self, text: str, now_ms: int) -> Incoming:
        """Never raises on what a venue says."""
        incoming = Incoming([], [], [])
        if text == "pong":
            incoming.events.append(Pong())
            return incoming
        try:
            message = msgspec.json.decode(text)
            if "event" in message:
                self._on_event(incoming, message)
            else:
                self._on_data(incoming, message, now_ms)
        except (msgspec.DecodeError, NotReadable, NotASymbol, KeyError, TypeError, ValueError, AttributeError) as error:
            incoming.events.append(Unreadable(text[:500], f"{type(error).__name__}: {error}"))
        return incoming

    # ------------------------------------------------------------------------------------------------------- events

    def _on_event(self, incoming: Incoming, message: Mapping[str, Any]) -> None:
        event = message["event"]
        if event == "login" and str(message.get("code", "0")) == "0":
            incoming.send.append(_request("subscribe", self._args))
        elif event == "subscribe":
            self._unacknowledged.discard(_key(message["arg"]))
            if not self._unacknowledged and not self.is_ready:
                self.is_ready = True
                incoming.events.append(SessionReady())
        elif event in ("error", "login"):
            code, text = str(message.get("code", "")), str(message.get("msg", ""))
            refused = venue.Refused(code="AUTH_FAILED" if self.is_private else "BAD_REQUEST", text=f"{code} {text}")
            incoming.events.append(SessionRefused(refused))
        elif event != "unsubscribe":
            raise NotReadable(f"event={event!r} is not known")

    # --------------------------------------------------------------------------------------------------------- data

    def _on_data(self, incoming: Incoming, message: Mapping[str, Any], now_ms: int) -> None:
        arg, rows = message["arg"], message["data"]
        channel = arg["channel"]
        if channel == "books":
            self._on_book(incoming, arg, str(message["action"]), rows, now_ms)
        elif channel == "trade":
            symbol = to_pair(arg["instId"])
            incoming.pushes.append(venue.TradesPush(trades=tuple(trade_from_row(symbol, row) for row in rows)))
        elif channel == "ticker":
            incoming.pushes.extend(venue.TickerPush(ticker=ticker_from_row(row)) for row in rows)
        elif channel == "orders":
            for row in rows:
                order, fill = order_from_push_row(row)
                incoming.pushes.append(venue.OrderPush(account_id=self.account_id, order=order, fill=fill))
        elif channel == "positions":
            positions = tuple(position_from_row(row) for row in rows)
            incoming.pushes.append(venue.PositionsPush(account_id=self.account_id, positions=positions))
        elif channel == "account":
            ts_ms = int(message.get("ts") or 0)
            accounts = [account_from_push_row(row, ts_ms) for row in rows if str_of(row, "marginCoin") == "USDT"]
            incoming.pushes.extend(venue.AccountPush(account_id=self.account_id, account=a) for a in accounts)
        else:
            raise NotReadable(f"channel={channel!r} was not subscribed")

    def _on_book(
        self, incoming: Incoming, arg: Mapping[str, Any], action: str, rows: Sequence[Any], now_ms: int
    ) -> None:
        symbol = to_pair(arg["instId"])
        reader = self._books.get(symbol)
        if reader is None:
            if action != "snapshot":
                self._await_snapshot(incoming, symbol, arg, now_ms)
                return
            reader = self._books[symbol] = BookReader(symbol)
            self._snapshot_awaited_ms.pop(symbol, None)
        for row in rows:
            try:
                book = reader.read(action, row)
            except NotReadable as error:  # half of it may stand in the book already
                book = Broken(str(error))
            if isinstance(book, Broken):
                del self._books[symbol]
                incoming.events.append(BookBroken(symbol, book.detail))
                if action == "snapshot":  # the next would be like it: not before a while
                    self._snapshot_awaited_ms[symbol] = now_ms
                else:
                    self._ask_for_snapshot(incoming, symbol, arg, now_ms)
                return
            incoming.pushes.append(venue.BookPush(book=book))

    def _await_snapshot(self, incoming: Incoming, symbol: str, arg: Mapping[str, Any], now_ms: int) -> None:
        """Differences without a book: still on their way when it was dropped, or the snapshot was lost: ask again."""
        if now_ms - self._snapshot_awaited_ms.setdefault(symbol, now_ms) >= SNAPSHOT_WITHIN_MS:
            incoming.events.append(BookBroken(symbol, f"no snapshot within {SNAPSHOT_WITHIN_MS} ms"))
            self._ask_for_snapshot(incoming, symbol, arg, now_ms)

    def _ask_for_snapshot(self, incoming: Incoming, symbol: str, arg: Mapping[str, Any], now_ms: int) -> None:
        self._snapshot_awaited_ms[symbol] = now_ms
        incoming.send.extend((_request("unsubscribe", [arg]), _request("subscribe", [arg])))


def _public_args(symbols: Sequence[str]) -> list[dict[str, str]]:
    return [
        {"instType": PRODUCT_USDT, "channel": channel, "instId": to_symbol(symbol)}
        for symbol in symbols
        for channel in PUBLIC_CHANNELS
    ]


def _private_args() -> list[dict[str, str]]:
    """``account`` is subscribed by coin, the others by instrument."""
    return [
        {"instType": PRODUCT_USDT, "channel": channel, "coin" if channel == "account" else "instId": "default"}
        for channel in PRIVATE_CHANNELS
    ]


def _key(arg: Mapping[str, Any]) -> tuple[str, str]:
    return str(arg["channel"]), str(arg.get("instId", "default"))


def _request(op: str, args: Sequence[Mapping[str, Any]]) -> str:
    return msgspec.json.encode({"op": op, "args": args}).decode()
