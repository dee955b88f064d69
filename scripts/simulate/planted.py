"""Bugs planted on purpose. Each must be found by the invariants, or a quiet campaign would prove nothing."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from scripts.simulate.bot_node import BotNode
from services.bot.carrier import Submit
from services.common import venue
from services.gateway import messages as m
from services.gateway.limits.policy import Policy
from services.gateway.logic import Gateway
from services.gateway.records import OrderRecord
from services.gateway.state import Timing


def gateway_without_the_value_limit(bots: Sequence[str], policy: Policy, timing: Timing) -> Gateway:
    """The check of an order's value is gone."""
    return Gateway(bots, _without("order_value_quote_max", policy), timing)


def gateway_without_the_level_limit(bots: Sequence[str], policy: Policy, timing: Timing) -> Gateway:
    """The check that a level holds one order is gone: what a bot quotes twice reaches the venue."""
    return Gateway(bots, _without("level_orders_max", policy), timing)


def _without(limit: str, policy: Policy) -> Policy:
    wide = {
        scope: {name: Decimal(10) ** 9 if name == limit else value for name, value in figures.items()}
        for scope, figures in policy.by_scope.items()
    }
    return policy._replace(by_scope=wide)


class CountsAFillTwice(Gateway):
    """Every fifth trade is booked a second time."""

    _heard = 0

    def handle(self, message: m.Input, now: m.Instant) -> list[m.Output]:
        outputs = super().handle(message, now)
        if isinstance(message, m.UpstreamPush) and isinstance(message.push, venue.OrderPush) and message.push.fill:
            self._heard += 1
            if self._heard % 5 == 0:
                self.state.accounts[message.push.account_id].add_fill(message.push.fill)
        return outputs


class ResendsOnTimeout(Gateway):
    """An order without an answer is sent again under a new id."""

    def __init__(self, bots: Sequence[str], policy: Policy, timing: Timing = Timing()) -> None:
        super().__init__(bots, policy, timing)
        self._sent: dict[int, m.AskUpstream] = {}

    def handle(self, message: m.Input, now: m.Instant) -> list[m.Output]:
        outputs = super().handle(message, now)
        if isinstance(message, m.UpstreamAnswer) and isinstance(message.answer, venue.Unknown):
            lost = self._sent.pop(message.op_id, None)
            if lost is not None and isinstance(lost.request, venue.PlaceOrder):
                again = msgspec.structs.replace(lost.request, client_order_id=lost.request.client_order_id + "r")
                outputs.append(m.AskUpstream(-message.op_id, again))
        self._sent |= {o.op_id: o for o in outputs if isinstance(o, m.AskUpstream) and o.op_id > 0}
        return outputs


class ResendsAtRestart(Gateway):
    """Orders that were under way when the last life ended are sent again, at their old price."""

    def handle(self, message: m.Input, now: m.Instant) -> list[m.Output]:
        outputs = super().handle(message, now)
        if isinstance(message, m.Start):
            for number, record in enumerate(message.records):
                if isinstance(record, OrderRecord) and record.state in ("SUBMITTING", "ACCEPTED", "PARTIALLY_FILLED"):
                    again = venue.PlaceOrder(
                        account_id=record.account_id,
                        symbol=record.symbol,
                        client_order_id=record.client_order_id + "s",
                        side=record.side,
                        order_type="limit",
                        time_in_force=record.time_in_force,
                        qty_base=record.qty_base,
                        price=record.price,
                    )
                    outputs.append(m.AskUpstream(-number - 1, again))
        return outputs


class QuotesALevelTwice(BotNode):
    """Every submit goes out a second time under another id, which nobody will ever cancel."""

    def _submit(self, command: Submit) -> None:
        super()._submit(command)
        super()._submit(command._replace(client_order_id=command.client_order_id + "t"))


def gateway_without_the_shared_limit(bots: Sequence[str], policy: Policy, timing: Timing) -> Gateway:
    """Each bot keeps its own limits; what they reach together is not looked at."""
    desk = {**policy.by_scope["desk"], "open_orders_max": Decimal(10) ** 9}
    return Gateway(bots, policy._replace(by_scope={**policy.by_scope, "desk": desk}), timing)


class IgnoresTokens(Gateway):
    """An order of an instance that lost its lease is as good as any."""

    def handle(self, message: m.Input, now: m.Instant) -> list[m.Output]:
        if isinstance(message, m.BotRequest):
            message = message._replace(claims=message.claims._replace(fence=0))
        return super().handle(message, now)


class ObeysNoHalt(Gateway):
    """The latch is read and nothing follows."""

    def handle(self, message: m.Input, now: m.Instant) -> list[m.Output]:
        return super().handle(m.LatchChange({}) if isinstance(message, m.LatchChange) else message, now)


class LosesAFill(Gateway):
    """Every fifth trade is neither heard nor found."""

    def handle(self, message: m.Input, now: m.Instant) -> list[m.Output]:
        if isinstance(message, m.UpstreamPush) and isinstance(message.push, venue.OrderPush) and message.push.fill:
            if _is_lost(message.push.fill):
                message = m.UpstreamPush(msgspec.structs.replace(message.push, fill=None))
        elif isinstance(message, m.UpstreamAnswer) and isinstance(message.answer, tuple):
            kept = tuple(row for row in message.answer if not (isinstance(row, venue.Fill) and _is_lost(row)))
            message = message._replace(answer=kept)  # type: ignore[arg-type]
        return super().handle(message, now)


def _is_lost(fill: venue.Fill) -> bool:
    return int(fill.trade_id) % 5 == 0


class ForgetsAtRestart(Gateway):
    """The journal's orders are not read back."""

    def handle(self, message: m.Input, now: m.Instant) -> list[m.Output]:
        if isinstance(message, m.Start):
            message = m.Start(tuple(r for r in message.records if not isinstance(r, OrderRecord)))
        return super().handle(message, now)
