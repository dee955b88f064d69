"""What an exchange is built from besides accounts and a market. Values only; where they come from is the shell's
affair.
"""

from decimal import Decimal

import msgspec

from services.common import venue
from services.simulation.fees import FeeTier
from services.simulation.fill_model import FillSettings


class ExchangeParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every knob has the default of a calm, friendly venue. ``_ms`` milliseconds, ``_pct`` a fraction."""

    history_minutes: int = 1_500  # one-minute candles that exist before the first tick
    book_push_interval_ms: int = 100  # a changed book is pushed at most this often
    book_push_idle_ms: int = 1_000  # and an unchanged one at least this often
    book_push_depth: int = 50  # levels a side in a push
    ticker_push_interval_ms: int = 1_000
    funding_interval_ms: int | None = None  # None: the instrument's own; small values compress funding for tests
    leverage_default: int = 10
    post_only_refused: bool = True  # False: accepted and cancelled at once, as some venues do
    stp_mode: venue.StpMode = "none"  # for orders that do not say
    price_band_pct: Decimal | None = None  # how far through the mark a limit price may lie; None: anything
    fee_tiers: tuple[FeeTier, ...] = ()  # by 30-day volume; empty: the instrument's own rates
    fill_model: FillSettings | None = None  # None: exact; set for a paper engine against a recording
    maintenance: tuple[
        tuple[int, int], ...
    ] = ()  # (from, to) in UTC ms: everything but the time is refused, orders stay
    sleep_min_ms: int | None = (
        None  # a jump of time longer than this is one step: a machine that slept; None: lived through
    )
    post_fill_drift_window_ms: int = 500  # when the mid is sampled again after a fill, for paper_adverse_pnl_quote
    key_rights: tuple[str, ...] = ("read", "trade")  # of every key, as a venue.KeyRights names them
    settlement_ms: int = 250  # how often margin, triggers, funding and minutes are looked at
    log_tail: int = 0  # last lines of the event log kept for people
    durable: bool = True  # False: nobody drains changes, so none are collected
    pushing: bool = True  # False: nobody drains pushes
    orders_kept: int = 10_000  # terminal orders, fills, bills remembered per account; older ones are pruned durably too
    id_block: int = 100_000  # ids are reserved in blocks, so that public trades need no durable write
