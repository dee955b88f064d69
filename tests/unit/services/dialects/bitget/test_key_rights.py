"""What a venue key may do, read from the venue's own words."""

import json

import pytest

from services.common import venue
from services.dialects.bitget.codec_client import decode_answer


def rights(words: object) -> venue.Answer | venue.Unknown:
    body = json.dumps({"code": "00000", "msg": "success", "requestTime": 1, "data": {"authorities": words}}).encode()
    return decode_answer(venue.GetKeyRights(), 200, body)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["trade", "readonly"], ("read", "trade")),  # the example of the venue's page
        (["coow", "cpow", "stor"], ("read", "trade")),
        (["coow", "wtor"], ("read", "trade")),  # may look at transfers
        (["coow", "wtow"], ("trade", "transfer")),
        (["coow", "wwow"], ("trade", "withdraw")),
        (["coow", "chow"], ("sub_account", "trade")),
        (["coow", "p2p"], ("p2p", "trade")),
        (["coow", "what_comes_next_year"], ("trade", "what_comes_next_year")),
    ],
)
def test_each_word_of_the_venue_has_its_meaning_and_an_unknown_one_keeps_its_name(words, expected):
    assert rights(words) == venue.KeyRights(rights=expected)


@pytest.mark.parametrize("words", [None, [], "trade", [1], {"trade": True}])
def test_a_list_that_cannot_be_read_is_no_answer(words):
    assert isinstance(rights(words), venue.Unknown)
