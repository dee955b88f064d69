"""What a WebSocket session is told, in the fields that Hummingbot's connector reads."""

import json
from decimal import Decimal

import pytest

from services.common import venue
from services.dialects.bitget.book_stream import checksum
from services.dialects.bitget.session_server import Rejected, ServerSession, Subscribed, Unsubscribed
from services.dialects.bitget.signing import AccountKey, Credentials, login_args
from tests.unit.services.dialects.bitget.orders import a_fill, an_order

KEY = Credentials("key-1", "secret-1", "pass-1")
NOW_MS = 1_763_640_000_000
D = Decimal


def key_of(api_key: str) -> AccountKey | None:
    return AccountKey("bot1", KEY) if api_key == "key-1" else None


def subscribe(channel: str, **which: str) -> str:
    return json.dumps({"op": "subscribe", "args": [{"instType": "USDT-FUTURES", "channel": channel, **which}]})


def private() -> ServerSession:
    session = ServerSession("private", key_of)
    session.on_text(json.dumps({"op": "login", "args": [login_args(KEY, NOW_MS)]}), NOW_MS)
    for channel in ("account", "positions", "orders"):
        session.on_text(subscribe(channel, coin="default"), NOW_MS)
    return session


def rows(session: ServerSession, push: venue.Push) -> list[dict]:
    (text,) = session.encode_push(push, NOW_MS)
    message = json.loads(text)
    assert {"action", "arg", "data"} <= set(message)  # without these the connector drops it
    return message["data"]


def test_ping_is_answered_pong():
    assert ServerSession("public", key_of).on_text("ping", NOW_MS).send == ["pong"]


def test_a_login_is_answered_as_the_connector_expects():
    session = ServerSession("private", key_of)
    turn = session.on_text(json.dumps({"op": "login", "args": [login_args(KEY, NOW_MS)]}), NOW_MS)
    assert json.loads(turn.send[0]) == {"event": "login", "code": 0}


def test_a_subscription_is_acknowledged_with_its_own_words():
    session = ServerSession("public", key_of)
    turn = session.on_text(subscribe("books", instId="BTCUSDT"), NOW_MS)
    arg = {"instType": "USDT-FUTURES", "channel": "books", "instId": "BTCUSDT"}
    assert json.loads(turn.send[0]) == {"event": "subscribe", "arg": arg}
    assert turn.events == [Subscribed("books", "BTC-USDT")]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"op":"subscribe"}', '{"op":"subscribe","args":[1]}', '{"op":"dance","args":[{}]}', "пинг"],
)
def test_what_cannot_be_read_is_answered_with_an_error(text):
    turn = ServerSession("public", key_of).on_text(text, NOW_MS)
    assert json.loads(turn.send[0])["event"] == "error"
    assert isinstance(turn.events[0], Rejected)


@pytest.mark.parametrize(
    ("channel", "which"),
    [("secrets", {}), ("orders", {}), ("books", {}), ("books", {"instId": "default"}), ("books", {"instId": "???"})],
)
def test_a_public_session_is_refused_what_is_not_public_or_names_no_pair(channel, which):
    turn = ServerSession("public", key_of).on_text(subscribe(channel, **which), NOW_MS)
    assert isinstance(turn.events[0], Rejected)


def test_an_unsubscribed_channel_is_not_sent_any_more():
    session = ServerSession("public", key_of)
    session.on_text(subscribe("trade", instId="BTCUSDT"), NOW_MS)
    assert session.wants("trade", "BTC-USDT")
    turn = session.on_text(subscribe("trade", instId="BTCUSDT").replace("subscribe", "unsubscribe"), NOW_MS)
    assert turn.events == [Unsubscribed("trade", "BTC-USDT")]
    assert not session.wants("trade", "BTC-USDT")


def test_an_order_without_a_fill_has_no_fill_fields():
    (row,) = rows(private(), venue.OrderPush(account_id="bot1", order=an_order()))
    assert "tradeId" not in row and "fillPrice" not in row
    read = {"marginCoin", "size", "price", "leverage", "tradeSide", "status", "clientOid", "orderId"}
    assert read <= set(row)
    assert (row["status"], row["tradeSide"], row["price"]) == ("live", "buy_single", "60000.1")


