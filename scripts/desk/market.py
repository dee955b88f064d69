"""What `--market` and `--speed` of `desk up` mean, checked before anything is started."""

from decimal import Decimal, InvalidOperation
from pathlib import Path

from services.common.errors import ConfigError

MARKETS = ("lively", "calm", "normal", "volatile", "jumps", "trending")
REPLAY = "replay:"
SPEED_MAX = 3600
EXAMPLE = "desk up --market replay:../shared/data/btc_perp_20211231_20220201_1m.csv --speed 60"


def market_of(market: str | None) -> str | None:
    """A preset, or replay:<path> made absolute, because the venue runs in the repository's own directory."""
    if market is None or market in MARKETS:
        return market
    if not market.startswith(REPLAY):
        raise ConfigError(
            "MARKET_INVALID",
            f"--market {market}: allowed are {', '.join(MARKETS)} and replay:<csv or parquet>",
            EXAMPLE,
        )
    path = Path(market.removeprefix(REPLAY)).absolute()
    if not path.is_file():
        is_what = "is a directory, not a tape" if path.is_dir() else "does not exist"
        raise ConfigError(
            "REPLAY_MISSING",
            f"--market {market}: {path} {is_what}",
            "give the path of a tape; the formats are in services/venue_sim/README.md",
        )
    return f"{REPLAY}{path}"


def speed_of(speed: str | None, market: str | None) -> str | None:
    """ "60" for 60 and 60x: simulated seconds a second. Only a replay has one."""
    if speed is None:
        return None
    if market is None or not market.startswith(REPLAY):
        raise ConfigError(
            "SPEED_INVALID", f"--speed {speed}: a preset market runs in real time, only a replay has a speed", EXAMPLE
        )
    try:
        value = Decimal(speed.removesuffix("x"))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 < value <= SPEED_MAX:
        allowed = f"allowed: above 0 to {SPEED_MAX} simulated seconds a second"
        raise ConfigError("SPEED_INVALID", f"--speed {speed}; {allowed}", EXAMPLE)
    return format(value, "f")


def market_speed(market: str | None, speed: str | None) -> tuple[str, ...]:
    """What the gateway is told of a replay: its periods count in market time. Parquet plays as recorded."""
    if market is None or not market.startswith(REPLAY):
        return ()
    if speed is None:
        from services.simulation.replay import DEFAULT_SPEED
        from services.simulation.tape import TapeError, kind_of

        path = Path(market.removeprefix(REPLAY))
        try:
            with path.open(encoding="utf-8") as lines:
                kind = kind_of(lines.readline().strip().lower().split(","))
        except (OSError, UnicodeDecodeError, TapeError):
            return ()  # not a CSV of ours: the venue says what is wrong with it
        speed = f"{DEFAULT_SPEED[kind]:g}"
    return (f"gateway.market_speed={speed}",)
