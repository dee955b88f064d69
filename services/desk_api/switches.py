"""The faults a person can set from the page, by the names of the venue's presets, and how they stand now. Pure."""

from typing import NamedTuple

from services.desk_api import asked
from services.desk_api.logic import Board
from services.desk_api.readings import Now, is_stale

Json = dict[str, object]
SIMULATED = "sim"  # the only mode in which there is anything to break


class Switch(NamedTuple):
    name: str  # a preset of services/simulation/fault_scenario.py
    label: str
    says: str


SWITCHES: tuple[Switch, ...] = (
    Switch("freeze_feed", "Freeze feed", "the public stream stays open and says nothing"),
    Switch("lose_ack", "Lose ack", "the next order is accepted and its answer never comes"),
    Switch("429_storm", "429 storm", "every request is told that it comes too soon"),
    Switch("outage", "Outage", "503 to everything, both streams closed"),
    Switch("private_gone", "Lose private stream", "closed, and silent when it is back"),
    Switch("late_feed", "Late feed", "market data come four seconds late"),
    Switch("slow", "Slow venue", "every request acts 1.5 s late"),
    Switch("fill_while_cancelling", "Fill while cancelling", "half of the next cancelled order fills first"),
    Switch("post_only_storm", "Post-only storm", "every order is refused as one that would cross"),
    Switch("spike", "Price spike", "every price times 1000"),
    Switch("maintenance", "Maintenance", "everything is refused, orders stay open"),
    Switch("halt", "Halt trading", "no new orders in any pair"),
)
NAMES = frozenset(switch.name for switch in SWITCHES)


def why_not(board: Board, now: Now) -> str:
    """Why nothing may be broken now; "" when it may."""
    if board.facts.mode != SIMULATED:
        return f"the desk runs in mode {board.facts.mode}: only a simulated exchange can be broken on purpose"
    if board.facts.stamp is None or is_stale(board.facts.stamp, board.limits.health_age_max_ms, now):
        return "no supervisor is running: desk up starts a desk"
    if asked.fault_rules(board.venue) is None:
        return f"the simulated exchange does not answer: {board.venue.error or 'not asked yet'}"
    return ""


def switches_json(board: Board, now: Now, token: str) -> Json:
    """For the page: what can be set, what is in effect, and the token that a request must carry."""
    rules = asked.fault_rules(board.venue) or []
    by_switch = {switch.name: [rule for rule in rules if rule.switch == switch.name] for switch in SWITCHES}
    return {
        "why_not": why_not(board, now),
        "token": token,
        "switches": [
            {**switch._asdict(), "on": any(rule.armed for rule in mine), "left_ms": _left_ms(mine)}
            for switch, mine in ((switch, by_switch[switch.name]) for switch in SWITCHES)
        ],
        "others": sorted({rule.fault for rule in rules if rule.armed and rule.switch not in NAMES}),
    }


def _left_ms(rules: list[asked.FaultRule]) -> int | None:
    return max((rule.left_ms for rule in rules if rule.armed and rule.left_ms is not None), default=None)
