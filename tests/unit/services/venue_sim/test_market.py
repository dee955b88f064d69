"""Which market opens: a preset by name, or a recording read from a file."""

from decimal import Decimal
from pathlib import Path

import pytest

from services.common.errors import ConfigError
from services.simulation.replay import Replay
from services.venue_sim.market import open_market
from services.venue_sim.settings import VenueSimSettings

TICKS = {"BTC-USDT": Decimal("0.1"), "ETH-USDT": Decimal("0.01"), "SOL-USDT": Decimal("0.001")}
RECORDINGS = Path(__file__).resolve().parents[5] / "shared" / "data"
CANDLES = "timestamp,open,high,low,close,volume\n2022-01-01 00:00:00,100.0,101.0,99.0,100.5,3\n"


def replay(path: Path, **settings) -> Replay:
    return open_market(VenueSimSettings(market=f"replay:{path}", **settings), TICKS)


def test_a_preset_goes_by_its_name():
    assert open_market(VenueSimSettings(market="calm"), TICKS) == "calm"


def test_a_csv_of_candles_plays_sixty_times_faster_unless_told_otherwise(tmp_path):
    path = tmp_path / "tape.csv"
    path.write_text(CANDLES + "2022-01-01 00:01:00,100.5,102.0,100.0,101.5,4\n")
    market = replay(path)
    assert (market.symbol, market.tape.kind, market.times) == ("BTC-USDT", "candles", 60)
    assert replay(path, speed=5, replay_pair="SOL-USDT").times == 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("when,what\n1,2\n", "no tape"),
        (CANDLES + "2022-01-01 00:01:00,nan,102.0,100.0,101.5,4\n", "row 3"),
        (CANDLES + "2022-01-01 00:01:00,-1,102.0,100.0,101.5,4\n", "row 3"),
        (CANDLES, "at least 2 rows"),
    ],
)
def test_a_tape_that_cannot_be_played_is_refused_with_path_and_row(tmp_path, text, words):
    path = tmp_path / "tape.csv"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words) as refused:
        replay(path)
    assert str(path) in str(refused.value)
    assert refused.value.exit_code == 4


def test_a_tape_of_another_pair_is_refused(tmp_path):
    path = tmp_path / "tape.csv"
    path.write_text("timestamp,price,amount,side\n1570752011620,0.0014,23,buy\n1570752011621,0.0014,23,buy\n")
    with pytest.raises(ConfigError, match="TAPE_OF_ANOTHER_PAIR"):
        replay(path)


def test_something_else_called_parquet_is_refused(tmp_path):
    path = tmp_path / "tape.parquet"
    path.write_text("not parquet")
    with pytest.raises(ConfigError, match="TAPE_UNREADABLE"):
        replay(path)


@pytest.mark.parametrize(
    ("name", "kind", "rows"),
    [
        ("btc_perp_20211231_20220201_1m.csv", "candles", 45_031),
        ("binance_btcusdt_trades.parquet", "trades", 2_001),
        ("btcusdt_quotes.parquet", "quotes", 451),
    ],
)
def test_the_recordings_are_read_exactly(name, kind, rows):
    path = RECORDINGS / name
    if not path.exists():
        pytest.skip(f"{path} is not there: real recordings are never committed")
    tape = replay(path).tape
    assert (tape.kind, len(tape.rows)) == (kind, rows)
