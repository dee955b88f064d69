"""Signatures: the known example, and what must not pass."""

import pytest

from services.dialects.bitget.signing import (
    WINDOW_MS,
    Credentials,
    login_args,
    rest_headers,
    sign,
    verify_login,
    verify_rest,
)

KEY = Credentials("key", "secret", "pass")
NOW_MS = 1_763_640_000_000
PATH = "/api/v2/mix/order/place-order"
BODY = '{"symbol":"BTCUSDT"}'


def received(method="POST"):
    """As a server hands them on: by lower-case name."""
    return {name.lower(): value for name, value in rest_headers(KEY, method, PATH, BODY, NOW_MS).items()}


def test_a_signature_is_base64_of_hmac_sha256():
    # openssl: printf '16273667805456GET/api/x?a=1' | openssl dgst -sha256 -hmac secret -binary | base64
    import base64
    import hashlib
    import hmac

    text = "16273667805456GET/api/x?a=1"
    assert sign("secret", text) == base64.b64encode(hmac.digest(b"secret", text.encode(), hashlib.sha256)).decode()


def test_what_was_signed_verifies():
    assert verify_rest(received("post"), "POST", PATH, BODY, KEY, NOW_MS + WINDOW_MS) is None


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", PATH, BODY), ("POST", PATH + "?x=1", BODY), ("POST", PATH, BODY + " ")],
)
def test_anything_changed_after_signing_does_not(method, path, body):
    refused = verify_rest(received(), method, path, body, KEY, NOW_MS)
    assert refused.text == "sign signature error"


@pytest.mark.parametrize("away_ms", [WINDOW_MS + 1, -WINDOW_MS - 1])
def test_outside_the_window_says_exactly_what_makes_hummingbot_resync(away_ms):
    refused = verify_rest(received(), "POST", PATH, BODY, KEY, NOW_MS + away_ms)
    assert (refused.code, refused.text) == ("CLOCK_SKEW", "Request timestamp expired")


@pytest.mark.parametrize("timestamp", ["", "-1", "1e3", "٣", "now"])
def test_a_timestamp_that_is_no_number_is_refused(timestamp):
    headers = {**received(), "access-timestamp": timestamp}
    assert verify_rest(headers, "POST", PATH, BODY, KEY, NOW_MS).text == "Invalid ACCESS_TIMESTAMP"


def test_a_login_in_seconds_or_milliseconds_verifies_within_the_window():
    args = login_args(KEY, NOW_MS)
    assert args["timestamp"] == str(NOW_MS // 1000)
    assert verify_login(args, KEY, NOW_MS) is None
    in_ms = {**args, "timestamp": str(NOW_MS), "sign": sign("secret", f"{NOW_MS}GET/user/verify")}
    assert verify_login(in_ms, KEY, NOW_MS) is None
    assert verify_login(args, KEY, NOW_MS + WINDOW_MS + 1_000).text == "Request timestamp expired"


def test_a_login_with_another_secret_or_passphrase_is_refused():
    assert verify_login(login_args(KEY._replace(secret="x"), NOW_MS), KEY, NOW_MS).text == "sign signature error"
    wrong = verify_login(login_args(KEY._replace(passphrase="x"), NOW_MS), KEY, NOW_MS)
    assert wrong.text == "apikey/password is incorrect"


def test_credentials_do_not_print_their_secrets():
    assert "secret=***" in repr(KEY) and "pass" not in repr(KEY).replace("passphrase", "")
