"""An order that wants to pass, with everything a limit may ask about it; and the refusal it may get."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from services.common import venue
from services.contracts import reasons
from services.gateway.market import Touch
from services.gateway.messages import Claims
from services.gateway.state import State


class Candidate(NamedTuple):
    bot_id: str
    members: dict[str, str]  # scope -> member
    scopes: tuple[str, ...]  # the same as counter and latch names
    request: venue.PlaceOrder
    claims: Claims
    level: str
    touch: Touch
    wire_price: Decimal  # limit price, or the collar of a market order
    value_quote: Decimal
    is_reducing: bool
    waived: frozenset[str] = frozenset()  # limits that an override lets this order pass


class Refusal(NamedTuple):
    """A limit that said no."""

    code: str
    scope: str
    limit: str  # name=figure
    value: str

    def text(self) -> str:
        """``CODE: value=…, limit=…, scope=…; next: …``: arrives whole in the bot's log."""
        head = f"{self.code}: value={self.value}, limit={self.limit}, scope={self.scope}"
        return f"{head}; next: {reasons.next_step(self.code)}"

    def refused(self) -> venue.Refused:
        return venue.Refused(code=self.code, text=self.text())

    @property
    def limit_name(self) -> str:
        return self.limit.partition("=")[0]


Check = Callable[[State, Candidate], Refusal | None]


def is_immediate(request: venue.PlaceOrder) -> bool:
    """It never rests."""
    return request.order_type == "market" or request.time_in_force in ("ioc", "fok")


def exceeds(
    state: State, order: Candidate, name: str, code: str, value_in: Callable[[str], Decimal | int]
) -> Refusal | None:
    """Compare a value with the limit of every scope that sets one, narrowest first."""
    if name in order.waived:
        return None
    for key, limit in state.limits_of(name, order.bot_id):
        value = value_in(key)
        if value > limit:
            return Refusal(code, key, f"{name}={limit}", str(value))
    return None


def bots_in(state: State, scope_key: str) -> list[str]:
    """The bots whose orders count in a scope: one for bot and account, all for venue and desk."""
    kind, _, member = scope_key.partition(":")
    return [member] if kind in ("bot", "account") else list(state.lanes)
