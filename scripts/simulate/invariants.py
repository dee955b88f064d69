"""What must stay true, judged from outside: the venue's own books against what the gateway and the bots believe.

Ids are those of the safety catalogue (I1 … I9). Here, what is judged per message as the venue takes it. What must come
true within a time is in watch.py, what must be equal in the end in settle.py.
"""

from collections import deque
from collections.abc import Sequence
from decimal import Decimal

from scripts.simulate.bot_node import BotNode
from scripts.simulate.faults import Weather
from scripts.simulate.findings import Findings, Violation
from scripts.simulate.gateway_node import GatewayNode
from scripts.simulate.settle import settle
from scripts.simulate.venue_node import VenueNode
from scripts.simulate.watch import Watch, latched
from scripts.simulate.world import World
from services.common import venue
from services.gateway.limits.single import BPS
from services.gateway.market_quality import LATE_MS_MAX

ZERO = Decimal(0)
_SUBMIT_AGE_MS_MAX = 3_000  # an order reaches the venue at most this long after it was decided
_WIRE_MS_MAX = 1_500  # what was let through may still be on its way for so long
_MINUTE_MS = 60_000
_DESK = "desk"
_JUMP_PCT = Decimal("0.03")  # no market here moves further while data may be old


class Judge:
    def __init__(
        self, world: World, weather: Weather, exchange: VenueNode, gateway: GatewayNode, bots: Sequence[BotNode]
    ) -> None:
        self.world, self.venue, self.gateway = world, exchange, gateway
        self.findings = Findings(world)
        self._bots = {bot.bot_id: bot for bot in bots}
        self._watch = Watch(world, weather, exchange, gateway, bots, self.findings)
        self._submits: dict[str, deque[int]] = {member: deque() for member in (*self._bots, _DESK)}
        self._fences: dict[str, int] = dict.fromkeys(self._bots, 0)
        policy = gateway.policy
        self._value_max = {bot: policy.limit("order_value_quote_max", "bot", bot) for bot in self._bots}
        self._submits_max = {bot: policy.limit("submits_per_minute_max", "bot", bot) for bot in self._bots}
        self._submits_max[_DESK] = policy.limit("submits_per_minute_max", _DESK, _DESK)
        self._data_age_ms_max = int(policy.by_scope[_DESK]["data_age_ms_max"])
        self._book_silent_ms_max = int(policy.by_scope[_DESK]["book_silent_ms_max"])
        self._through_max = policy.by_scope[_DESK]["collar_aggressive_bps"] / BPS + _JUMP_PCT
        self._behind_max = policy.by_scope[_DESK]["collar_passive_bps"] / BPS + _JUMP_PCT
        exchange.on_accepted.append(self._on_accepted)
        exchange.on_request.append(self._on_request)

    @property
    def violations(self) -> list[Violation]:
        return self.findings.violations

    def look(self) -> None:
        """Every other second."""
        self._watch.look()

    def settle(self) -> None:
        """Everything has stopped, and both sides had time to read each other."""
        left = self.venue.open_orders()
        if left:
            self._say("I6", f"{len(left)} orders open at the venue after the stop")
        if self.gateway.drained != 0:
            self._say("I6", f"the gateway's drain ended with {self.gateway.drained}")
        settle(self.world, self.venue, self.gateway, list(self._bots.values()), self.findings)

    # ---------------------------------------------------------------------------------------------------- per message

    def _on_request(self, request: venue.Request) -> None:
        """I7: submits a minute, counted where they arrive, for the bot and for the desk."""
        if not isinstance(request, venue.PlaceOrder):
            return
        now_ms = self.world.now_ms
        for member in (request.account_id, _DESK):
            times, limit = self._submits[member], self._submits_max[member]
            times.append(now_ms)
            while times and times[0] <= now_ms - _MINUTE_MS + 2_000:  # the wire may bunch them a little
                times.popleft()
            if limit is not None and len(times) > limit:
                self._say("I7", f"{member}: {len(times)} submits within a minute, limit {limit}")

    def _on_accepted(self, order: venue.PlaceOrder) -> None:
        """Once per id, decided by somebody who may, lately, on fresh data, within limits, by a scope that is armed."""
        where = f"{order.account_id} {order.client_order_id}"
        if self.venue.placed_ids[order.account_id, order.client_order_id] > 1:
            self._say("I1", f"{where}: accepted twice by the venue")
        self._judge_origin(where, order)
        if order.reduce_only:
            return
        value, value_max = order.qty_base * (order.price or ZERO), self._value_max[order.account_id]
        if value_max is not None and value > value_max:
            self._say("I7", f"{where}: value {value}, limit {value_max}")
        self._judge_data(where)
        self._judge_price(where, order)
        entry = latched(self.gateway, order.account_id)
        if entry is not None and self.world.now_ms - entry.ts_ms > _WIRE_MS_MAX:
            self._say("I6", f"{where}: new risk accepted while {entry.state}: {entry.reason}")

    def _judge_origin(self, where: str, order: venue.PlaceOrder) -> None:
        """I9: a bot decided it. I4: with the newest token. I5: not long ago."""
        sent = self._bots[order.account_id].submitted.get(order.client_order_id)
        if sent is None:
            self._say("I9", f"{where}: nobody decided this order")
            return
        newest = self._fences[order.account_id] = max(self._fences[order.account_id], sent.fence)
        if sent.fence < newest:
            self._say("I4", f"{where}: token {sent.fence} after {newest}")
        if self.world.now_ms - sent.ts_ms > _SUBMIT_AGE_MS_MAX:
            self._say("I5", f"{where}: reached the venue {self.world.now_ms - sent.ts_ms} ms after it was decided")

    def _judge_data(self, where: str) -> None:
        """I5: by when the gateway was last told, not by what it believes."""
        heard_ms, book_ms = self.world.now_ms - self.venue.heard_ms, self.world.now_ms - self.venue.told_of_ms
        if heard_ms > self._data_age_ms_max + _WIRE_MS_MAX:
            self._say("I5", f"{where}: accepted {heard_ms} ms after the public stream was last heard")
        if book_ms > self._book_silent_ms_max + LATE_MS_MAX + _WIRE_MS_MAX:
            self._say("I5", f"{where}: accepted on a book {book_ms} ms old")

    def _judge_price(self, where: str, order: venue.PlaceOrder) -> None:
        """I7: the collar, around what the book really was; data that may be old may be a jump off."""
        if self.venue.touch is None or order.price is None:
            return
        bid, ask = self.venue.touch
        if order.side == "buy":
            through, behind = order.price / ask - 1, 1 - order.price / bid
        else:
            through, behind = 1 - order.price / bid, order.price / ask - 1
        if through > self._through_max or behind > self._behind_max:
            self._say("I7", f"{where}: {order.side} at {order.price}, the book was {bid}/{ask}")

    def _say(self, invariant: str, what: str) -> None:
        self.findings.say(invariant, what)
