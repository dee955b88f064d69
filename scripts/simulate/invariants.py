"""What must stay true, judged from outside: the venue's own books against what the gateway and the bots believe.

Ids are those of the safety catalogue (I1 … I9). Continuous ones are judged every second, the rest once it has settled.
"""

from collections import deque
from decimal import Decimal
from typing import NamedTuple

from scripts.simulate.bot_node import BotNode
from scripts.simulate.gateway_node import GatewayNode
from scripts.simulate.venue_node import START_QUOTE, VenueNode
from scripts.simulate.world import World
from services.common import venue

ZERO = Decimal(0)
_KNOWN_WITHIN_MS = 10_000  # T1
_ZERO_WITHIN_MS = 15_000  # T2: cancels may meet faults, and are repeated
_SUBMIT_AGE_MS_MAX = 3_000  # an order reaches the venue at most this long after it was decided
_MINUTE_MS = 60_000


class Violation(NamedTuple):
    invariant: str
    at_ms: int
    what: str

    def text(self) -> str:
        return f"{self.invariant} at {self.at_ms / 1000:.1f} s: {self.what}"


class Judge:
    def __init__(self, world: World, exchange: VenueNode, gateway: GatewayNode, bots: list[BotNode]) -> None:
        self.world, self.venue, self.gateway, self.bots = world, exchange, gateway, bots
        self.violations: list[Violation] = []
        self._said: set[str] = set()
        self._unknown_since_ms: dict[str, int] = {}
        self._crowded_since_ms: dict[tuple[str, str], int] = {}
        self._halted_since_ms: int | None = None
        self._submits: dict[str, deque[int]] = {bot.bot_id: deque() for bot in bots}
        limits = gateway.policy.by_scope["bot"]
        self._value_max = limits["order_value_quote_max"]
        self._open_max = int(limits["open_orders_max"])
        self._submits_max = int(limits["submits_per_minute_max"])
        exchange.on_accepted = self._on_accepted
        exchange.on_request = self._on_request

    def say(self, invariant: str, what: str) -> None:
        """Each finding once."""
        if what not in self._said:
            self._said.add(what)
            self.violations.append(Violation(invariant, self.world.elapsed_ms, what))

    # ---------------------------------------------------------------------------------------------------- per message

    def _on_request(self, request: venue.Request) -> None:
        """I7: submits a minute, counted where they arrive."""
        if not isinstance(request, venue.PlaceOrder):
            return
        times = self._submits[request.account_id]
        times.append(self.world.now_ms)
        while times and times[0] <= self.world.now_ms - _MINUTE_MS + 2_000:  # the wire may bunch them a little
            times.popleft()
        if len(times) > self._submits_max:
            self.say("I7", f"{request.account_id}: {len(times)} submits within a minute, limit {self._submits_max}")

    def _on_accepted(self, order: venue.PlaceOrder) -> None:
        """Once per id (exactly-once submission), within its limits, and from a decision that is young."""
        where = f"{order.account_id} {order.client_order_id}"
        if self.venue.placed_ids[order.account_id, order.client_order_id] > 1:
            self.say("I1", f"{where}: accepted twice by the venue")
        value = order.qty_base * (order.price or ZERO)
        if value > self._value_max and not order.reduce_only:
            self.say("I7", f"{where}: value {value}, limit {self._value_max}")
        bot = next(bot for bot in self.bots if bot.bot_id == order.account_id)
        decided = bot.submitted.get(order.client_order_id)
        if decided is None:
            self.say("I9", f"{where}: nobody decided this order")
        elif self.world.now_ms - decided[0] > _SUBMIT_AGE_MS_MAX:
            self.say("I5", f"{where}: reached the venue {self.world.now_ms - decided[0]} ms after it was decided")
        gateway = self.gateway.gateway
        if gateway is not None and not order.reduce_only:
            state = gateway.state
            age_ms = state.market.age_ms(self.world.elapsed_ms)
            if age_ms is None or age_ms > 5_000 + 1_000:
                self.say("I5", f"{where}: accepted on market data {age_ms} ms old")
        entry = self.gateway.latch.get("desk")
        is_halted = entry is not None and entry.state == "HALTED" and self.world.now_ms - entry.ts_ms > 1_000
        if is_halted and not order.reduce_only:
            self.say("I6", f"{where}: accepted while the desk was HALTED")

    # ----------------------------------------------------------------------------------------------------- per second

    def look(self) -> None:
        if not self.venue.is_up:
            self._unknown_since_ms.clear()
            self._crowded_since_ms.clear()
            return
        self._look_at_open_orders()
        self._look_at_halt()

    def _look_at_open_orders(self) -> None:
        now_ms = self.world.now_ms
        resting = self.venue.open_orders()
        unknown: dict[str, int] = {}
        levels: dict[tuple[str, str], int] = {}
        counts: dict[str, int] = {}
        for account_id, order in resting:
            counts[account_id] = counts.get(account_id, 0) + 1
            decided = self._bot(account_id).submitted.get(order.client_order_id)
            if decided is not None:
                key = (account_id, decided[1])
                levels[key] = levels.get(key, 0) + 1
            if not self._is_known(account_id, order):
                unknown[order.venue_order_id] = self._unknown_since_ms.get(order.venue_order_id, now_ms)
        self._unknown_since_ms = unknown
        for venue_id, since_ms in unknown.items():
            if now_ms - since_ms > _KNOWN_WITHIN_MS:
                self.say("I1", f"venue order {venue_id} is alive and nobody has known it for {now_ms - since_ms} ms")
        for account_id, count in counts.items():
            if count > self._open_max:
                self.say("I7", f"{account_id}: {count} orders open at the venue, limit {self._open_max}")
        crowded = {key: self._crowded_since_ms.get(key, now_ms) for key, count in levels.items() if count > 1}
        self._crowded_since_ms = crowded
        for (account_id, level), since_ms in crowded.items():
            if now_ms - since_ms > _ZERO_WITHIN_MS:
                self.say("I1", f"{account_id}: level {level} is quoted twice for {now_ms - since_ms} ms")

    def _is_known(self, account_id: str, order: venue.Order) -> bool:
        """A living row of the journal, or a gateway that is down or reconciling (which has a bound of its own)."""
        gateway = self.gateway.gateway
        if gateway is None:
            return True
        lane = gateway.state.lanes[account_id]
        if not lane.is_door_open or not lane.is_link_up or not lane.is_synced:
            return True
        row = gateway.state.orders.by_venue(account_id, order.venue_order_id, order.client_order_id)
        return row is not None and not row.is_terminal

    def _look_at_halt(self) -> None:
        """I6: after HALTED, zero open orders within T2 of reachable venue and gateway, until it is re-armed."""
        entry = self.gateway.latch.get("desk")
        is_halted = entry is not None and entry.state == "HALTED"
        if not is_halted:
            self._halted_since_ms = None
            return
        if self._halted_since_ms is None:
            self._halted_since_ms = self.world.now_ms
        left = len(self.venue.open_orders())
        if left and self.gateway.is_up and self.world.now_ms - self._halted_since_ms > _ZERO_WITHIN_MS + 15_000:
            self.say("I6", f"{left} orders open {self.world.now_ms - self._halted_since_ms} ms after HALTED")

    # ------------------------------------------------------------------------------------------------------ at the end

    def settle(self) -> None:
        """I2, I3, I8 over the whole run; both sides had time to read each other."""
        for bot in self.bots:
            self._settle_account(bot.bot_id, bot.symbol)
        for trade_id, times in self.gateway.fill_events.items():
            if times > 1:
                self.say("I8", f"trade {trade_id} was published {times} times")

    def _settle_account(self, account_id: str, symbol: str) -> None:
        exchange = self.venue.exchange
        now_ms = self.world.now_ms
        fills = exchange.handle(venue.GetFills(account_id=account_id, symbol=symbol, limit=100_000), now_ms)
        bills = exchange.handle(venue.GetBills(account_id=account_id, limit=1_000_000), now_ms)
        account = exchange.handle(venue.GetAccount(account_id=account_id), now_ms)
        positions = exchange.handle(venue.GetPositions(account_id=account_id), now_ms)
        assert isinstance(fills, tuple) and isinstance(bills, tuple) and isinstance(positions, tuple)
        assert isinstance(account, venue.Account)
        held = sum((p.qty_base for p in positions if isinstance(p, venue.Position) and p.symbol == symbol), ZERO)
        traded = realized = fees = ZERO
        for fill in fills:
            assert isinstance(fill, venue.Fill)
            traded += fill.qty_base if fill.side == "buy" else -fill.qty_base
            realized += fill.realized_pnl_quote
            fees += fill.fee_quote
            if fill.trade_id not in self.gateway.fill_events:
                self.say("I8", f"{account_id}: trade {fill.trade_id} was never published")
        if traded != held:
            self.say("I2", f"{account_id}: fills sum to {traded}, the venue holds {held}")
        other = sum(
            (b.amount_quote for b in bills if isinstance(b, venue.Bill) and b.kind in ("funding", "transfer")), ZERO
        )
        wallet = START_QUOTE + realized - fees + other
        if wallet != account.wallet_quote:
            self.say("I3", f"{account_id}: wallet {account.wallet_quote}, trades + fees + funding + transfers {wallet}")
        gateway = self.gateway.gateway
        if gateway is None:
            self.say("I2", "the gateway is not running at the end")
            return
        ours = gateway.state.accounts[account_id]
        if ours.holding(symbol).qty_base != held:
            self.say("I2", f"{account_id}: the gateway counts {ours.holding(symbol).qty_base}, the venue holds {held}")
        if ours.realized_pnl_quote != realized or ours.fees_quote != fees:
            self.say(
                "I3",
                f"{account_id}: gateway realised {ours.realized_pnl_quote} fees {ours.fees_quote}, "
                f"venue realised {realized} fees {fees}",
            )

    def _bot(self, bot_id: str) -> BotNode:
        return next(bot for bot in self.bots if bot.bot_id == bot_id)