def test_a_fill_has_what_the_connector_reads_and_a_negative_fee_when_paid():
    order = an_order(status="partially_filled", filled_base=D("0.004"))
    (row,) = rows(private(), venue.OrderPush(account_id="bot1", order=order, fill=a_fill()))
    assert (row["tradeId"], row["fillPrice"], row["baseVolume"]) == ("2000000001", "60000.1", "0.0040")
    assert (row["fillFee"], row["fillFeeCoin"], row["fillTime"]) == ("-0.04800008", "USDT", "1763640000500")


def test_a_market_orders_price_is_a_number_because_the_connector_makes_one_of_it():
    (row,) = rows(private(), venue.OrderPush(account_id="bot1", order=an_order(order_type="market", price=None)))
    assert Decimal(row["price"]) == 0


def test_an_order_that_was_rejected_is_told_as_canceled_because_the_connector_knows_no_other_word():
    (row,) = rows(private(), venue.OrderPush(account_id="bot1", order=an_order(status="rejected", reason="X")))
    assert (row["status"], row["cancelReason"]) == ("canceled", "X")


def test_no_positions_are_an_empty_list_which_means_that_all_are_closed():
    assert rows(private(), venue.PositionsPush(account_id="bot1", positions=())) == []


def test_an_order_that_waits_for_a_trigger_is_not_pushed():
    push = venue.OrderPush(account_id="bot1", order=an_order(trigger_price=D("65000")))
    assert private().encode_push(push, NOW_MS) == []


def test_a_second_login_as_somebody_else_is_refused():
    other = Credentials("key-2", "s", "p")
    session = ServerSession("private", lambda k: AccountKey("bot1", KEY) if k == "key-1" else AccountKey("bot2", other))
    session.on_text(json.dumps({"op": "login", "args": [login_args(KEY, NOW_MS)]}), NOW_MS)
    turn = session.on_text(json.dumps({"op": "login", "args": [login_args(other, NOW_MS)]}), NOW_MS)
    assert isinstance(turn.events[0], Rejected)
    assert session.account_id == "bot1"


def book(*bids: tuple[str, str], seq: int = 1) -> venue.BookPush:
    sides = tuple((D(price), D(size)) for price, size in bids)
    return venue.BookPush(book=venue.Book(symbol="BTC-USDT", bids=sides, asks=(), ts_exch_ms=NOW_MS, seq=seq))


def test_a_difference_names_what_changed_and_what_is_gone():
    session = ServerSession("public", key_of, "diff")
    session.on_text(subscribe("books", instId="BTCUSDT"), NOW_MS)
    session.encode_push(book(("100.0", "1"), ("99.0", "2"), seq=1), NOW_MS)
    message = json.loads(session.encode_push(book(("100.0", "1"), ("98.0", "3"), seq=2), NOW_MS)[0])
    assert message["action"] == "update"
    (row,) = message["data"]
    assert row["bids"] == [["98.0", "3"], ["99.0", "0"]]
    assert (row["pseq"], row["seq"]) == (1, 2)
    assert row["checksum"] == checksum([("100.0", "1"), ("98.0", "3")], [])


def test_the_checksum_is_signed_and_takes_bids_and_asks_in_turn():
    import zlib

    bids, asks = [("43231.1", "4"), ("43231", "6")], [("43232.8", "9")]
    crc = zlib.crc32(b"43231.1:4:43232.8:9:43231:6")
    assert checksum(bids, asks) == (crc - (1 << 32) if crc >= 1 << 31 else crc)


def test_shallow_books_are_cut_and_always_whole():
    session = ServerSession("public", key_of, "diff")
    session.on_text(subscribe("books1", instId="BTCUSDT"), NOW_MS)
    for seq in (1, 2):
        message = json.loads(session.encode_push(book(("100.0", "1"), ("99.0", "2"), seq=seq), NOW_MS)[0])
        assert message["action"] == "snapshot" and message["data"][0]["bids"] == [["100.0", "1"]]
