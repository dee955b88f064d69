"""What must come true within a time, or never lasts: looked at every other second, on the venue's books.

A fault may keep parts from each other for as long as it lasts; times count from when the weather is calm and venue and
gateway are up. In the meantime nothing is excused for good: whatever is wrong must be gone soon after.
"""

from collections.abc import Hashable, Iterator, Sequence
from decimal import Decimal

from scripts.simulate.bot_node import BotNode
from scripts.simulate.faults import Weather
from scripts.simulate.findings import Findings
from scripts.simulate.gateway_node import GatewayNode
from scripts.simulate.lasting import Lasting
from scripts.simulate.venue_node import VenueNode
from scripts.simulate.world import EPOCH_MS, World
from services.common import venue
from services.gateway.logic import Gateway
from services.gateway.messages import LatchEntry

ZERO = Decimal(0)
_ROUNDING = Decimal("1.02")  # between the price an order was judged at and the best of its side

# Milliseconds of calm, by what is wrong: T1 and T2 of the catalogue.
_BOUNDS: dict[str, tuple[str, int, str]] = {
    "unknown": ("I1", 10_000, "alive at the venue, and the gateway does not know it"),
    "unheard": ("I1", 10_000, "alive at the venue, and its bot does not know it"),
    "phantom": ("I1", 30_000, "alive for its bot, and not at the venue"),
    "pending": ("I1", 20_000, "of unknown outcome at the gateway"),
    "crowded": ("I1", 10_000, "a level quoted twice at the venue"),
    "shut": ("I1", 20_000, "the gateway does not come back to reading this account"),
    "gateway's position": ("I2", 10_000, "is not the sum of the venue's trades"),
    "bot's position": ("I2", 10_000, "is not the sum of the venue's trades"),
    "latched": ("I6", 5_000, "rests though its scope is latched"),
}
_BOUND_MS_MIN = min(bound_ms for _, bound_ms, _ in _BOUNDS.values())


def latched(gateway: GatewayNode, bot_id: str) -> LatchEntry | None:
    """The entry that keeps a bot from new risk, desk before bot; None when it is ACTIVE."""
    for scope in ("desk", f"bot:{bot_id}"):
        entry = gateway.latch.get(scope)
        if entry is not None and entry.state != "ACTIVE":
            return entry
    return None


