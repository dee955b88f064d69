import json
from decimal import Decimal

import pytest

from controllers.epp.decide import StateRefused, from_dict, initial_state, to_dict
from controllers.epp.state import EppState
from tests.fakes.epp_world import DEMO, World, intent

D = Decimal


def lived() -> World:
    world = World(DEMO)
    for second in range(400):
        world.mid += D(7) if second % 3 else D(-13)
        world.tick()
        if second % 40 == 5 and "b0" in world.orders:
            world.trade("b0")
        if second == 50:
            world.intents = [intent("set_target_base_pct", target_base_pct=D("0.1"))]
    return world


def test_what_a_restart_must_remember_is_remembered_to_the_last_digit():
    world = lived()
    saved = json.loads(json.dumps(to_dict(world.state)))
    again = from_dict(saved, DEMO)
    for name in ("daily", "intents", "regime", "budget", "last"):
        assert getattr(again, name) == getattr(world.state, name), name
    assert again.indicators == world.state.indicators._replace(last_slot=-1)
    assert again.markouts.window == world.state.markouts.window
    assert again.ledger.trade_ids == world.state.ledger.trade_ids


def test_what_belongs_to_a_life_starts_empty():
    again = from_dict(to_dict(lived().state), DEMO)
    assert not again.is_started
    assert again.clock_ms == again.minute_ms == 0, "a clock that was ahead is not remembered"
    assert again.levels == EppState().levels
    assert again.derisk == EppState().derisk
    assert again.markouts.waiting == ((), (), ())
    assert not again.ledger.is_based


def test_a_saved_state_is_small_whatever_the_length_of_the_run():
    world = lived()
    bars = world.state.indicators.bars[-1:] * 2880
    state = world.state._replace(indicators=world.state.indicators._replace(bars=bars))
    assert len(json.dumps(to_dict(state))) < 150_000
    assert len(from_dict(to_dict(state), DEMO).indicators.bars) == 240


@pytest.mark.parametrize(
    "data, code",
    [
        ({}, "STATE_VERSION"),
        ({"version": 99, "state": {}}, "STATE_VERSION"),
        ([], "STATE_VERSION"),
        ({"version": 1}, "STATE_UNREADABLE"),
        ({"version": 1, "state": {"daily": {"day": "x"}}}, "STATE_UNREADABLE"),
    ],
)
def test_a_state_that_cannot_be_read_is_refused_with_what_to_do(data, code):
    with pytest.raises(StateRefused) as refused:
        from_dict(data, DEMO)
    assert str(refused.value).startswith(code)


def test_a_state_of_an_older_writer_is_completed_by_defaults():
    data = to_dict(initial_state(DEMO))
    del data["state"]["book"]
    assert from_dict(data, DEMO).book == EppState().book
