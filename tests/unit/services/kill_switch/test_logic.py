import pytest

from services.kill_switch import logic
from services.kill_switch.logic import KillRequest

ACCOUNTS = ("bot1", "bot2")


def request(scope: str = "bot:bot1", expires_at_ms: int | None = None) -> KillRequest:
    return KillRequest(scope, "MANUAL", "anna", "cause", expires_at_ms)


@pytest.mark.parametrize(
    ("scope", "accounts"),
    [
        ("desk", ACCOUNTS),
        ("venue:bitget", ACCOUNTS),
        ("venue:binance", ()),
        ("bot:bot2", ("bot2",)),
        ("account:bot1", ("bot1",)),
        ("bot:bot9", ()),
        ("bot1", ()),
        ("", ()),
    ],
)
def test_a_scope_reaches_its_accounts(scope: str, accounts: tuple[str, ...]) -> None:
    assert logic.accounts_in(scope, ACCOUNTS, "bitget") == accounts


def test_asking_twice_changes_nothing() -> None:
    kills = logic.started({}, request(), 1_000)
    assert logic.judge(kills, request(), 2_000) == "repeat"
    assert logic.judge(logic.proved_zero(kills, "bot:bot1", 3_000), request(), 4_000) == "repeat"


def test_a_request_that_came_too_late_is_void() -> None:
    assert logic.judge({}, request(expires_at_ms=1_000), 1_000) == "expired"
    assert logic.judge({}, request(expires_at_ms=1_001), 1_000) == "start"


@pytest.mark.parametrize(
    ("state", "actor", "is_release"),
    [
        ("ACTIVE", "anna", True),
        ("REDUCING", "anna", True),
        ("HALTED", "anna", False),
        ("ACTIVE", "kill_switch", False),
        ("ACTIVE", "gateway", False),
        ("ACTIVE", "portfolio_risk", False),
    ],
)
def test_only_a_person_releases(state: str, actor: str, is_release: bool) -> None:
    kills = logic.started({}, request(), 1_000)
    assert logic.is_release(kills, "bot:bot1", state, actor) is is_release
    assert not logic.is_release(kills, "desk", state, actor)


def test_the_kills_come_back_from_their_plain_form() -> None:
    kills = logic.proved_zero(logic.started({}, request(), 1_000), "bot:bot1", 2_000)
    assert logic.from_plain(logic.to_plain(kills)) == kills
