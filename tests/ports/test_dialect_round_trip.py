"""What one side of a dialect writes, the other reads as the same value: requests, answers, pushes.

Invariants: decode(encode(request)) == request for every request type; decode(encode(answer)) == answer for every answer
and refusal; every push reaches the session that subscribed to it, equal, and no other account's session.
"""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.common import venue
from services.contracts.reasons import GATEWAY, VENUE
from services.dialects.bitget.codec_client import decode_answer, encode_request
from services.dialects.bitget.codec_server import Call, decode_request, encode_answer
from services.dialects.bitget.session_client import ClientSession, SessionReady
from services.dialects.bitget.session_server import LoggedIn, ServerSession, Subscribed
from services.dialects.bitget.signing import AccountKey, Credentials
from tests.ports import dialect_values as values

KEY = Credentials("key-1", "secret-1", "pass-1")
NOW_MS = 1_763_640_000_000
PAIRS = ("BTC-USDT", "ETH-USDT", "SOL-USDT")
SETTINGS = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def all_request_types() -> set[type[venue.Request]]:
    return {kind for kind in vars(venue).values() if isinstance(kind, type) and issubclass(kind, venue.Request)} - {
        venue.Request,
        venue.PastRequest,
    }


def asked(request: venue.Request) -> Call:
    sent = encode_request(request, KEY, NOW_MS)
    path, _, query = sent.path_with_query.partition("?")
    call = decode_request(sent.method, path, query, sent.body.encode())
    assert isinstance(call, Call), call
    return call


def test_every_request_of_the_venue_port_has_a_strategy():
    assert set(values.REQUESTS) == all_request_types()


@pytest.mark.parametrize("kind", values.REQUESTS, ids=lambda kind: kind.__name__)
def test_a_request_arrives_as_it_was_asked(kind):
    @SETTINGS
    @given(request=values.REQUESTS[kind])
    def holds(request):
        assert asked(request).request == request

    holds()


@pytest.mark.parametrize("kind", values.REQUESTS, ids=lambda kind: kind.__name__)
def test_an_answer_arrives_as_it_was_given(kind):
    @SETTINGS
    @given(data=st.data())
    def holds(data):
        request = data.draw(values.REQUESTS[kind])
        answer = data.draw(values.answer_to(request))
        reply = encode_answer(asked(request), answer, NOW_MS)
        assert reply.status == 200
        expected = answer
        if isinstance(request, venue.GetOrderHistory | venue.GetFills | venue.GetBills):
            expected = newest(request, answer)
        assert decode_answer(request, reply.status, reply.body) == expected

    holds()


def newest(request, rows):
    """Lists that name a limit come newest first and no longer than it."""
    id_field = {venue.GetOrderHistory: "venue_order_id", venue.GetFills: "trade_id", venue.GetBills: "bill_id"}
    by_id = sorted(rows, key=lambda row: int(getattr(row, id_field[type(request)])), reverse=True)
    return tuple(by_id[: request.limit])


@pytest.mark.parametrize("code", [row[0] for row in (*VENUE, *GATEWAY)])
@pytest.mark.parametrize("kind", [venue.PlaceOrder, venue.CancelOrder, venue.GetOrder])
def test_a_refusal_keeps_its_code_and_its_words(kind, code):
    @settings(max_examples=3, deadline=None)
    @given(request=values.REQUESTS[kind])
    def holds(request):
        refused = venue.Refused(code=code, text=f"{code}: value=1200.5, limit=1000, next=lower the size")
        reply = encode_answer(asked(request), refused, NOW_MS)
        assert reply.status >= 400
        if reply.status < 500:
            assert decode_answer(request, reply.status, reply.body) == refused
        else:
            assert isinstance(decode_answer(request, reply.status, reply.body), venue.Unknown)
        assert refused.text in reply.body.decode()

    holds()


def test_a_rate_limit_says_when_to_come_back():
    request = venue.GetAccount()
    refused = venue.Refused(code="RATE_LIMITED", text="RATE_LIMITED: 11 in 1 s, limit=10", retry_after_ms=350)
    reply = encode_answer(asked(request), refused, NOW_MS)
    assert reply.status == 429
    assert (
        decode_answer(request, reply.status, reply.body, {name.lower(): value for name, value in reply.headers})
        == refused
    )


# ----------------------------------------------------------------------------------------------------------- pushes


def key_of(api_key: str) -> AccountKey | None:
    return {"key-1": AccountKey("bot1", KEY)}.get(api_key)


def connected(client: ClientSession, server: ServerSession) -> list[object]:
    """Exchange texts until both sides have nothing to say; the events of both."""
    events: list[object] = []
    to_server = client.opening(NOW_MS)
    while to_server:
        to_client = []
        for text in to_server:
            turn = server.on_text(text, NOW_MS)
            to_client += turn.send
            events += turn.events
        to_server = []
        for text in to_client:
            incoming = client.on_text(text, NOW_MS)
            to_server += incoming.send
            events += incoming.events
    return events


def private_pair() -> tuple[ClientSession, ServerSession]:
    client, server = ClientSession(account_id="bot1", credentials=KEY), ServerSession("private", key_of)
    events = connected(client, server)
    assert events[0] == LoggedIn("bot1", "key-1")
    assert SessionReady() in events
    return client, server


def public_pair(mode="diff") -> tuple[ClientSession, ServerSession]:
    client, server = ClientSession(symbols=PAIRS), ServerSession("public", key_of, mode)
    events = connected(client, server)
    assert Subscribed("books", "ETH-USDT") in events
    assert SessionReady() in events
    return client, server


def delivered(client: ClientSession, server: ServerSession, push: venue.Push) -> list[venue.Push]:
    heard = []
    for text in server.encode_push(push, NOW_MS):
        incoming = client.on_text(text, NOW_MS)
        assert not incoming.events, incoming.events
        heard += incoming.pushes
    return heard


@SETTINGS
@given(push=values.private_pushes)
def test_a_private_push_arrives_as_it_was_sent(push):
    assert delivered(*private_pair(), push) == [push]


@SETTINGS
@given(push=values.private_pushes)
def test_a_private_push_of_another_account_is_never_sent(push):
    _, server = private_pair()
    assert server.encode_push(msgspec.structs.replace(push, account_id="bot2"), NOW_MS) == []


@SETTINGS
@given(push=values.public_pushes)
def test_a_public_push_arrives_as_it_was_sent(push):
    assert delivered(*public_pair(), push) == [push]


@SETTINGS
@given(mode=st.sampled_from(["diff", "snapshot"]), books=st.lists(values.books(st.just(0)), min_size=1, max_size=5))
def test_a_book_kept_up_by_differences_equals_the_book_that_was_sent(mode, books):
    client, server = public_pair(mode)
    for seq, book in enumerate(books, 1):
        sent = venue.BookPush(book=msgspec.structs.replace(book, symbol="BTC-USDT", seq=seq))
        assert delivered(client, server, sent) == [sent]


def test_nothing_private_is_sent_before_the_login():
    server = ServerSession("private", key_of)
    assert server.encode_push(venue.PositionsPush(account_id="", positions=()), NOW_MS) == []
    turn = server.on_text('{"op":"subscribe","args":[{"instType":"USDT-FUTURES","channel":"orders"}]}', NOW_MS)
    assert '"code":30004' in turn.send[0]
