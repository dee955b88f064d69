"""What a request to kill means, and what is known about each killed scope. Pure.

A scope is "desk", "venue:<name>", "account:<id>" or "bot:<id>". Once killed it stays killed, over restarts too, until a
person has loosened the gateway's latch for that scope. Asking twice changes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

KillPhase = Literal["KILLING", "ZERO"]
Verdict = Literal["start", "repeat", "expired"]
DESK = "desk"
MACHINES = ("kill_switch", "gateway", "portfolio_risk", "reconciliation", "coordination")


class KillRequest(NamedTuple):
    scope: str
    reason: str
    actor: str
    cause_id: str
    expires_at_ms: int | None = None


class Kill(NamedTuple):
    """One killed scope. ``zero_ts_ms`` is when its open orders were proved to be none."""

    scope: str
    phase: KillPhase
    reason: str
    actor: str
    cause_id: str
    asked_ts_ms: int
    zero_ts_ms: int | None = None


Kills = Mapping[str, Kill]


def scope_of_bot(bot_id: str) -> str:
    return DESK if bot_id == DESK else f"bot:{bot_id}"


def accounts_in(scope: str, accounts: Sequence[str], venue_name: str) -> tuple[str, ...]:
    """The venue accounts a scope reaches; empty when it names nothing of ours."""
    kind, _, name = scope.partition(":")
    if scope == DESK or (kind == "venue" and name == venue_name):
        return tuple(accounts)
    return tuple(account for account in accounts if kind in ("bot", "account") and account == name)


def judge(kills: Kills, request: KillRequest, now_ms: int) -> Verdict:
    if request.scope in kills:
        return "repeat"
    if request.expires_at_ms is not None and request.expires_at_ms <= now_ms:
        return "expired"
    return "start"


def started(kills: Kills, request: KillRequest, now_ms: int) -> dict[str, Kill]:
    kill = Kill(request.scope, "KILLING", request.reason, request.actor, request.cause_id, now_ms)
    return {**kills, request.scope: kill}


def proved_zero(kills: Kills, scope: str, now_ms: int) -> dict[str, Kill]:
    """Released meanwhile: nothing changes."""
    if scope not in kills:
        return dict(kills)
    return {**kills, scope: kills[scope]._replace(phase="ZERO", zero_ts_ms=now_ms)}


def reopened(kills: Kills, scope: str) -> dict[str, Kill]:
    """An order was seen after zero was proved: bring it to zero again."""
    return {**kills, scope: kills[scope]._replace(phase="KILLING", zero_ts_ms=None)}


def released(kills: Kills, scope: str) -> dict[str, Kill]:
    return {name: kill for name, kill in kills.items() if name != scope}


def is_release(kills: Kills, scope: str, latch_state: str, actor: str) -> bool:
    """A person has let the scope trade again. A machine cannot."""
    return scope in kills and latch_state != "HALTED" and actor not in MACHINES


def to_plain(kills: Kills) -> dict[str, Any]:
    return {scope: kill._asdict() for scope, kill in kills.items()}


def from_plain(plain: Mapping[str, Any]) -> dict[str, Kill]:
    return {scope: Kill(**fields) for scope, fields in plain.items()}
