"""What leaves the venue: pushes for those who listen, changes for the store. Collected as it happens, built when
drained.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from services.common import venue

ChangeKind = Literal["account", "position", "order", "fill", "bill", "setting", "price", "candle", "counter", "grid"]


def volume_key(account_id: str, day: int) -> str:
    return f"volume|{day}|{account_id}"


class Change(msgspec.Struct, frozen=True):
    """One durable upsert. The store is a table with primary key (kind, key); ``value`` is JSON text, None deletes the
    row.
    """

    kind: ChangeKind
    key: str
    value: str | None


class Outbox:
    """Same row changed twice is one change with the last value; the order is that of first touching."""

    def __init__(self, *, durable: bool, pushing: bool) -> None:
        self._durable = durable
        self._pushing = pushing
        self._changes: dict[tuple[ChangeKind, str], object | None] = {}
        self._orders: list[venue.OrderPush] = []
        self._positions: dict[str, None] = {}
        self._accounts: dict[str, None] = {}
        self._trades: dict[str, list[venue.PublicTrade]] = {}

    def change(self, kind: ChangeKind, key: str, row: object | None) -> None:
        """``row`` is encoded when drained, so a mutable row is stored as it stands then."""
        if self._durable:
            self._changes[kind, key] = row

    def volume(self, account_id: str, day: int, volume_e8: int) -> None:
        self.change("counter", volume_key(account_id, day), volume_e8 or None)

    def order(self, account_id: str, order: venue.Order, fill: venue.Fill | None = None) -> None:
        if self._pushing:
            self._orders.append(venue.OrderPush(account_id=account_id, order=order, fill=fill))
            self._accounts[account_id] = None

    def position(self, account_id: str) -> None:
        if self._pushing:
            self._positions[account_id] = None
            self._accounts[account_id] = None

    def account(self, account_id: str) -> None:
        if self._pushing:
            self._accounts[account_id] = None

    def trade(self, trade: venue.PublicTrade) -> None:
        if self._pushing:
            self._trades.setdefault(trade.symbol, []).append(trade)

    def take_changes(self) -> list[Change]:
        rows, self._changes = self._changes, {}
        encode = msgspec.json.encode
        return [Change(kind, key, None if row is None else encode(row).decode()) for (kind, key), row in rows.items()]

    def take_private(
        self,
        positions: Callable[[str], tuple[venue.Position, ...]],
        account: Callable[[str], venue.Account],
    ) -> list[venue.Push]:
        """Orders as they happened; then each touched account's positions and balance as they stand now."""
        pushes: list[venue.Push] = [*self._orders]
        pushes += [venue.PositionsPush(account_id=a, positions=positions(a)) for a in self._positions]
        pushes += [venue.AccountPush(account_id=a, account=account(a)) for a in self._accounts]
        self._orders, self._positions, self._accounts = [], {}, {}
        return pushes

    def take_trades(self) -> list[venue.Push]:
        trades, self._trades = self._trades, {}
        return [venue.TradesPush(trades=tuple(batch)) for batch in trades.values()]
