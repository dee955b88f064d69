"""Refusals between neutral codes and the venue's numbers, and the digits that Hummingbot misreads."""

import re
from pathlib import Path

import hummingbot
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common import venue
from services.dialects.bitget import codes
from services.dialects.bitget.codec_server import Call, encode_answer, encode_refusal

CONSTANTS = Path(hummingbot.__file__).parent / "connector/derivative/bitget_perpetual/bitget_perpetual_constants.py"
HUMMINGBOTS_CODES = tuple(
    re.findall(r'"(\d{5})"', re.search(r"RET_CODES_ORDER_NOT_EXISTS = \[(.*?)\]", CONSTANTS.read_text(), re.S)[1])
)
NOW_MS = 1_763_640_000_000


def reads_as_not_found(body: bytes) -> bool:
    """As Hummingbot decides it: a substring anywhere in the error's text."""
    return any(code in body.decode() for code in HUMMINGBOTS_CODES)


def test_the_codes_that_mean_not_found_are_the_connectors():
    assert codes.NOT_FOUND_CODES == HUMMINGBOTS_CODES and len(HUMMINGBOTS_CODES) == 9


def test_no_other_refusal_has_a_number_that_reads_as_not_found():
    for code, _, number in codes.table():
        assert (number in HUMMINGBOTS_CODES) is (code == "ORDER_NOT_FOUND"), code


@pytest.mark.parametrize("endpoint", ["mix/order/cancel-order", "mix/order/detail", "mix/order/fills"])
@given(price=st.sampled_from(HUMMINGBOTS_CODES), before=st.text("0123456789", max_size=4), ms=st.integers(0, 10**9))
def test_a_price_in_a_refused_cancel_never_reads_as_not_found(endpoint, price, before, ms):
    text = f"SCOPE_HALTED: price={before}{price}.5, limit=1000"
    reply = encode_refusal(venue.Refused(code="SCOPE_HALTED", text=text), 1_743_001_000_000 + ms, endpoint=endpoint)
    assert not reads_as_not_found(reply.body)


def test_a_time_whose_digits_read_as_not_found_is_left_out_of_a_refusal():
    refused = venue.Refused(code="RATE_LIMITED", text="RATE_LIMITED: slow down")
    assert not reads_as_not_found(encode_refusal(refused, 1_780_011_000_000, endpoint="mix/order/detail").body)


def test_a_real_not_found_reads_as_not_found():
    refused = venue.Refused(code="ORDER_NOT_FOUND", text="ORDER_NOT_FOUND: 7")
    assert reads_as_not_found(encode_refusal(refused, NOW_MS, endpoint="mix/order/detail").body)


def test_a_refused_place_keeps_every_digit():
    text = "ORDER_VALUE_LIMIT: value=43001.5, limit=1000"
    reply = encode_refusal(venue.Refused(code="ORDER_VALUE_LIMIT", text=text), NOW_MS, endpoint="mix/order/place-order")
    assert text.encode() in reply.body


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("price=43001.5", "price=43_001.5"),
        ("id=1143001222", "id=1_143_001_222"),
        ("043001", "043_001"),
        ("price=60123.4, id=7", "price=60123.4, id=7"),
    ],
)
def test_only_digits_that_would_be_misread_are_broken_up(text, mended):
    assert codes.without_false_not_found(text) == mended


def test_the_head_of_a_message_decides_before_the_number():
    assert codes.refusal_from("40808", "PRICE_COLLAR_PASSIVE: value=1").code == "PRICE_COLLAR_PASSIVE"


@pytest.mark.parametrize(
    ("number", "message", "code"),
    [
        ("43012", "Insufficient balance", "INSUFFICIENT_MARGIN"),
        ("40786", "Duplicate clientOid", "DUPLICATE_CLIENT_ORDER_ID"),
        ("43001", "The order does not exist", "ORDER_NOT_FOUND"),
        ("45110", "less than the minimum amount 5 USDT", "NOTIONAL_BELOW_MIN"),
        ("22002", "No position to close", "REDUCE_ONLY_REJECTED"),
        ("40009", "sign signature error", "AUTH_FAILED"),
        ("40008", "Request timestamp expired", "CLOCK_SKEW"),
        ("40920", "Position or order exists, the position mode cannot be switched", "POSITION_MODE_LOCKED"),
        ("99999", "something nobody has met", "BAD_REQUEST"),
    ],
)
def test_what_the_real_venue_says_is_understood_by_its_number(number, message, code):
    refused = codes.refusal_from(number, message)
    assert refused.code == code
    assert message in refused.text


def test_a_shut_door_and_a_rate_limit_have_a_status_of_their_own():
    statuses = {code: status for code, status, _ in codes.table()}
    assert (statuses["DOOR_SHUT"], statuses["RATE_LIMITED"], statuses["NOT_IN_DIALECT"]) == (503, 429, 404)


def test_an_answer_to_another_question_is_our_mistake_and_loud():
    call = Call("mix/order/place-order", True, venue.GetTime())
    with pytest.raises(TypeError, match="is no answer to"):
        encode_answer(call, venue.ServerTime(ts_ms=1), NOW_MS)
