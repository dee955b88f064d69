"""The durable rows of a venue, out and back in: what a kill -9 does not take away."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from services.simulation.accounts import AccountState, PairSetting, PositionState
from services.simulation.candles import Bar
from services.simulation.fees import FeeSchedule
from services.simulation.instruments import Instrument
from services.simulation.ledger import BillRow, FillRow, Ledger
from services.simulation.listing import Listing
from services.simulation.orders import OpenOrder
from services.simulation.outbox import Change, ChangeKind, Outbox, volume_key
from services.simulation.units import to_e8

_TYPES: dict[ChangeKind, Any] = {
    "account": AccountState,
    "position": PositionState,
    "order": OpenOrder,
    "fill": FillRow,
    "bill": BillRow,
    "setting": PairSetting,
    "price": int,
    "candle": Bar,
    "counter": int,
    "grid": tuple[Decimal, Decimal],  # tick and lot that the prices and quantities of a pair are counted in
}


class Resume(NamedTuple):
    """What a market goes on from after a restart; empty at the first start."""

    prices: dict[str, int]  # last price in ticks, by symbol
    candles: dict[str, list[Bar]]  # oldest first, by symbol
    played_ms: dict[str, int]  # how far a tape has been played, by symbol


class Durable:
    def __init__(self, ledger: Ledger, listings: dict[str, Listing], fees: FeeSchedule) -> None:
        self._ledger = ledger
        self._fees = fees
        self._listings = listings
        self.prices: dict[str, int] = {}
        self.candles: dict[str, list[Bar]] = {}
        self.played_ms: dict[str, int] = {}

    def resume(self) -> Resume:
        return Resume(self.prices, self.candles, self.played_ms)

    def begin_life(self, outbox: Outbox, life: int) -> None:
        """Each start is a life of its own; the counter makes the next one draw other random numbers."""
        outbox.change("counter", "life", life + 1)

    def note_grids(self, outbox: Outbox) -> None:
        for symbol, listing in self._listings.items():
            outbox.change("grid", symbol, (listing.grid.tick_size, listing.grid.lot_size))

    def resting_orders(self) -> Iterator[OpenOrder]:
        """Restored open limit orders, oldest first; triggers wait outside the book."""
        return (order for order in self._active() if order.order_type == "limit")

    def unfinished_takers(self) -> Iterator[OpenOrder]:
        """Restored market orders that were in the middle of their fill under the paper engine, oldest first."""
        return (order for order in self._active() if order.order_type == "market")

    def _active(self) -> list[OpenOrder]:
        every = [o for book in self._ledger.accounts.values() for o in book.open.values() if not o.trigger_ticks]
        return sorted(every, key=lambda order: order.venue_order_id)

    # ------------------------------------------------------------------------------------------------------------- out

    def snapshot(self, life: int) -> list[Change]:
        return [Change(kind, key, msgspec.json.encode(row).decode()) for kind, key, row in self._rows(life)]

    def _rows(self, life: int) -> Iterator[tuple[ChangeKind, str, object]]:
        ledger = self._ledger
        yield "counter", "ids", ledger.id_ceiling
        yield "counter", "life", life + 1
        for account_id, day, volume_e8 in self._fees.volumes():
            yield "counter", volume_key(account_id, day), volume_e8
        for account_id, book in ledger.accounts.items():
            yield "account", account_id, book.state
            for symbol, position in book.positions.items():
                yield "position", f"{account_id}|{symbol}", position
            for symbol, setting in book.settings.items():
                yield "setting", f"{account_id}|{symbol}", setting
            for venue_order_id, order in book.by_venue_id.items():
                yield "order", str(venue_order_id), order
            for fill in book.fills:
                yield "fill", fill.fill.trade_id, fill
            for bill in book.bills:
                yield "bill", bill.bill.bill_id, bill
        for symbol, listing in self._listings.items():
            yield "grid", symbol, (listing.grid.tick_size, listing.grid.lot_size)
            yield "price", symbol, listing.last_ticks
            if listing.played_ms is not None:
                yield "counter", f"tape|{symbol}", listing.played_ms
            for bar in listing.candles.lived():
                yield "candle", f"{symbol}|{bar.open_ms}", bar

    # -------------------------------------------------------------------------------------------------------------- in

    def restore(self, records: Iterable[Change], listed: Mapping[str, Instrument]) -> int:
        """Fill the ledger from rows in any order; returns the number of this life.

        Raises ValueError when they are counted in another tick or lot than what is listed now, or hold an order or a
        position of a pair that is not.
        """
        rows: dict[ChangeKind, list[tuple[str, Any]]] = {kind: [] for kind in _TYPES}
        for record in records:
            if record.value is not None:
                rows[_kind(record)].append((record.key, _decode(record)))
        _require_same_grids(dict(rows["grid"]), listed)
        life = 0
        for key, value in rows["counter"]:
            if key == "ids":
                self._ledger.next_id = self._ledger.id_ceiling = value
            elif key == "life":
                life = value
            elif key.startswith("tape|"):
                self.played_ms[key.removeprefix("tape|")] = value
            elif key.startswith("volume|"):
                day, account_id = key.removeprefix("volume|").split("|", 1)
                self._fees.put_volume(account_id, int(day), value)
        for _, state in rows["account"]:
            self._ledger.put_account(state)
        for _, position in rows["position"]:
            self._account(position).positions[position.symbol] = position
        for _, setting in rows["setting"]:
            self._account(setting).settings[setting.symbol] = setting
        for _, order in sorted(rows["order"], key=_as_it_was_kept):
            self._ledger.add_order(self._account(order), order)
        for _, fill in sorted(rows["fill"], key=lambda row: int(row[1].fill.trade_id)):
            self._account(fill).fills.append(fill)
        if not any(True for _ in self._fees.volumes()):
            self._count_volumes()
        for _, bill in sorted(rows["bill"], key=lambda row: int(row[1].bill.bill_id)):
            self._account(bill).bills.append(bill)
        self._require_listed(listed)
        self.prices = dict(rows["price"])
        for key, bar in sorted(rows["candle"], key=lambda row: row[1].open_ms):
            self.candles.setdefault(key.split("|")[0], []).append(bar)
        return life

    def _require_listed(self, listed: Mapping[str, Instrument]) -> None:
        for account_id, book in self._ledger.accounts.items():
            held = [symbol for symbol, position in book.positions.items() if position.lots]
            gone = sorted({*held, *(order.symbol for order in book.open.values())} - set(listed))
            if gone:
                raise ValueError(f"restore: {account_id} has orders or a position in {', '.join(gone)}, not listed now")

    def _count_volumes(self) -> None:
        """Of a store from before volumes had rows of their own, or of a venue that only now has fee tiers."""
        for account_id, book in self._ledger.accounts.items():
            for row in book.fills:
                fill = row.fill
                self._fees.count(account_id, to_e8(fill.price * fill.qty_base), fill.ts_exch_ms)

    def _account(self, row: Any) -> Any:
        found = self._ledger.accounts.get(row.account_id)
        if found is None:
            raise ValueError(f"restore: a row names account {row.account_id!r}, which has no account row; {row}")
        return found


def _require_same_grids(stored: Mapping[str, tuple[Decimal, Decimal]], listed: Mapping[str, Instrument]) -> None:
    for symbol, grid in stored.items():
        rules = listed[symbol].rules if symbol in listed else None
        if rules is not None and grid != (rules.tick_size, rules.lot_size):
            raise ValueError(
                f"restore: {symbol} is stored in ticks of {grid[0]} and lots of {grid[1]},"
                f" listed now with {rules.tick_size} and {rules.lot_size}"
            )


def _as_it_was_kept(row: tuple[str, OpenOrder]) -> tuple[bool, int, int]:
    """Ended orders in the order in which they ended, then open ones in that of their arrival."""
    order = row[1]
    return order.is_open, 0 if order.is_open else order.updated_ms, order.venue_order_id


def _kind(record: Change) -> ChangeKind:
    if record.kind not in _TYPES:
        raise ValueError(f"restore: unknown kind {record.kind!r} at key {record.key!r}; known: {', '.join(_TYPES)}")
    return record.kind


def _decode(record: Change) -> Any:
    assert record.value is not None
    try:
        return msgspec.json.decode(record.value, type=_TYPES[record.kind])
    except msgspec.DecodeError as error:
        raise ValueError(f"restore: row {record.kind}/{record.key} cannot be read: {error}") from error
