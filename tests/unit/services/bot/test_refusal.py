"""What a failed request means, read from the text Hummingbot makes of it."""

import pytest

from services.bot.refusal import code_and_text, is_definite, is_not_found

HTTP_400 = (
    "Error executing request POST http://127.0.0.1:1/api/v2/mix/order/place-order. HTTP status is 400. Error: "
    '{"code":"40808","msg":"STALE_MARKET: value=7000, limit=5000","requestTime":1,"data":null}'
)


class ClientConnectorError(OSError):
    """aiohttp's name for: nobody listens."""


def test_an_envelope_is_a_definite_refusal_and_keeps_its_code_and_text():
    assert is_definite(OSError(HTTP_400))
    assert code_and_text(HTTP_400) == ("STALE_MARKET", "value=7000, limit=5000")


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        OSError("HTTP status is 502. Error: bad gateway"),
        OSError("Server disconnected"),
        KeyError("data"),
    ],
)
def test_silence_and_broken_connections_are_not_definite(error):
    assert not is_definite(error)
    assert not is_not_found(error)


def test_a_connection_that_was_never_made_is_definite():
    assert is_definite(ClientConnectorError("Cannot connect to host 127.0.0.1:1"))
    assert code_and_text("Cannot connect to host 127.0.0.1:1")[0] == "VENUE_UNREACHABLE"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"code":"40768","msg":"ORDER_NOT_FOUND: order=7"}', True),
        ('{"code":"40768","msg":"Order does not exist"}', True),
        ("Error: 43001 - The order does not exist", True),
        ('{"code":"40808","msg":"PRICE_COLLAR_PASSIVE: price=43001.5"}', False),
        ("HTTP status is 503. Error: 40768", False),
        ('{"code":"40769","msg":"ORDER_NOT_OPEN: filled"}', False),
    ],
)
def test_not_found_is_what_the_gateway_says_and_not_a_number_in_a_text(text, expected):
    assert is_not_found(OSError(text)) is expected
