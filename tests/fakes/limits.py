"""The repository's policy with some figures changed, and a gateway's state machine under it."""

import copy
from decimal import Decimal

import pytest

from services.common import venue
from services.common.yaml_file import read_yaml
from services.gateway.limits.policy import Policy, parse_policy
from tests.fakes.gateway_desk import POLICY_PATH, Desk

TREE = read_yaml(POLICY_PATH)


def policy(**limits: int) -> Policy:
    """The repository's policy with some figures of the scopes bot…desk changed: bot__open_orders_max=3."""
    tree = copy.deepcopy(TREE)
    for name, value in limits.items():
        scope, _, limit = name.partition("__")
        tree["limits"][scope][limit] = value
    return parse_policy(tree)


def desk_with(bots: tuple[str, ...] = ("bot1",), **limits: int) -> Desk:
    return Desk(bots=bots, policy=policy(**limits)).start()


def filled(desk: Desk, side: venue.Side, qty: str, bot: str = "bot1", level: str = "b9") -> str:
    client_id = desk.placed(side, None, qty, level, bot=bot)
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal(qty))
    desk.deliver_pushes()
    desk.run(20)
    return client_id


def in_every_scope(name: str, value: int) -> list:
    scopes = ("bot", "account", "venue", "desk")
    return [pytest.param({f"{scope}__{name}": value}, scope, id=scope) for scope in scopes]
