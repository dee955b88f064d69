"""What the venue holds against what the gateway knows, sample by sample, from outside. Pure.

An order is unknown while the venue lists it and the gateway does not. A cancel is overdue while the venue still lists
an order that the gateway or the bot has asked to cancel. Times are monotonic milliseconds.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

PATIENCE_MS = 10_000


class Watch:
    """Feed it samples in order. A sample is only taken while venue and gateway both answer."""

    def __init__(self) -> None:
        self.at_venue: dict[str, dict[str, Any]] = {}  # client order id -> the venue's row, newest sample
        self.seen_ids: set[str] = set()  # every client order id ever listed
        self.samples = 0
        self._unknown_since: dict[str, int] = {}
        self._asked_since: dict[str, int] = {}
        self._cleared_ms = 0
        self._unknown_late: set[str] = set()
        self._cancels_late: set[str] = set()
        self._twice: set[str] = set()

    # ------------------------------------------------------------------------------------------------------- samples

    def take(self, venue: list[dict[str, Any]], gateway: list[dict[str, Any]], now_ms: int) -> None:
        """``venue`` was listed before ``gateway``: a row that ended in between is not missed for long."""
        self.samples += 1
        self.at_venue = {row["client_order_id"]: row for row in venue}
        self.seen_ids |= set(self.at_venue)
        known = {row["client_order_id"] for row in gateway}
        self._unknown_since = {one: self._unknown_since.get(one, now_ms) for one in self.at_venue if one not in known}
        self.cancels_asked((row["client_order_id"] for row in gateway if row["cancel_wanted"]), now_ms)
        self._asked_since = {one: since for one, since in self._asked_since.items() if one in self.at_venue}
        self._unknown_late |= {one for one, since in self._unknown_since.items() if now_ms - since >= PATIENCE_MS}
        self._cancels_late |= {
            one for one, since in self._asked_since.items() if now_ms - max(since, self._cleared_ms) >= PATIENCE_MS
        }
        levels = Counter(level_of(one) for one in self.at_venue if level_of(one))
        self._twice |= {level for level, orders in levels.items() if orders > 1}

    def cancels_asked(self, client_order_ids: Iterable[str], now_ms: int) -> None:
        for one in client_order_ids:
            self._asked_since.setdefault(one, now_ms)

    # ---------------------------------------------------------------------------------------------------------- rows

    def begin(self) -> None:
        """A new row: what was found before belongs to the rows before."""
        self._unknown_late, self._cancels_late, self._twice = set(), set(), set()
        self._cleared_ms = 1 << 62  # a cancel need not get through while the fault holds

    def cleared(self, now_ms: int) -> None:
        """The fault is over: from here on a cancel has ten seconds."""
        self._cleared_ms = now_ms

    @property
    def is_settled(self) -> bool:
        """Nothing is waited for: the venue holds only what is known and may rest."""
        return not self._unknown_since and not self._asked_since

    def findings(self) -> dict[str, Any]:
        return {
            "unknown_after_10s": len(self._unknown_late),
            "cancels_not_retried": len(self._cancels_late),
            "levels_twice": sorted(self._twice),
        }


def level_of(client_order_id: str) -> str:
    """The level in an id of the desk's ("hb1-b0-k3f9.17" -> "b0"), "" in any other."""
    parts = client_order_id.split("-")
    return parts[1] if len(parts) == 3 and parts[0].startswith("hb") else ""


def epoch_of(client_order_id: str) -> str:
    """The life of the bot that minted the id."""
    return client_order_id.split("-")[-1].split(".")[0]
