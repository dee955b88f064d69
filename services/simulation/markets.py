"""Opening a pair: its history, its listing, and the market that moves it."""

from typing import NamedTuple, Protocol

from services.simulation.candles import MINUTE_MS, Bar, Candles
from services.simulation.durable import Resume
from services.simulation.engine import Engine
from services.simulation.funding import FundingClock
from services.simulation.history import seeded_history
from services.simulation.instruments import Instrument
from services.simulation.listing import Listing
from services.simulation.params import ExchangeParams
from services.simulation.presets import Preset, preset
from services.simulation.replay import (
    NOT_PLAYED,
    CandleReplay,
    QuoteReplay,
    Replay,
    TradeReplay,
    first_ticks,
    history_bars,
    split,
)
from services.simulation.rng import Streams
from services.simulation.scripted import Scripted, ScriptedMarket
from services.simulation.seeded import SeededMarket
from services.simulation.units import make_grid
from services.simulation.volatility import Volatility


class Market(Protocol):
    """Something that moves a pair. ``step`` is called at ``next_ms``, never earlier, and sets the next one."""

    next_ms: int

    def step(self, now_ms: int) -> None: ...


MarketChoice = str | Preset | Replay | Scripted
REPLAYS = {"candles": CandleReplay, "trades": TradeReplay, "quotes": QuoteReplay}


class Opening(NamedTuple):
    """What every pair is opened with."""

    engine: Engine
    resume: Resume
    streams: Streams
    start_ms: int
    params: ExchangeParams


def open_market(instrument: Instrument, choice: MarketChoice, opening: Opening) -> Market:
    """Register the pair's listing with the engine and return its market, ready at start_ms."""
    if isinstance(choice, Replay):
        if choice.symbol == instrument.rules.symbol:
            return _open_replay(instrument, choice, opening)
        choice = choice.others
    if isinstance(choice, Scripted):
        return _open_scripted(instrument, choice, opening)
    chosen = preset(choice) if isinstance(choice, str) else choice
    symbol = instrument.rules.symbol
    volatility = Volatility(opening.streams.of("volatility", symbol), chosen.vol_spread_fast, chosen.vol_spread_slow)
    start_ticks = opening.resume.prices.get(symbol) or int(instrument.start_price / instrument.rules.tick_size)
    listing = _list(instrument, opening, start_ticks, [], chosen, volatility)
    return SeededMarket(listing, opening.engine, chosen, opening.streams, volatility, opening.start_ms)


def _open_scripted(instrument: Instrument, script: Scripted, opening: Opening) -> Market:
    rules = instrument.rules
    start_ticks = opening.resume.prices.get(rules.symbol) or int(script.mark / rules.tick_size)
    volatility = Volatility(opening.streams.of("volatility", rules.symbol), 0.0, 0.0)
    listing = _list(instrument, opening, start_ticks, [], preset("calm"), volatility)
    return ScriptedMarket(listing, opening.engine, script, opening.start_ms)


def _open_replay(instrument: Instrument, replay: Replay, opening: Opening) -> Market:
    rules = instrument.rules
    grid = make_grid(rules.symbol, rules.tick_size, rules.lot_size)
    rows, first = split(replay.tape, opening.params.history_minutes)
    start_ticks = opening.resume.prices.get(rules.symbol) or first_ticks(replay, first, grid)
    chosen = preset(replay.others)
    volatility = Volatility(opening.streams.of("volatility", rules.symbol), 0.0, 0.0)
    recorded = history_bars(rows, replay, grid, opening.start_ms)
    listing = _list(instrument, opening, start_ticks, recorded, chosen, volatility)
    played_ms = opening.resume.played_ms.get(rules.symbol, NOT_PLAYED)
    market = REPLAYS[replay.tape.kind]
    return market(listing, opening.engine, replay, first, opening.streams, opening.start_ms, played_ms)


def _list(
    instrument: Instrument,
    opening: Opening,
    start_ticks: int,
    recorded: list[Bar],
    chosen: Preset,
    volatility: Volatility,
) -> Listing:
    """The listing with its candles: bars lived here before a restart, else recorded ones, and made-up ones before
    them.
    """
    rules, params, start_ms = instrument.rules, opening.params, opening.start_ms
    grid = make_grid(rules.symbol, rules.tick_size, rules.lot_size)
    lived = _bridged(opening.resume.candles.get(rules.symbol, []), start_ms)
    known = lived or recorded
    made_up = seeded_history(
        instrument,
        grid,
        chosen,
        volatility,
        opening.streams.of("history", rules.symbol),
        params.history_minutes - len(known),
        known[0].open_ms if known else start_ms,
        known[0].open if known else start_ticks,
    )
    history = made_up if lived else [*made_up, *recorded]
    candles = Candles(grid, history, lived, start_ms, start_ticks)
    interval_ms = params.funding_interval_ms or rules.funding_interval_ms
    listing = Listing(instrument, start_ticks, candles, FundingClock(interval_ms, start_ms))
    opening.engine.listings[rules.symbol] = listing
    return listing


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
