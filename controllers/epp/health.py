"""Is the connector well? One yes or no per thing that a decision needs, from what the decision found."""

from typing import Final

from controllers.epp.processed import ProcessedState

# The thing, and the reasons that say it is not well.
_ILL: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("connected", frozenset({"NOT_CONNECTED"})),
    ("book_heard", frozenset({"DATA_AGE", "BOOK_READ_FAILED", "NO_VIEW", "CONNECTOR_NOT_READY"})),
    ("book_sound", frozenset({"BOOK_EMPTY", "BOOK_CROSSED", "BOOK_NOT_FINITE", "PRICE_IMPACT_HIGH"})),
    ("book_moving", frozenset({"ORDER_BOOK_STALE"})),
    ("balance_read", frozenset({"BALANCE_READ_FAILED", "EQUITY_NOT_POSITIVE"})),
    ("position_agrees", frozenset({"POSITION_DRIFT", "POSITION_DRIFT_WARN"})),
    ("fees_resolved", frozenset({"FEE_UNRESOLVED"})),
    ("bus_reachable", frozenset({"BUS_BLIND", "BUS_BLIND_STOP"})),
    ("clock_sound", frozenset({"CLOCK_SKEW"})),
)


def connector_status(processed: ProcessedState) -> dict[str, bool]:
    """True is well. Made of the reasons, so that summary and guard cannot disagree."""
    return {name: ill.isdisjoint(processed.reasons) for name, ill in _ILL}
