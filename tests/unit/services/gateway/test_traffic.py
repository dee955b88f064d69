"""What the venue answers, as its health."""

import pytest

from services.common import venue
from services.dialects.bitget import codec_client
from services.gateway.traffic import outcome_of

ORDER = venue.GetOrder(symbol="BTC-USDT", client_order_id="hb1-b0-a.1")


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b'{"code": "50001", "msg": "busy"}'])
def test_a_server_fault_as_the_dialect_reads_it_counts_as_one(body):
    assert outcome_of(codec_client.decode_answer(ORDER, 503, body)) == "fault"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (codec_client.decode_answer(ORDER, 429, b""), "throttled"),
        (codec_client.decode_answer(ORDER, 400, b'{"code": "40768", "msg": "no such order"}'), "ok"),
        (codec_client.decode_answer(ORDER, 200, b"<html>"), "error"),
        (venue.Unknown(detail="timeout"), "error"),
        (venue.Refused(code="VENUE_UNREACHABLE", text="VENUE_UNREACHABLE: -"), "error"),
    ],
)
def test_a_refusal_is_an_answer_and_silence_is_none(answer, outcome):
    assert outcome_of(answer) == outcome
