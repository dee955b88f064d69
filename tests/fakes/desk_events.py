"""A desk that only talks: seeded events of a gateway, two bots and their services, for whoever reads the bus."""

import random
from decimal import Decimal
from typing import Any

from services.contracts import events as e
from services.contracts.streams import BY_KIND

D = Decimal


class TalkingDesk:
    """``second()`` gives what the desk says in the next second; the same seed says the same things."""

    def __init__(self, start_ms: int, *, bots: tuple[str, ...] = ("bot1",), seed: int = 7) -> None:
        self.now_ms = start_ms
        self.epoch = start_ms
        self.random = random.Random(seed)
        self.made = 0
        self.seqs: dict[tuple[str, str], int] = {}
        self.mid = {bot: D("60000.0") if index == 0 else D("3000.00") for index, bot in enumerate(bots)}
        self.symbol = {bot: "BTC-USDT" if index == 0 else "ETH-USDT" for index, bot in enumerate(bots)}
        self.position = dict.fromkeys(bots, D(0))
        self.cash = dict.fromkeys(bots, D("100000"))
        self.fees = dict.fromkeys(bots, D(0))
        self.orders: dict[str, list[e.OrderV1]] = {bot: [] for bot in bots}
        self.counts = {bot: {"submits": 0, "cancels": 0, "fills": 0} for bot in bots}
        self.bots = bots

    def make(self, kind: type[e.Event], source: str, bot_id: str = "desk", **fields: Any) -> Any:
        key = (source, BY_KIND[kind].name)
        self.seqs[key] = self.seqs.get(key, 0) + 1
        envelope = {
            "event_id": self.token("event"),
            "source": source,
            "source_epoch": self.epoch,
            "seq": self.seqs[key],
            "bot_id": bot_id,
            "ts_ms": self.now_ms,
            "config_hash": "fake",
        }
        return kind(**{**envelope, **fields})

    def token(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}-{self.epoch}.{self.made}"

    def hour(self, seconds: int = 3600) -> list[Any]:
        return [event for _ in range(seconds) for event in self.second()]

    def second(self) -> list[Any]:
        self.now_ms += 1000
        said: list[Any] = []
        for bot in self.bots:
            tick = D("0.1") if self.symbol[bot] == "BTC-USDT" else D("0.01")
            step = D(str(round(self.random.gauss(0, 0.00011), 8)))
            self.mid[bot] = (self.mid[bot] * (1 + step)).quantize(tick)
            said += self._fills(bot)
            said += self._requote(bot, tick)
            said.append(self.status(bot))
        if self.now_ms // 1000 % 3 == 0:
            said += [self.health(name) for name in ("gateway", "venue_sim", "event_store", "desk_api")]
            said += [self.health(f"bot.{bot}") for bot in self.bots]
        if self.now_ms // 1000 % 10 == 0:
            said += [self.market(bot) for bot in self.bots] + [self.account(bot) for bot in self.bots]
        return said

    def status(self, bot: str, **changes: Any) -> e.BotStatusV1:
        counts = self.counts[bot]
        fields: dict[str, Any] = {
            "symbol": self.symbol[bot],
            "guard": "RUNNING",
            "reasons": ["EDGE_GATE_OFF"],
            "regime": "neutral_low_vol",
            "mid_price": self.mid[bot],
            "equity_quote": self.equity(bot),
            "position_base": self.position[bot],
            "open_orders": len(self.orders[bot]),
            "submits": counts["submits"],
            "cancels": counts["cancels"],
            "fills": counts["fills"],
            "refusals": 0,
            "modelled_edge_bps": D("1.40"),
            "realised_edge_bps": D("-0.35"),
            "first_order_s": D("8.4"),
            "tick_ms": D("2.1"),
        }
        return self.make(e.BotStatusV1, f"bot.{bot}", bot, **{**fields, **changes})

    def health(self, service: str, health: str = "ready") -> e.StateSnapshotV1:
        uptime_ms = self.now_ms - self.epoch
        return self.make(e.StateSnapshotV1, service, service=service, health=health, pid=4242, uptime_ms=uptime_ms)

    def market(self, bot: str) -> e.MarketSnapshotV1:
        mid = self.mid[bot]
        half = D("0.1") if self.symbol[bot] == "BTC-USDT" else D("0.01")
        return self.make(
            e.MarketSnapshotV1,
            "gateway",
            symbol=self.symbol[bot],
            bid_price=mid - half,
            bid_qty_base=D("1.2"),
            ask_price=mid + half,
            ask_qty_base=D("0.9"),
            mark_price=mid,
            index_price=mid,
            funding_rate_pct=D("0.0001"),
            next_funding_ts_ms=self.now_ms + 3_600_000,
            ts_exch_ms=self.now_ms,
            ts_local_ms=self.now_ms,
            age_ms=40,
        )

    def account(self, bot: str) -> e.VirtualAccountV1:
        return self.make(
            e.VirtualAccountV1,
            "gateway",
            bot,
            capital_quote=D("100000"),
            equity_quote=self.equity(bot),
            realized_pnl_quote=self.equity(bot) - D("100000") + self.fees[bot],
            unrealized_pnl_quote=D(0),
            fees_quote=self.fees[bot],
            funding_quote=D("0.12"),
            positions_base={self.symbol[bot]: self.position[bot]},
            open_orders=len(self.orders[bot]),
        )

    def equity(self, bot: str) -> D:
        return (self.cash[bot] + self.position[bot] * self.mid[bot]).quantize(D("0.00000001"))

    def order(self, bot: str, state: str, **fields: Any) -> e.OrderV1:
        known = {
            "symbol": self.symbol[bot],
            "side": "buy",
            "order_type": "limit",
            "time_in_force": "post_only",
            "price": self.mid[bot],
            "base_qty": D("0.0100"),
            "client_order_id": self.token("hb1-b0"),
            "gateway_order_id": self.token("7"),
        }
        return self.make(e.OrderV1, "gateway", bot, state=state, **{**known, **fields})

    def step(self, order: e.OrderV1, state: str, **fields: Any) -> e.OrderV1:
        """The next step of an order that was made here."""
        kept = (
            "symbol",
            "side",
            "order_type",
            "time_in_force",
            "price",
            "base_qty",
            "client_order_id",
            "gateway_order_id",
        )
        return self.make(
            e.OrderV1, "gateway", order.bot_id, state=state, **{name: getattr(order, name) for name in kept}, **fields
        )

    def _requote(self, bot: str, tick: D) -> list[Any]:
        if self.orders[bot] and self.random.random() > 0.12:
            return []
        said = []
        for order in self.orders[bot]:
            said.append(self.step(order, "CANCELLED", reason="REFRESH"))
            self.counts[bot]["cancels"] += 1
        self.orders[bot] = []
        for distance in (D("0.0002"), D("0.00034")):
            for side, sign in (("buy", -1), ("sell", 1)):
                price = (self.mid[bot] * (1 + sign * distance)).quantize(tick)
                qty = D("0.0100") if tick == D("0.1") else D("0.200")
                order = self.order(bot, "SUBMITTING", side=side, price=price, base_qty=qty)
                accepted = self.step(order, "ACCEPTED")
                said += [order, accepted]
                self.orders[bot].append(accepted)
                self.counts[bot]["submits"] += 1
        said.append(
            self.make(
                e.QuoteDecisionV1,
                f"bot.{bot}",
                bot,
                symbol=self.symbol[bot],
                guard="RUNNING",
                regime="neutral_low_vol",
                reasons=["EDGE_GATE_OFF"],
                mid_price=self.mid[bot],
                spread_pct=D("0.0004"),
                required_spread_pct=D("0.0023750"),
                net_edge_pct=D("-0.00016"),
                inventory_pct=self.position[bot] / D("0.2"),
                skew_pct=D("0.00003"),
                placed=[],
                cancelled=[],
            )
        )
        return said

    def _fills(self, bot: str) -> list[Any]:
        said: list[Any] = []
        for order in list(self.orders[bot]):
            assert order.price is not None
            crossed = self.mid[bot] <= order.price if order.side == "buy" else self.mid[bot] >= order.price
            if crossed:
                said += self.fill(bot, order)
        return said

    def fill(self, bot: str, order: e.OrderV1) -> list[Any]:
        """The order trades whole: drop copy, the bot's own row, its last step and three markouts."""
        assert order.price is not None
        trade_id = self.token("trade")
        fee = (order.price * order.base_qty * D("0.0002")).quantize(D("0.00000001"))
        signed = order.base_qty if order.side == "buy" else -order.base_qty
        self.position[bot] += signed
        self.cash[bot] -= signed * order.price + fee
        self.fees[bot] += fee
        self.counts[bot]["fills"] += 1
        self.orders[bot] = [kept for kept in self.orders[bot] if kept.client_order_id != order.client_order_id]
        said = [
            self.make(
                e.FillV1,
                "gateway",
                bot,
                symbol=order.symbol,
                trade_id=trade_id,
                client_order_id=order.client_order_id,
                gateway_order_id=order.gateway_order_id,
                venue_order_id="9",
                side=order.side,
                price=order.price,
                base_qty=order.base_qty,
                fee_quote=fee,
                liquidity="maker",
                realized_pnl_quote=D("0.0312"),
                mid_price=self.mid[bot],
                ts_exch_ms=self.now_ms,
            ),
            self.make(e.BotFillV1, f"bot.{bot}", bot, row={"trade_id": trade_id, "side": order.side}),
            self.step(order, "FILLED", filled_base=order.base_qty),
        ]
        for horizon_s in (1, 5, 30):
            markout = D(str(round(self.random.gauss(1.6, 2.0), 4)))
            said.append(
                self.make(
                    e.BotMarkoutV1,
                    f"bot.{bot}",
                    bot,
                    trade_id=trade_id,
                    symbol=order.symbol,
                    horizon_s=horizon_s,
                    markout_bps=markout,
                    fee_bps=D("2.0000"),
                    realised_edge_bps=markout - D("2"),
                    modelled_edge_bps=D("1.4"),
                )
            )
        return said
