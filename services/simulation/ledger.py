"""The venue's books: accounts, positions, orders, fills, bills, settings. Memory here, every change to the outbox."""

from collections import deque
from decimal import Decimal

import msgspec

from services.common import venue
from services.simulation.accounts import AccountState, PairSetting, PositionState
from services.simulation.orders import OpenOrder
from services.simulation.outbox import Outbox
from services.simulation.units import from_e8

ID_START = 1_000_000_000


class FillRow(msgspec.Struct, frozen=True):
    account_id: str
    fill: venue.Fill


class BillRow(msgspec.Struct, frozen=True):
    account_id: str
    bill: venue.Bill


class AccountBook:
    """Everything of one account."""

    def __init__(self, state: AccountState, kept: int) -> None:
        self.state = state
        self.kept = kept
        self.positions: dict[str, PositionState] = {}  # by symbol; only those that are not flat, or were touched
        self.settings: dict[str, PairSetting] = {}
        self.open: dict[int, OpenOrder] = {}  # by venue order id, oldest first
        self.by_client_id: dict[str, OpenOrder] = {}
        self.by_venue_id: dict[int, OpenOrder] = {}
        self.ended: deque[OpenOrder] = deque()
        self.fills: deque[FillRow] = deque()
        self.bills: deque[BillRow] = deque()


class Ledger:
    """``ids`` are reserved in blocks: the store holds a ceiling, a restart goes on from there, so no id is used
    twice.
    """

    def __init__(self, outbox: Outbox, *, kept: int, id_block: int, leverage_default: int) -> None:
        self._outbox = outbox
        self._kept = kept
        self._block = id_block
        self._leverage_default = leverage_default
        self.accounts: dict[str, AccountBook] = {}
        self.next_id = ID_START
        self.id_ceiling = ID_START

    def new_id(self) -> int:
        """One counter for orders, trades and bills."""
        if self.next_id >= self.id_ceiling:
            self.id_ceiling = self.next_id + self._block
            self._outbox.change("counter", "ids", self.id_ceiling)
        self.next_id += 1
        return self.next_id - 1

    def open_account(self, account_id: str, wallet_e8: int) -> AccountBook:
        book = self.put_account(AccountState(account_id=account_id, wallet_e8=wallet_e8))
        self._outbox.change("account", account_id, book.state)
        return book

    def put_account(self, state: AccountState) -> AccountBook:
        book = self.accounts[state.account_id] = AccountBook(state, self._kept)
        return book

    def setting(self, book: AccountBook, symbol: str) -> PairSetting:
        found = book.settings.get(symbol)
        if found is None:
            found = book.settings[symbol] = PairSetting(
                account_id=book.state.account_id, symbol=symbol, leverage=self._leverage_default
            )
            self.setting_changed(found)
        return found

    def setting_changed(self, setting: PairSetting) -> None:
        self._outbox.change("setting", f"{setting.account_id}|{setting.symbol}", setting)

    def account_changed(self, book: AccountBook) -> None:
        self._outbox.change("account", book.state.account_id, book.state)
        self._outbox.account(book.state.account_id)

    def position(self, book: AccountBook, symbol: str) -> PositionState:
        found = book.positions.get(symbol)
        if found is None:
            found = book.positions[symbol] = PositionState(account_id=book.state.account_id, symbol=symbol)
        return found

    def position_changed(self, position: PositionState) -> None:
        self._outbox.change("position", f"{position.account_id}|{position.symbol}", position)
        self._outbox.position(position.account_id)

    # ------------------------------------------------------------------------------------------------------- orders

    def add_order(self, book: AccountBook, order: OpenOrder) -> None:
        book.by_venue_id[order.venue_order_id] = order
        book.by_client_id[order.client_order_id] = order
        if order.is_open:
            book.open[order.venue_order_id] = order
        else:
            self._end(book, order)

    def order_changed(self, book: AccountBook, order: OpenOrder) -> None:
        self._outbox.change("order", str(order.venue_order_id), order)
        if not order.is_open and book.open.pop(order.venue_order_id, None) is not None:
            self._end(book, order)

    def find_order(self, book: AccountBook, venue_order_id: str, client_order_id: str) -> OpenOrder | None:
        """By venue id when given, else by client id."""
        if venue_order_id:
            return book.by_venue_id.get(int(venue_order_id)) if venue_order_id.isdecimal() else None
        return book.by_client_id.get(client_order_id)

    def _end(self, book: AccountBook, order: OpenOrder) -> None:
        book.ended.append(order)
        if len(book.ended) > book.kept:
            old = book.ended.popleft()
            del book.by_venue_id[old.venue_order_id]
            if book.by_client_id.get(old.client_order_id) is old:
                del book.by_client_id[old.client_order_id]
            self._outbox.change("order", str(old.venue_order_id), None)

    # --------------------------------------------------------------------------------------------- money and history

    def add_fill(self, book: AccountBook, fill: venue.Fill) -> None:
        row = FillRow(book.state.account_id, fill)
        book.fills.append(row)
        self._outbox.change("fill", fill.trade_id, row)
        if len(book.fills) > book.kept:
            self._outbox.change("fill", book.fills.popleft().fill.trade_id, None)

    def pay(
        self, book: AccountBook, symbol: str, kind: venue.BillKind, amount_e8: int, now_ms: int
    ) -> venue.Bill | None:
        """Move cash: the wallet changes by amount_e8 and a bill says why. Nothing happens for 0."""
        if amount_e8 == 0:
            return None
        book.state.wallet_e8 += amount_e8
        bill = venue.Bill(
            bill_id=str(self.new_id()),
            symbol=symbol,
            kind=kind,
            amount_quote=from_e8(amount_e8),
            balance_quote=from_e8(book.state.wallet_e8),
            ts_ms=now_ms,
        )
        row = BillRow(book.state.account_id, bill)
        book.bills.append(row)
        self._outbox.change("bill", bill.bill_id, row)
        if len(book.bills) > book.kept:
            self._outbox.change("bill", book.bills.popleft().bill.bill_id, None)
        self.account_changed(book)
        return bill

    def wallet_quote(self, account_id: str) -> Decimal:
        return from_e8(self.accounts[account_id].state.wallet_e8)
