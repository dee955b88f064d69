"""Which market the exchange opens with: a seeded preset, or a recording read from a CSV or parquet file."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from services.common.errors import ConfigError
from services.simulation.markets import MarketChoice
from services.simulation.replay import Replay
from services.simulation.tape import CandleRow, Tape, TapeError, TradeRow, read_csv, read_rows
from services.venue_sim.settings import REPLAY, VenueSimSettings

TICKS_MIN = 100  # a price of fewer ticks is another pair's


def open_market(settings: VenueSimSettings, tick_sizes: Mapping[str, Decimal]) -> MarketChoice:
    """``tick_sizes`` by pair. Raises ConfigError naming the file, the row and what was expected."""
    if not settings.market.startswith(REPLAY):
        return settings.market
    path = Path(settings.market.removeprefix(REPLAY))
    pair = settings.replay_pair or settings.pairs[0]
    try:
        tape = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    except (TapeError, OSError, UnicodeDecodeError) as error:
        next_step = "services/venue_sim/README.md says which columns it takes"
        raise ConfigError("TAPE_UNREADABLE", f"path={path}, {error}", next_step) from error
    price = _price(tape)
    if price < TICKS_MIN * tick_sizes[pair]:
        raise ConfigError(
            "TAPE_OF_ANOTHER_PAIR",
            f"path={path}, first price={price}, {pair} has tick {tick_sizes[pair]}, expected {TICKS_MIN} ticks or more",
            "--set replay_pair=<pair> names the pair that the tape is of",
        )
    return Replay(symbol=pair, tape=tape, speed=None if settings.speed is None else float(settings.speed))


def _price(tape: Tape) -> Decimal:
    first = tape.rows[0]
    if isinstance(first, CandleRow):
        return first.open
    return first.price if isinstance(first, TradeRow) else first.bid


def _csv(path: Path) -> Tape:
    with path.open(encoding="utf-8") as lines:
        return read_csv(lines)


def _parquet(path: Path) -> Tape:
    """Numbers as text: a price of 0.1 stays 0.1."""
    import duckdb

    with duckdb.connect() as db:
        try:
            cursor = db.execute("SELECT COLUMNS(*)::VARCHAR FROM read_parquet(?)", [str(path)])
        except duckdb.Error as error:
            raise TapeError(f"not a parquet file: {error}") from error
        names = [column[0].lower() for column in cursor.description or ()]
        return read_rows(names, _numbered(cursor.fetchall(), names))


def _numbered(rows: list[tuple[object, ...]], names: list[str]) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, row in enumerate(rows, start=2):
        yield number, dict(zip(names, row, strict=True))
