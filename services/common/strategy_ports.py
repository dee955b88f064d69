"""What a strategy's controller needs of its host: to carry orders, to remember, to tell and to be told.

The controller imports these; the script hands in what implements them. So the controller knows neither the carrier nor
the bus, and a test gives it a recorder.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from controllers.core.values import Candle, ExternalIntent, LiveOrder, OwnFill, OwnRefusal, Plan
from controllers.epp.processed import ProcessedState


class Execution(Protocol):
    """One order per level, placed at most once by one plan."""

    def execute(self, plan: Plan, view_ts_ms: int) -> None:
        """``view_ts_ms`` is when the market was looked at that the plan was made from."""
        ...

    def orders(self) -> tuple[LiveOrder, ...]:
        """Every order that is not terminal at the connector."""
        ...

    def take_fills(self) -> tuple[OwnFill, ...]:
        """Fills since the last call, each exactly once."""
        ...

    def is_caught_up(self) -> bool:
        """False while fills of the time before this life are still being read: until then nothing is decided."""
        ...

    def take_refusals(self) -> tuple[OwnRefusal, ...]: ...
    def paper_stats(self) -> tuple[int, int, Decimal | None]:
        """Fills, refusals and the mean ms a maker fill had rested, since the start of this life."""
        ...

    def cancels_last_minute(self) -> int: ...
    async def wait_for_change(self, timeout_s: float) -> None:
        """Returns when an order of ours was filled, ended or refused, at the latest after ``timeout_s``."""
        ...

    def cancel_all(self, reason: str) -> None:
        """The safe side when no decision can be made."""
        ...


class Telemetry(Protocol):
    """Never blocks and never raises on a dead bus."""

    def publish(self, plan: Plan, processed: ProcessedState) -> None: ...
    def take_intents(self) -> tuple[ExternalIntent, ...]:
        """Intents since the last call, each exactly once."""
        ...

    def on_lag(self, ms: int) -> None:
        """How late the tick began."""
        ...

    def bus_blind_ms(self) -> int: ...
    def csv_write_ms(self) -> Decimal:
        """How long the newest batch of rows took to write, off the tick path."""
        ...

    def funding_paid_today_quote(self) -> Decimal:
        """Positive is paid; the UTC day."""
        ...


class Memory(Protocol):
    """What must survive a restart."""

    def load(self) -> Mapping[str, Any] | None:
        """The last saved state, None when there never was one. Raises ConfigError when it cannot be read."""
        ...

    def save(self, make_state: Callable[[], Mapping[str, Any]]) -> None:
        """Made and written atomically off the tick path; ``make_state`` must only read immutable values."""
        ...

    def candles(self) -> Sequence[Candle]:
        """One-minute history for a cold start; empty when nobody has any."""
        ...
