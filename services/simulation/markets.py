"""Opening a pair: its history, its listing, and the market that moves it."""

from typing import Protocol

from services.simulation.candles import MINUTE_MS, Bar, Candles
from services.simulation.durable import Resume
from services.simulation.engine import Engine
from services.simulation.funding import FundingClock
from services.simulation.history import seeded_history
from services.simulation.instruments import Instrument
from services.simulation.listing import Listing
from services.simulation.params import ExchangeParams
from services.simulation.presets import Preset, preset
from services.simulation.rng import Streams
from services.simulation.seeded import SeededMarket
from services.simulation.units import make_grid
from services.simulation.volatility import Volatility


class Market(Protocol):
    """Something that moves a pair. ``step`` is called at ``next_ms``, never earlier, and sets the next one."""

    next_ms: int

    def step(self, now_ms: int) -> None: ...


MarketChoice = str | Preset


def open_market(
    instrument: Instrument,
    engine: Engine,
    choice: MarketChoice,
    resume: Resume,
    seed: int,
    life: int,
    start_ms: int,
    params: ExchangeParams,
) -> Market:
    """Register the pair's listing with the engine and return its market, ready at start_ms."""
    chosen = preset(choice) if isinstance(choice, str) else choice
    rules = instrument.rules
    symbol = rules.symbol
    grid = make_grid(symbol, rules.tick_size, rules.lot_size)
    streams = Streams(seed, life)
    start_ticks = resume.prices.get(symbol) or int(instrument.start_price / rules.tick_size)
    volatility = Volatility(streams.of("volatility", symbol), chosen.vol_spread_fast, chosen.vol_spread_slow)
    lived = _bridged(resume.candles.get(symbol, []), start_ms)
    missing = max(0, params.history_minutes - len(lived))
    history = seeded_history(
        instrument,
        grid,
        chosen,
        volatility,
        streams.of("history", symbol),
        missing,
        lived[0].open_ms if lived else start_ms,
        lived[0].open if lived else start_ticks,
    )
    candles = Candles(grid, history, lived, start_ms, start_ticks)
    interval_ms = params.funding_interval_ms or rules.funding_interval_ms
    listing = Listing(instrument, start_ticks, candles, FundingClock(interval_ms, start_ms))
    engine.listings[symbol] = listing
    return SeededMarket(listing, engine, chosen, streams, volatility, start_ms)


def _bridged(bars: list[Bar], start_ms: int) -> list[Bar]:
    """Stored bars up to the minute of start_ms, with flat ones where the venue was down. At most a day of those."""
    end_ms = start_ms - start_ms % MINUTE_MS
    out: list[Bar] = []
    for bar in [b for b in bars if b.open_ms < end_ms]:
        _fill_gap(out, bar.open_ms)
        out.append(bar)
    _fill_gap(out, end_ms)
    return out


def _fill_gap(out: list[Bar], until_ms: int) -> None:
    if out and until_ms - out[-1].open_ms > 1_440 * MINUTE_MS:
        out.clear()  # too long ago to be called history
    while out and out[-1].open_ms + MINUTE_MS < until_ms:
        last = out[-1]
        out.append(Bar(last.open_ms + MINUTE_MS, last.close, last.close, last.close, last.close, 0, 0))
