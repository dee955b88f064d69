"""The exchange: takes neutral requests, returns neutral answers, and lives in virtual time.

Single-threaded and sans-I/O: it reads no clock, opens nothing and knows no asyncio. The shell (venue_sim) or a harness
calls

    exchange.advance(now_ms)                 # let the market, funding and timers happen up to now
    answer = exchange.handle(request, now_ms)
    changes = exchange.drain_changes()       # write these durably ...
    pushes = exchange.drain_pushes()         # ... before the answer and these leave the process

Same instruments, accounts, market, seed, start, params and the same requests at the same times give the same event log,
bit for bit (``digest()``), however the calls to ``advance`` are cut and under any PYTHONHASHSEED.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from services.common import venue
from services.simulation.checks import refuse
from services.simulation.drift import Drift
from services.simulation.durable import Durable
from services.simulation.engine import Engine
from services.simulation.event_log import EventLog
from services.simulation.feed import PublicFeed
from services.simulation.fees import FeeSchedule
from services.simulation.fill_model import FillModel
from services.simulation.instruments import Instrument
from services.simulation.ledger import AccountBook, Ledger
from services.simulation.listing import Listing
from services.simulation.markets import Market, MarketChoice, Opening, open_market
from services.simulation.operations import Operator
from services.simulation.outbox import Change, ChangeKind, Outbox
from services.simulation.params import ExchangeParams
from services.simulation.queries import Queries
from services.simulation.risk import Risk
from services.simulation.rng import Streams
from services.simulation.settlement import Settlement
from services.simulation.standing import Standings
from services.simulation.trading import Trading
from services.simulation.units import to_e8

__all__ = ["Change", "ChangeKind", "Exchange", "ExchangeParams"]


class Exchange:
    """A perpetual-futures venue with one matching engine, seen through ``services.common.venue``.

    instruments: what is listed. accounts: account id -> starting wallet in quote; ids that ``restore`` brings back keep
    their restored wallet. market: a preset name ("calm", "normal", "volatile", "jumps", "trending", "lively") or a
    ``services.simulation.replay.Replay``. seed: every random stream is derived from it. start_ms: UTC ms at which it
    begins.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        accounts: Mapping[str, Decimal],
        market: MarketChoice,
        seed: int,
        start_ms: int,
        params: ExchangeParams | None = None,
    ) -> None:
        self.params = params = params or ExchangeParams()
        self.instruments = {instrument.rules.symbol: instrument for instrument in instruments}
        self.seed = seed
        self.market = market
        self.start_ms = start_ms
        self._log = EventLog(params.log_tail)
        self._outbox = Outbox(durable=params.durable, pushing=params.pushing)
        self._ledger = Ledger(
            self._outbox, kept=params.orders_kept, id_block=params.id_block, leverage_default=params.leverage_default
        )
        self._listings: dict[str, Listing] = {}
        self.fees = FeeSchedule(params.fee_tiers, self._outbox.volume)
        fill_model = FillModel(params.fill_model) if params.fill_model is not None else None
        self._engine = Engine(self._listings, self._ledger, self.fees, self._outbox, self._log, fill_model)
        self._engine.now_ms = start_ms
        self._standings = Standings(self._listings, self._ledger)
        self._trading = Trading(self._engine, self._standings, params)
        self._queries = Queries(self._engine, self._standings, params.key_rights)
        self.risk = Risk(self._engine, self._standings)
        self._drift = Drift(self._ledger, params.post_fill_drift_window_ms)
        self._engine.fill_listeners.append(self._drift.on_fill)
        self._engine.judge = self._trading.judge
        self._feed = PublicFeed(self._listings, params, start_ms)
        self._durable = Durable(self._ledger, self._listings, self.fees)
        self._heap: list[tuple[int, int, Market | Settlement]] = []
        self._markets: dict[str, Market] = {}
        self.operator = Operator(self._engine, self.risk, self._markets)
        self._opened = False
        self._life = 0
        for account_id, wallet in accounts.items():
            self._ledger.open_account(account_id, to_e8(wallet))

    # ------------------------------------------------------------------------------------------------------ the venue

    @property
    def now_ms(self) -> int:
        return self._engine.now_ms

    def handle(self, request: venue.Request, now_ms: int) -> venue.Answer:
        """Do what is asked at now_ms (advancing to it first) and return the answer, or ``Refused`` with a reason code.

        ``request.account_id`` must be one of the accounts for everything that is not public. Lists of orders, fills,
        bills and trades come newest first, candles oldest first.
        """
        self.advance(now_ms)
        answer = self._answer(request)
        self._drift.count_rejects(request, answer)
        if not isinstance(answer, tuple):
            self._log.add(
                f"R|{self.now_ms}|{type(request).__name__}|{request.account_id}|{_text(request)}|{_text(answer)}"
            )
        return answer

    def advance(self, to_ms: int) -> None:
        """Let everything happen that is due up to and including to_ms. Going back is ignored (a wall clock may
        step).
        """
        if not self._opened:
            self._open()
        engine = self._engine
        limit_ms = self.params.sleep_min_ms
        if limit_ms is not None and to_ms - engine.now_ms > limit_ms:
            self._oversleep(to_ms)
        heap = self._heap
        while heap and heap[0][0] <= to_ms:
            due_ms, order, source = heap[0]
            engine.now_ms = due_ms
            source.step(due_ms)
            heapq.heapreplace(heap, (source.next_ms, order, source))
        if to_ms > engine.now_ms:
            engine.now_ms = to_ms

    def drain_pushes(self) -> list[venue.Push]:
        """What the venue says by itself since the last call, oldest first.

        Private: every order change as it happened; then, per account that changed, one PositionsPush (if positions
        changed) and one AccountPush. Public: trades as they happened; a BookPush per symbol when the book changed and
        the last push is book_push_interval_ms old, or in any case after book_push_idle_ms; a TickerPush every
        ticker_push_interval_ms. Draining never changes the market.
        """
        now_ms = self.now_ms
        pushes = self._outbox.take_private(
            self._standings.positions, lambda account_id: self._standings.account(account_id, now_ms)
        )
        pushes += self._outbox.take_trades()
        pushes += self._feed.due(now_ms)
        return pushes

    def drain_changes(self) -> list[Change]:
        """Durable rows that changed since the last call, last value per row. Write them in one transaction, then
        answer.
        """
        return self._outbox.take_changes()

    def snapshot(self) -> list[Change]:
        """The whole durable state as rows; what the sum of all drained changes amounts to."""
        self.advance(self.now_ms)
        return self._durable.snapshot(self._life)

    def restore(self, records: Iterable[Change]) -> None:
        """Bring back a durable state into a new exchange, before the first ``advance`` or ``handle``.

        Accounts, positions, open orders (they rest again, at the back of their level), history, bills, settings and id
        counters are back; the market resumes from the last price. Raises ValueError naming the row it cannot read, or
        what does not fit the pairs that are listed now.
        """
        assert not self._opened, "restore comes before the first advance or handle"
        self._outbox.take_changes()  # what the constructor noted is older than any record
        self._life = self._durable.restore(records, self.instruments)
        for book in self._ledger.accounts.values():
            self._outbox.change("account", book.state.account_id, book.state)

    def digest(self) -> str:
        """SHA-256 (hex) over the event log so far: requests, answers, trades, order changes, bills, tops of book."""
        return self._log.digest()

    # ---------------------------------------------------------------------------------------------- for the operator

    def accounts(self) -> tuple[str, ...]:
        """All account ids."""
        return tuple(self._ledger.accounts)

    def account(self, account_id: str) -> venue.Account:
        """Its balance as it stands; raises KeyError for an unknown account."""
        return self._standings.account(account_id, self.now_ms)

    def positions(self, account_id: str) -> tuple[venue.Position, ...]:
        """Its open positions; raises KeyError for an unknown account."""
        return self._standings.positions(account_id)

    def add_account(self, account_id: str, wallet_quote: Decimal) -> None:
        """Open an account while running (a new bot); no effect when it exists."""
        if account_id not in self._ledger.accounts:
            self._ledger.open_account(account_id, to_e8(wallet_quote))

    def transfer(self, account_id: str, amount_quote: Decimal, now_ms: int) -> venue.Account | venue.Refused:
        """Deposit (positive) or withdraw (negative) from outside; books a ``transfer`` bill."""
        self.advance(now_ms)
        book = self._ledger.accounts.get(account_id)
        if book is None:
            return refuse("UNKNOWN_ACCOUNT", value=account_id)
        refusal = self._trading.transfer(book, amount_quote, to_e8(amount_quote))
        self._log.add(f"W|{self.now_ms}|{account_id}|{amount_quote}")
        return refusal or self.account(account_id)

    def open_orders(self) -> tuple[tuple[str, venue.Order], ...]:
        """(account id, order) of everything that rests, all accounts, oldest first."""
        return tuple(self._queries.open_orders())

    def paper_stats(self, account_id: str) -> dict[str, object]:
        """paper_fill_count, paper_reject_count, paper_avg_queue_delay_ms, paper_adverse_pnl_quote of one account."""
        return self._drift.report(account_id)

    def log_tail(self) -> tuple[str, ...]:
        """The last lines of the event log, when ``params.log_tail`` keeps any."""
        return tuple(self._log.tail or ())

    # ---------------------------------------------------------------------------------------------------------- details

    def _answer(self, request: venue.Request) -> venue.Answer:
        for from_ms, to_ms in self.params.maintenance:
            if from_ms <= self.now_ms < to_ms and not isinstance(request, venue.GetTime):
                refused = refuse("MAINTENANCE", value=self.now_ms, limit=to_ms)
                return msgspec.structs.replace(refused, retry_after_ms=to_ms - self.now_ms)
        answer = self._queries.public(request)
        if answer is not None:
            return answer
        book = self._ledger.accounts.get(request.account_id)
        if book is None:
            return refuse("UNKNOWN_ACCOUNT", value=request.account_id)
        answer = self._queries.private(book, request)
        return answer if answer is not None else self._act(book, request)

    def _act(self, book: AccountBook, request: venue.Request) -> venue.Answer:
        trading = self._trading
        match request:
            case venue.PlaceOrder():
                return trading.place(book, request)
            case venue.PlaceOrders():
                return trading.place_many(book, request)
            case venue.PlaceProtected():
                return trading.place_protected(book, request)
            case venue.PlaceStop():
                return trading.place_stop(book, request)
            case venue.CancelOrder():
                return trading.cancel(book, request)
            case venue.CancelOrders():
                return trading.cancel_many(book, request)
            case venue.ModifyOrder():
                return trading.modify(book, request)
            case venue.ClosePosition():
                return trading.close(book, request)
            case venue.SetLeverage():
                return trading.set_leverage(book, request)
            case venue.SetMarginMode():
                return trading.set_margin_mode(book, request)
            case venue.SetPositionMode():
                return trading.set_position_mode(book, request)
            case _:
                return refuse("UNSUPPORTED", value=type(request).__name__)

    def _oversleep(self, to_ms: int) -> None:
        """The machine slept: the market opens with a gap, instead of living through hours that nobody saw."""
        self._log.add(f"S|{self.now_ms}|{to_ms}")
        self._engine.now_ms = to_ms
        for _, _, source in sorted(self._heap, key=lambda row: row[1]):
            source.step(to_ms)
        self._heap = [(source.next_ms, order, source) for _, order, source in self._heap]
        heapq.heapify(self._heap)

    def _open(self) -> None:
        """Build every pair's history and book, put restored orders back, and schedule what will happen."""
        self._opened = True
        streams = Streams(self.seed, self._life)
        opening = Opening(self._engine, self._durable.resume(), streams, self.start_ms, self.params)
        for number, instrument in enumerate(self.instruments.values()):
            market = open_market(instrument, self.market, opening)
            self._markets[instrument.rules.symbol] = market
            heapq.heappush(self._heap, (market.next_ms, number, market))
        tick_ms = min(self.params.settlement_ms, self.params.fill_model.latency_ms if self.params.fill_model else 1_000)
        settlement = Settlement(self._engine, self.risk, self._drift, self.start_ms, max(10, tick_ms))
        heapq.heappush(self._heap, (settlement.next_ms, len(self._heap), settlement))
        self._durable.begin_life(self._outbox, self._life)
        self._durable.note_grids(self._outbox)
        for order in self._durable.resting_orders():
            self._engine.rest_again(order)
        for order in list(self._durable.unfinished_takers()):
            self._engine.execute(order)
        self._feed.start()


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
