"""Since when something has been so, without a break."""

from scripts.simulate.lasting import Lasting


def lasting_at(looks: dict[int, tuple[str, ...]], *, bound_ms: int = 5, calm_since_ms: int = 0) -> dict[str, int]:
    lasting = Lasting()
    for now_ms, keys in looks.items():
        lasting.look(keys, now_ms)
    return dict(lasting.longer_than(bound_ms, max(looks), calm_since_ms))


def test_what_lasts_longer_than_its_bound_is_told_with_its_age():
    assert lasting_at({0: ("a",), 4: ("a", "b"), 10: ("a", "b")}) == {"a": 10, "b": 6}


def test_at_the_bound_nothing_is_told():
    assert lasting_at({0: ("a",), 5: ("a",)}) == {}


def test_what_was_gone_in_between_begins_anew():
    assert lasting_at({0: ("a",), 4: (), 6: ("a",), 10: ("a",)}) == {}


def test_the_time_before_the_calm_does_not_count():
    assert lasting_at({0: ("a",), 10: ("a",)}, calm_since_ms=7) == {}
    assert lasting_at({0: ("a",), 10: ("a",)}, calm_since_ms=4) == {"a": 6}
