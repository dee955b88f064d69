"""Where the script finds its host: one bot per process, one seat.

Hummingbot builds the script itself, from a class it finds by name, so nothing can be passed in.
"""

from typing import Any, NamedTuple

from services.bot.config import ResolvedBot
from services.common.ports import Clock
from services.common.strategy_ports import Memory, Telemetry


class Seat(NamedTuple):
    bot: ResolvedBot
    clock: Clock
    telemetry: Telemetry
    memory: Memory
    on_script: Any  # called with the script once it is built


_taken: list[Seat] = []


def take(seat: Seat) -> None:
    _taken[:] = [seat]


def seat() -> Seat:
    assert _taken, "the launcher takes the seat before it starts the strategy"
    return _taken[0]
