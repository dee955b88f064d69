import json
from decimal import Decimal
from typing import Literal, NamedTuple

import pytest

from controllers.core.plain import PlainError, from_plain, to_plain

D = Decimal


class Inner(NamedTuple):
    price: Decimal
    note: str | None = None


class Outer(NamedTuple):
    kind: Literal["a", "b"]
    is_on: bool
    count_: int
    inner: Inner
    many: tuple[Inner, ...]
    pair: tuple[int, Decimal]
    by_name: dict[str, Inner]
    added_later: int = 7


VALUE = Outer(
    "a", True, 3, Inner(D("1.10"), "x"), (Inner(D("0.1")), Inner(D("1E-9"))), (1, D(2)), {"k": Inner(D(5))}, 8
)


def test_what_was_written_is_read_back_to_the_last_digit():
    assert from_plain(Outer, json.loads(json.dumps(to_plain(VALUE)))) == VALUE


def test_a_field_an_older_writer_did_not_know_takes_its_default():
    data = to_plain(VALUE)
    del data["added_later"]
    assert from_plain(Outer, data).added_later == 7


def test_a_field_only_a_newer_writer_knows_is_ignored():
    assert from_plain(Outer, {**to_plain(VALUE), "from_the_future": 1}) == VALUE


@pytest.mark.parametrize(
    "path, value, words",
    [
        ("kind", "c", "$.kind"),
        ("is_on", 1, "$.is_on: expected bool"),
        ("count_", True, "$.count_: expected int"),
        ("count_", "3", "$.count_: expected int"),
        ("inner", [], "$.inner: expected an object"),
        ("inner", {}, "$.inner: price missing"),
        ("inner", {"price": 1.5}, "$.inner.price: expected a finite decimal"),
        ("inner", {"price": "NaN"}, "$.inner.price: expected a finite decimal"),
        ("inner", {"price": "x"}, "$.inner.price: expected a finite decimal"),
        ("inner", {"price": "1", "note": 5}, "$.inner.note"),
        ("many", {}, "$.many: expected a list"),
        ("many", [{"price": "1"}, {}], "$.many[1]: price missing"),
        ("pair", [1], "$.pair: expected 2 items"),
        ("by_name", [], "$.by_name: expected an object"),
    ],
)
def test_what_is_wrong_is_named_with_its_path(path, value, words):
    with pytest.raises(PlainError) as refused:
        from_plain(Outer, {**to_plain(VALUE), path: value})
    assert words in str(refused.value)


def test_what_has_no_plain_form_is_refused_both_ways():
    with pytest.raises(PlainError):
        to_plain(1.5)
    with pytest.raises(PlainError):
        from_plain(float, 1.5)
