"""A bot in virtual time: the real decision and the real carrier on a connector that behaves as the desk's does."""

from decimal import Decimal
from typing import NamedTuple

import msgspec

from controllers.core.values import Candle, Instrument, MarketView, NoView
from controllers.epp.decide import EppState, decide, from_dict, initial_state, seed_candles, to_dict
from controllers.epp.params import EppParams
from scripts.simulate.gateway_node import GatewayNode, OnAnswer
from scripts.simulate.world import World
from services.bot.carrier import Carriers, Command, Submit
from services.common import venue
from services.gateway.messages import Claims, Released

ZERO = Decimal(0)
_TICK_MS = 1_000
_HEALING_MS = 5_000  # how often the connector compares its orders with the gateway's list
_NOT_FOUND_MS = 10_000
_OLD_LEVEL = "z0"


class Submitted(NamedTuple):
    """What was known as an order left the bot."""

    ts_ms: int
    level: str
    fence: int  # token of the life that sent it


class BotNode:
    def __init__(self, world: World, gateway: GatewayNode, bot_id: str, symbol: str, params: EppParams) -> None:
        self.world, self.gateway, self.bot_id, self.symbol, self.params = world, gateway, bot_id, symbol, params
        self.is_up = False
        self.is_stopped = False  # SIGSTOP
        self.submits = 0
        self.submitted: dict[str, Submitted] = {}  # by client id
        self.config_hash = f"config-{bot_id}"
        self.started_ms = world.now_ms  # this life, or the end of a SIGSTOP
        self.decisions = 0
        self.max_base_pct = ZERO
        self._life = 0
        self._saved: EppState | None = None  # immutable: written out only when a new life reads it
        self._state = initial_state(params)
        self._carriers = Carriers(bot_id, 0)
        self._connected = False
        self._gateway_ids: dict[str, str] = {}
        self._missing_since_ms: dict[str, int] = {}
        self._book: venue.Book | None = None
        self._book_changed_ms = self._book_heard_ms = 0
        self._ticker: venue.Ticker | None = None
        self._account: venue.Account | None = None
        self._position = (ZERO, ZERO)
        self._has_positions = False
        self._rules: venue.InstrumentRules | None = None
        self._latest_submit: venue.PlaceOrder | None = None
        gateway.bots[bot_id] = self
        gateway.release = {**gateway.release, bot_id: Released(self.config_hash, "person")}

    # ------------------------------------------------------------------------------------------------------ lifecycle

    def start(self) -> None:
        self._life += 1
        self.is_up, self.started_ms = True, self.world.now_ms
        self._carriers = Carriers(self.bot_id, self.world.now_ms // 1_000)
        saved = self._saved
        self._state = initial_state(self.params) if saved is None else from_dict(to_dict(saved), self.params)
        self._gateway_ids.clear()
        self._missing_since_ms.clear()
        self._book = self._account = self._ticker = None
        self._has_positions = False
        self._connected = False
        life = self._life
        self.world.after(3_000, lambda: self._tick(life))
        self.world.after(2_000, lambda: self._heal(life))

    def kill(self) -> None:
        """SIGKILL: the socket closes, everything in memory is gone."""
        self._life += 1
        self.is_up = False
        if self._connected:
            self.gateway.session(self.bot_id, "closed")
        self._connected = False

    def pause(self) -> None:
        """SIGSTOP: the sockets stay open and nothing is read."""
        if self.is_up and not self.is_stopped:
            self.is_stopped = True
            life = self._life
            self.world.after(3_000, lambda: self._report_silent(life))

    def resume(self) -> None:
        self.is_stopped, self.started_ms = False, self.world.now_ms

    @property
    def position_base(self) -> Decimal | None:
        """As this bot sees it; None before it was told."""
        return self._position[0] if self._has_positions else None

    def live_ids(self) -> list[str]:
        """Client ids of the orders that this bot holds to be alive."""
        return [order.client_order_id for order in self._carriers.orders()]

    def submit_as_old_leader(self) -> bool:
        """An instance that lost its lease quotes one more level where the new one quotes. False before that does."""
        sent = self._latest_submit
        if sent is None or self.submitted[sent.client_order_id].fence < 2:
            return False
        bot, _, number = sent.client_order_id.split("-")
        again = msgspec.structs.replace(sent, client_order_id=f"{bot}-{_OLD_LEVEL}-{number}")
        fence = self.submitted[sent.client_order_id].fence - 1
        self.submitted[again.client_order_id] = Submitted(self.world.now_ms, _OLD_LEVEL, fence)
        self._place(again, fence, lambda _answer: None)
        return True

    def _report_silent(self, life: int) -> None:
        if self.is_stopped and life == self._life and self._connected:
            self.gateway.session(self.bot_id, "silent")

    # ------------------------------------------------------------------------------------------------- the connector

    def on_session(self, is_up: bool) -> None:
        """The gateway went away: everything that was subscribed is gone."""
        if not is_up:
            self._connected = False
            self._has_positions = False
            self._account = None
            self._book = None

    def on_push(self, push: venue.Push) -> None:
        if not self.is_up:
            return
        if self.is_stopped:
            self.world.after(500, lambda: self.on_push(push))  # it lies in the socket's buffer
            return
        match push:
            case venue.BookPush():
                self._take_book(push.book)
            case venue.TickerPush():
                self._ticker = push.ticker
            case venue.AccountPush():
                self._account = push.account
            case venue.PositionsPush():
                self._take_positions(push.positions)
            case venue.OrderPush():
                self._take_order(push.order, push.fill)

    def _take_book(self, book: venue.Book) -> None:
        now_ms = self.world.now_ms
        if book.symbol != self.symbol or not book.bids or not book.asks:
            return
        if self._book is None or self._book.bids[0] != book.bids[0] or self._book.asks[0] != book.asks[0]:
            self._book_changed_ms = now_ms
        self._book, self._book_heard_ms = book, now_ms

    def _take_positions(self, positions: tuple[venue.Position, ...]) -> None:
        self._has_positions = True
        self._position = (ZERO, ZERO)
        for position in positions:
            if position.symbol == self.symbol:
                self._position = (position.qty_base, position.entry_price)

    def _take_order(self, order: venue.Order, fill: venue.Fill | None) -> None:
        if not self._carriers.is_mine(order.client_order_id):
            return
        if fill is not None:
            self._take_fill(fill)
        if order.status in venue.TERMINAL_STATUSES:
            if order.status == "rejected":
                self._carriers.on_refused(order.client_order_id, order.reason, order.reason, self.world.now_ms)
            else:
                self._carriers.on_terminal(order.client_order_id, self.world.now_ms)

    def _take_fill(self, fill: venue.Fill) -> None:
        self._carriers.on_fill(
            client_order_id=fill.client_order_id,
            trade_id=fill.trade_id,
            side=fill.side,
            price=fill.price,
            qty_base=fill.qty_base,
            fee_quote=fill.fee_quote,
            is_maker=fill.liquidity == "maker",
            ts_ms=self.world.now_ms,
        )

    def _heal(self, life: int) -> None:
        """Connect when the gateway is there; then, every few seconds, ask after orders the list does not show."""
        if life != self._life:
            return
        self.world.after(_HEALING_MS if self._connected else 1_000, lambda: self._heal(life))
        if self.is_stopped or not self.gateway.is_up:
            return
        if not self._connected:
            self._connected = True
            self.gateway.session(self.bot_id, "opened")
            self._ask(venue.GetInstruments(), self._on_instruments)
            self._ask(venue.GetCandles(symbol=self.symbol, limit=100), self._on_candles)
        else:
            self.gateway.session(self.bot_id, "heard")
        self._ask(venue.GetAccount(), self._on_account)
        self._ask(venue.GetPositions(), self._on_positions)
        if self._carriers.live_count:
            self._ask(venue.GetOpenOrders(symbol=self.symbol), self._on_open_orders)

    def _ask(self, request: venue.Request, then: OnAnswer) -> None:
        addressed = msgspec.structs.replace(request, account_id=self.bot_id)
        self.gateway.request(self.bot_id, addressed, self._heard_here(then))

    def _heard_here(self, then: OnAnswer) -> OnAnswer:
        """An answer is heard by the life that asked, once it reads its sockets."""
        life = self._life

        def answered(answer: venue.Answer | venue.Unknown) -> None:
            if life != self._life:
                return
            if self.is_stopped:
                self.world.after(500, lambda: answered(answer))
                return
            then(answer)

        return answered

    def _on_instruments(self, answer: venue.Answer | venue.Unknown) -> None:
        for rules in answer if isinstance(answer, tuple) else ():
            if isinstance(rules, venue.InstrumentRules) and rules.symbol == self.symbol:
                self._rules = rules

    def _on_candles(self, answer: venue.Answer | venue.Unknown) -> None:
        if isinstance(answer, tuple) and not self._state.is_started:
            candles = [
                Candle(c.open_ts_ms, c.open, c.high, c.low, c.close) for c in answer if isinstance(c, venue.Candle)
            ]
            self._state = seed_candles(self._state, candles, self.params)

    def _on_account(self, answer: venue.Answer | venue.Unknown) -> None:
        if isinstance(answer, venue.Account):
            self._account = answer

    def _on_positions(self, answer: venue.Answer | venue.Unknown) -> None:
        if isinstance(answer, tuple):
            self._take_positions(tuple(p for p in answer if isinstance(p, venue.Position)))

    def _on_open_orders(self, answer: venue.Answer | venue.Unknown) -> None:
        if not isinstance(answer, tuple):
            return
        listed = {order.client_order_id for order in answer if isinstance(order, venue.Order)}
        for order in self._carriers.orders():
            is_old = self.world.now_ms - order.placed_ts_ms >= _HEALING_MS
            if is_old and order.client_order_id not in listed:
                self._find_fate(order.client_order_id)

    def _find_fate(self, client_id: str) -> None:
        request = venue.GetOrder(symbol=self.symbol, client_order_id=client_id)
        self._ask(request, lambda answer: self._on_fate(client_id, answer))

    def _on_fate(self, client_id: str, answer: venue.Answer | venue.Unknown) -> None:
        if isinstance(answer, venue.Order):
            self._missing_since_ms.pop(client_id, None)
            if answer.status in venue.TERMINAL_STATUSES:
                fills = venue.GetFills(symbol=self.symbol, venue_order_id=answer.venue_order_id)
                self._ask(fills, lambda fills: self._on_fate_fills(answer, fills))
            return
        if isinstance(answer, venue.Refused) and answer.code == "ORDER_NOT_FOUND":
            since_ms = self._missing_since_ms.setdefault(client_id, self.world.now_ms)
            if self.world.now_ms - since_ms >= _NOT_FOUND_MS:
                self._carriers.on_terminal(client_id, self.world.now_ms)

    def _on_fate_fills(self, order: venue.Order, answer: venue.Answer | venue.Unknown) -> None:
        if isinstance(answer, tuple):
            for fill in answer:
                if isinstance(fill, venue.Fill):
                    self._take_fill(fill)
            self._take_order(order, None)

    # ----------------------------------------------------------------------------------------------------- decisions

    def _tick(self, life: int) -> None:
        if life != self._life:
            return
        self.world.after(_TICK_MS, lambda: self._tick(life))
        if self.is_stopped:
            return
        self._carry_out(self._carriers.tick(self.world.now_ms))
        view = self._view()
        self._state, plan, processed = decide(self._state, view, self.params)
        self.decisions += 1
        if plan.place:
            self.gateway.announce(self.bot_id, len(plan.place), self.config_hash)
        if processed.is_persist_due:
            self._saved = self._state
        if isinstance(view, MarketView) and view.equity_quote > 0:
            self.max_base_pct = max(self.max_base_pct, abs(view.position_base * view.mark_price / view.equity_quote))
        self._carry_out(self._carriers.execute(plan, self.world.now_ms))

    def _view(self) -> MarketView | NoView:
        now_ms, book, account, rules, ticker = self.world.now_ms, self._book, self._account, self._rules, self._ticker
        orders, fills = self._carriers.orders(), self._carriers.take_fills()
        refusals = self._carriers.take_refusals()
        if not self._connected or book is None or account is None or rules is None or ticker is None:
            return NoView(now_ms, "CONNECTOR_NOT_READY", "not connected", fills=fills, orders=orders, refusals=refusals)
        position, entry = self._position
        notional = abs(position) * ticker.mark_price
        return MarketView(
            ts_ms=now_ms,
            instrument=Instrument(
                rules.symbol, rules.tick_size, rules.lot_size, rules.min_qty_base, rules.min_notional_quote, True
            ),
            bid_price=book.bids[0][0],
            bid_qty_base=book.bids[0][1],
            ask_price=book.asks[0][0],
            ask_qty_base=book.asks[0][1],
            book_changed_ts_ms=self._book_changed_ms,
            book_heard_ts_ms=self._book_heard_ms,
            is_connected=self._connected,
            mark_price=ticker.mark_price,
            funding_rate_pct=ticker.funding_rate_pct,
            position_base=position,
            entry_price=entry,
            equity_quote=account.equity_quote,
            available_quote=account.available_quote,
            margin_ratio_pct=account.equity_quote / notional if notional else None,
            maker_fee_pct=rules.maker_fee_pct,
            taker_fee_pct=rules.taker_fee_pct,
            fee_source="venue",
            orders=orders,
            fills=fills,
            refusals=refusals,
            cancels_last_minute=self._carriers.cancels_last_minute(now_ms),
        )

    def _carry_out(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, Submit):
                self._submit(command)
            else:
                self._cancel(command.client_order_id)

    def _submit(self, command: Submit) -> None:
        self.submits += 1
        self.submitted[command.client_order_id] = Submitted(self.world.now_ms, command.level_id, self._life)
        is_market = command.order_type == "market"
        request = venue.PlaceOrder(
            account_id=self.bot_id,
            symbol=self.symbol,
            client_order_id=command.client_order_id,
            side=command.side,
            order_type="limit",
            time_in_force="ioc" if is_market else "post_only" if command.order_type == "limit_maker" else "gtc",
            qty_base=command.qty_base,
            price=command.price,
        )
        self._latest_submit = request
        self._place(request, self._life, self._heard_here(lambda answer: self._on_submitted(command, answer)))

    def _place(self, request: venue.PlaceOrder, fence: int, then: OnAnswer) -> None:
        """With what the desk's connector states beside an order, and the token of the lease."""
        claims = Claims(self.world.now_ms, self.config_hash, fence)
        self.gateway.request(self.bot_id, request, then, claims)

    def _on_submitted(self, command: Submit, answer: venue.Answer | venue.Unknown) -> None:
        if isinstance(answer, venue.Placed):
            self._gateway_ids[command.client_order_id] = answer.venue_order_id
            self._carriers.on_acknowledged(command.client_order_id)
        elif isinstance(answer, venue.Refused):
            self._carriers.on_refused(command.client_order_id, answer.code, answer.text, self.world.now_ms)
        else:
            self._carriers.on_unknown(command.client_order_id, str(answer))

    def _cancel(self, client_id: str) -> None:
        request = venue.CancelOrder(
            symbol=self.symbol,
            venue_order_id=self._gateway_ids.get(client_id, ""),
            client_order_id="" if client_id in self._gateway_ids else client_id,
        )
        self._ask(request, lambda answer: self._on_cancelled(client_id, answer))

    def _on_cancelled(self, client_id: str, answer: venue.Answer | venue.Unknown) -> None:
        if isinstance(answer, venue.Refused) and answer.code == "ORDER_NOT_FOUND":
            self._find_fate(client_id)
