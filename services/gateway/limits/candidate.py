"""An order that wants to pass, with everything a limit may ask about it; and the refusal it may get."""

from decimal import Decimal
from typing import NamedTuple

from services.common import venue
from services.contracts import reasons
from services.gateway.market import Touch


class Candidate(NamedTuple):
    bot_id: str
    members: dict[str, str]  # scope -> member
    scopes: tuple[str, ...]  # the same as counter and latch names
    request: venue.PlaceOrder
    level: str
    touch: Touch
    wire_price: Decimal  # limit price, or the collar of a market order
    value_quote: Decimal
    is_reducing: bool


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
