"""Latency of the virtual world: by place, from the seed."""

import pytest

from scripts.simulate.wires import PLACES, Wires
from services.common import venue

CANCEL = venue.CancelOrder(account_id="bot1", symbol="BTC-USDT", client_order_id="c1")


def push(account_id: str) -> venue.PositionsPush:
    return venue.PositionsPush(account_id=account_id, positions=())


def test_every_place_is_drawn_by_some_seed():
    assert {Wires(seed).place for seed in range(60)} == set(PLACES)


def test_a_seed_draws_the_same_delays_again():
    draws = [[wires.request_ms(CANCEL) for _ in range(50)] for wires in (Wires(3), Wires(3))]
    assert draws[0] == draws[1]
    assert len(set(draws[0])) > 1


@pytest.mark.parametrize("seed", range(8))
def test_a_stream_never_overtakes_itself(seed):
    wires = Wires(seed)
    arrivals = [now_ms + wires.push_ms(push("bot1"), now_ms) for now_ms in range(0, 2_000, 5)]
    assert arrivals == sorted(arrivals)


def test_streams_do_not_wait_for_each_other():
    wires = Wires(1)
    wires.push_ms(push("bot1"), 100_000)
    assert wires.push_ms(push("bot2"), 0) < 90_000
