"""The exchange: takes neutral requests, returns neutral answers, and lives in virtual time.

Single-threaded and sans-I/O: it reads no clock, opens nothing and knows no asyncio. The shell (venue_sim) or a harness calls

    exchange.advance(now_ms)                 # let the market, funding and timers happen up to now
    answer = exchange.handle(request, now_ms)
    changes = exchange.drain_changes()       # write these durably ...
    pushes = exchange.drain_pushes()         # ... before the answer and these leave the process

Same instruments, accounts, market, seed, start, params and the same requests at the same times give the same event log, bit
for bit (``digest()``), however the calls to ``advance`` are cut and under any PYTHONHASHSEED.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from services.common import venue
from services.simulation.instruments import Instrument
from services.simulation.params import ExchangeParams

ChangeKind = Literal["account", "position", "order", "fill", "bill", "leverage", "price", "candle", "counter"]


class Change(msgspec.Struct, frozen=True):
    """One durable upsert. The store is a table with primary key (kind, key); ``value`` is JSON text, None deletes the row."""

    kind: ChangeKind
    key: str
    value: str | None


class Exchange:
    """A perpetual-futures venue with one matching engine, seen through ``services.common.venue``.

    instruments: what is listed. accounts: account id -> starting wallet in quote; ids that ``restore`` brings back keep their
    restored wallet. market: a preset name ("calm", "normal", "volatile", "jumps", "trending", "lively") or a
    ``services.simulation.replay.Replay``. seed: every random stream is derived from it. start_ms: UTC ms of virtual time zero.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        accounts: Mapping[str, Decimal],
        market: object,
        seed: int,
        start_ms: int,
        params: ExchangeParams | None = None,
    ) -> None:
        self.params = params or ExchangeParams()
        self.now_ms = start_ms
        self.seed = seed
        self.market = market
        self.instruments = {i.rules.symbol: i for i in instruments}
        self._wallets = dict(accounts)

    def handle(self, request: venue.Request, now_ms: int) -> venue.Answer:
        """Do what is asked at now_ms (advancing to it first) and return the answer, or ``Refused`` with a reason code.

        ``request.account_id`` must be one of the accounts for everything that is not public.
        """
        self.advance(now_ms)
        match request:
            case venue.GetTime():
                return venue.ServerTime(ts_ms=self.now_ms)
            case venue.GetInstruments():
                return tuple(i.rules for i in self.instruments.values())
            case _:
                return venue.Refused(code="UNSUPPORTED", text=f"UNSUPPORTED: {type(request).__name__}")

    def advance(self, to_ms: int) -> None:
        """Let everything happen that is due up to and including to_ms. Going back is ignored (a wall clock may step)."""
        self.now_ms = max(self.now_ms, to_ms)

    def drain_pushes(self) -> list[venue.Push]:
        """What the venue says by itself since the last call, oldest first.

        Private: every order change as it happened; then, per account that changed, one PositionsPush (if positions changed)
        and one AccountPush. Public: trades as they happened; a BookPush per symbol when the book changed and the last push
        is book_push_interval_ms old, or in any case after book_push_idle_ms; a TickerPush every ticker_push_interval_ms.
        Draining never changes the market.
        """
        return []

    def drain_changes(self) -> list[Change]:
        """Durable rows that changed since the last call, last value per row. Write them in one transaction, then answer."""
        return []

    def snapshot(self) -> list[Change]:
        """The whole durable state as rows; what the sum of all drained changes amounts to."""
        return []

    def restore(self, records: Iterable[Change]) -> None:
        """Bring back a durable state into a new exchange, before the first ``advance`` or ``handle``.

        Accounts, positions, open orders (they rest again, at the back of their level), history, bills, settings and id
        counters are back; the market resumes from the last price. Raises ValueError naming the row it cannot read.
        """

    def digest(self) -> str:
        """SHA-256 (hex) over the event log so far: requests, answers, trades, order changes, bills, tops of book."""
        return ""

    # ------------------------------------------------------------------------------------------------- for the operator

    def accounts(self) -> tuple[str, ...]:
        """All account ids."""
        return tuple(self._wallets)

    def add_account(self, account_id: str, wallet_quote: Decimal) -> None:
        """Open an account while running (a new bot); no effect when it exists."""
        self._wallets.setdefault(account_id, wallet_quote)

    def transfer(self, account_id: str, amount_quote: Decimal, now_ms: int) -> venue.Account | venue.Refused:
        """Deposit (positive) or withdraw (negative) from outside; books a ``transfer`` bill."""
        raise NotImplementedError

    def open_orders(self) -> tuple[tuple[str, venue.Order], ...]:
        """(account id, order) of everything that rests, all accounts, oldest first."""
        return ()
