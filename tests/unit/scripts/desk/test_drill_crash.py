import asyncio
from collections import Counter

import pytest

from scripts.desk.drill_crash import VenueTruth, judge, run
from scripts.desk.places import REPO, Places
from scripts.desk.supervisor.summary import Integrity
from services.common.errors import ConfigError

GOOD = Integrity("PASS", 4, 0, 0, {})


def stored(*trade_ids: str, orders: tuple[str, ...] = ("c1", "c2")):
    fills = [{"kind": "fill.v1", "bot_id": "bot0", "trade_id": trade_id} for trade_id in trade_ids]
    order = {"kind": "order.v1", "bot_id": "bot0", "state": "ACCEPTED"}
    return fills + [{**order, "client_order_id": client_id} for client_id in orders]


def verdict(**changes):
    arguments = {
        "kills": Counter({"gateway": 2}), "asked": 2, "slow": [], "back_s": [3.0],
        "truth": VenueTruth(["t1", "t2"], ["c1", "c2"], "0.01"),
        "gateway_position": "0.0100", "stored": stored("t1", "t2"), "open_orders": 0, "integrity": GOOD, "seed": 7,
    }  # fmt: skip
    return judge(**{**arguments, **changes})


def test_equal_truths_pass():
    report = verdict()
    assert report["passed"]
    assert (report["kills"], report["fills_at_venue"], report["back_s_max"]) == (2, 2, 3.0)


def test_a_process_that_is_none_is_named_before_a_desk_is_started(tmp_path):
    started = []
    with pytest.raises(ConfigError, match="--of nosuch; known: venue_sim, gateway"):
        drill = run(kills=1, seed=1, names=("nosuch",), where=Places(REPO / "data", tmp_path), say=started.append)
        asyncio.run(drill)
    assert not started and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"stored": stored("t1")}, {"fills_lost": 1}),
        ({"stored": stored("t1", "t2", "t2")}, {"fills_twice": 1}),
        ({"stored": stored("t1", "t2", "t3")}, {"fills_invented": 1}),
        ({"stored": stored("t1", "t2", orders=("c1",))}, {"orders_unknown": 1}),
        ({"stored": stored("t1", "t2", orders=("c1", "c2", "c3"))}, {"orders_invented": 1}),
        ({"truth": VenueTruth(["t1", "t2"], ["c1", "c1"], "0.01")}, {"orders_twice": 1}),
        ({"open_orders": 1}, {"open_orders": 1}),
        ({"open_orders": None}, {"open_orders": None}),
        ({"gateway_position": "0.02"}, {"position_gateway": "0.02"}),
        ({"slow": ["gateway"]}, {"not_back": ["gateway"]}),
        ({"asked": 3}, {"kills": 2, "kills_asked": 3}),
        ({"integrity": GOOD._replace(status="FAIL")}, {"integrity": "FAIL"}),
        ({"truth": VenueTruth([], [], "0"), "stored": [], "gateway_position": "0"}, {"orders_at_venue": 0}),
    ],
)
def test_every_difference_fails_and_is_named(changes, finding):
    report = verdict(**changes)
    assert not report["passed"]
    assert {key: report[key] for key in finding} == finding