class Watch:
    def __init__(
        self,
        world: World,
        weather: Weather,
        exchange: VenueNode,
        gateway: GatewayNode,
        bots: Sequence[BotNode],
        findings: Findings,
    ) -> None:
        self._world, self._weather, self._venue, self._gateway = world, weather, exchange, gateway
        self._bots = {bot.bot_id: bot for bot in bots}
        self._findings = findings
        self._lasting = Lasting()
        self._worst: dict[tuple[str, str], Decimal] = {}  # (bot, side) -> base when last looked at
        policy = gateway.policy
        self._open_max = {bot: policy.limit("open_orders_max", "bot", bot) for bot in self._bots}
        self._desk_open_max = policy.limit("open_orders_max", "desk", "desk")
        self._position_max = {
            "buy": policy.by_scope["bot"]["position_long_quote_max"],
            "sell": policy.by_scope["bot"]["position_short_quote_max"],
        }
        self._gross_max = policy.by_scope["desk"]["gross_notional_quote_max"]

    def look(self) -> None:
        now_ms = self._world.now_ms
        gateway = self._gateway.gateway
        if not self._venue.is_up or gateway is None:
            return
        resting = self._venue.open_orders()
        self._lasting.look([*self._orders(gateway, resting), *self._beliefs(gateway, resting)], now_ms)
        calm_since_ms = max(
            EPOCH_MS + self._weather.calm_since_ms(self._world.elapsed_ms),
            self._venue.started_ms,
            self._gateway.started_ms,
        )
        for key, lasts_ms in self._lasting.longer_than(_BOUND_MS_MIN, now_ms, calm_since_ms):
            self._tell(key, lasts_ms)
        self._look_at_limits(resting)

    def _tell(self, key: Hashable, lasts_ms: int) -> None:
        assert isinstance(key, tuple)
        kind, subject = key
        invariant, bound_ms, wrong = _BOUNDS[kind]
        if lasts_ms > bound_ms:
            self._findings.say(invariant, f"{kind} {subject}: {wrong}, for {lasts_ms} ms of calm", key)

    # ---------------------------------------------------------------------------------------------------------- orders

    def _orders(self, gateway: Gateway, resting: Sequence[tuple[str, venue.Order]]) -> Iterator[tuple[str, str]]:
        """I1, I6: every order of the venue is known to gateway and bot, alone on its level, and allowed to rest."""
        levels: set[tuple[str, str]] = set()
        live = {bot_id: set(bot.live_ids()) for bot_id, bot in self._bots.items() if self._is_listening(bot)}
        for account_id, order in resting:
            client_id = order.client_order_id
            row = gateway.state.orders.by_venue(account_id, order.venue_order_id, client_id)
            if row is None or row.is_terminal:
                yield "unknown", client_id
            if account_id in live and client_id not in live[account_id]:
                yield "unheard", client_id
            if not order.reduce_only and latched(self._gateway, account_id) is not None:
                yield "latched", client_id
            sent = self._bots[account_id].submitted.get(client_id)
            level = (account_id, sent.level if sent is not None else "")
            if level in levels:
                yield "crowded", " ".join(level)
            levels.add(level)
        at_venue = {order.client_order_id for _, order in resting}
        for ids in live.values():
            for client_id in sorted(ids - at_venue):
                yield "phantom", client_id

    def _beliefs(self, gateway: Gateway, resting: Sequence[tuple[str, venue.Order]]) -> Iterator[tuple[str, str]]:
        """I1, I2: what the gateway does not know for sure, and positions by all three."""
        for row in gateway.state.orders.all_open():
            if row.state == "UNKNOWN":
                yield "pending", row.client_id
        for bot_id, bot in self._bots.items():
            lane = gateway.state.lanes[bot_id]
            if not (lane.is_door_open and lane.is_link_up and lane.is_synced):
                yield "shut", bot_id
            held = self._venue.positions.get((bot_id, bot.symbol), ZERO)
            if gateway.state.accounts[bot_id].holding(bot.symbol).qty_base != held:
                yield "gateway's position", bot_id
            if self._is_listening(bot) and bot.position_base != held:
                yield "bot's position", bot_id
            if gateway.state.accounts[bot_id].suspense_quote:
                self._findings.say("I2", f"{bot_id}: a fill of the desk's own order lies in suspense")

    def _is_listening(self, bot: BotNode) -> bool:
        return bot.is_up and not bot.is_stopped and self._world.now_ms - bot.started_ms > 15_000

    # ---------------------------------------------------------------------------------------------------------- limits

    def _look_at_limits(self, resting: Sequence[tuple[str, venue.Order]]) -> None:
        """I7: counted at the venue. A value is judged when what is at risk has grown; prices move it without us."""
        counts = dict.fromkeys(self._bots, 0)
        for account_id, _ in resting:
            counts[account_id] += 1
        for bot_id, count in counts.items():
            self._compare(f"{bot_id}: orders open at the venue", count, self._open_max[bot_id])
        self._compare("desk: orders open at the venue", len(resting), self._desk_open_max)
        gross, has_grown = ZERO, False
        for bot_id, bot in self._bots.items():
            values = [ZERO]
            for side, sign in (("buy", 1), ("sell", -1)):
                mine = [o for account, o in resting if account == bot_id and o.side == side and not o.reduce_only]
                base = sign * self._venue.positions.get((bot_id, bot.symbol), ZERO)
                base += sum((order.qty_base - order.filled_base for order in mine), ZERO)
                price = max((order.price or ZERO for order in mine), default=ZERO)
                grown = base > self._worst.get((bot_id, side), ZERO)
                self._worst[bot_id, side] = base
                values.append(base * price)
                has_grown = has_grown or grown
                if grown:
                    self._compare(
                        f"{bot_id}: {side} position with all orders filled",
                        base * price,
                        self._position_max[side],
                        _ROUNDING,
                    )
            gross += max(values)
        if has_grown:
            self._compare("desk: gross notional with all orders filled", gross, self._gross_max, _ROUNDING)

    def _compare(self, what: str, value: Decimal | int, limit: Decimal | None, slack: Decimal | int = 1) -> None:
        if limit is not None and value > limit * slack:
            self._findings.say("I7", f"{what}: {value}, limit {limit}", what)
