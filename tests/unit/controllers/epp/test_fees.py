from decimal import Decimal

import pytest

from controllers.epp.fees import FeeOffer, fill_fee, fill_is_maker, resolve_fees
from tests.fakes.epp_world import fill

D = Decimal
VENUE = FeeOffer("venue", D("0.0002"), D("0.0006"), "account")
PROFILE = FeeOffer("profile", D("0.0003"), D("0.0007"), "fee_profiles.json")
MANUAL = FeeOffer("manual", D("0.0004"), D("0.0008"), "config")
SILENT = FeeOffer("venue", None, None, "timeout")
ODD = FeeOffer("profile", D("NaN"), D("0.0006"), "file")


@pytest.mark.parametrize(
    "offers, source, maker",
    [
        ([MANUAL, PROFILE, VENUE], "venue", "0.0002"),
        ([MANUAL, PROFILE, SILENT], "profile", "0.0003"),
        ([MANUAL, ODD, SILENT], "manual", "0.0004"),
        ([MANUAL], "manual", "0.0004"),
    ],
)
def test_the_cascade_takes_the_first_source_that_answers(offers, source, maker):
    fees = resolve_fees(offers, D("0.001"), D("0.002"))
    assert (fees.source, fees.maker_fee_pct, fees.is_resolved) == (source, D(maker), True)


def test_with_no_answer_the_fallback_is_marked_unresolved_and_every_source_is_told():
    fees = resolve_fees([SILENT, ODD], D("0.001"), D("0.002"))
    assert (fees.maker_fee_pct, fees.taker_fee_pct, fees.is_resolved) == (D("0.001"), D("0.002"), False)
    assert fees.trail == (
        "venue: no answer (timeout)",
        "profile: no answer (file)",
        "manual: not asked",
    )


def test_a_fee_that_cannot_be_read_is_booked_as_the_takers():
    assert fill_fee(fill(fee_quote=D("0.1")), D("0.0006")) == (D("0.1"), False)
    assert fill_fee(fill(fee_quote=D("NaN")), D("0.0006")) == (D("0.3000000"), True)


@pytest.mark.parametrize(
    "side, price, said, mid, expected",
    [
        ("buy", "50000", True, "40000", (True, False)),
        ("buy", "50000", False, "60000", (False, False)),
        ("buy", "50000", None, "50001", (True, True)),
        ("buy", "50000", None, "49999", (False, True)),
        ("sell", "50000", None, "49999", (True, True)),
        ("sell", "50000", None, "50001", (False, True)),
        ("buy", "50000", None, "50000", (False, True)),
        ("sell", "50000", None, "50000", (False, True)),
        ("sell", "50000", None, None, (False, True)),
    ],
)
def test_maker_is_what_the_venue_says_else_what_the_price_against_mid_says(side, price, said, mid, expected):
    ref = None if mid is None else D(mid)
    assert fill_is_maker(fill(side, price, is_maker=said), ref) == expected
