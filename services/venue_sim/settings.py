"""Settings of the simulated exchange."""

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec
from pydantic import Field, field_validator, model_validator

from services.common.settings import Settings
from services.simulation.latency import LatencySettings, delay_of, paper_latency

PRESETS = ("calm", "normal", "volatile", "jumps", "trending", "lively")
REPLAY = "replay:"


WAYS = ("submit", "cancel", "query", "answer", "private", "public")


def _delay(of: str) -> Any:
    text = (
        f"{of}: ms, or a distribution such as 'exponential 40+10 spike 1% 500'; empty: none, or the paper engine's own"
    )
    return Field(default="", description=text)


class VenueSimSettings(Settings):
    market: str = Field(
        default="lively",
        description=f"a preset ({', '.join(PRESETS)}) or replay:<csv|parquet>",
    )
    seed: int = Field(default=7, ge=0, description="every random stream of the market comes from it")
    speed: Decimal | None = Field(
        default=None, gt=0, le=3600, description="of a replay; none: 60 for one-minute candles, 1 for trades and quotes"
    )
    replay_pair: str = Field(default="", description="the pair a replay moves; none: the first listed one")
    pairs: tuple[str, ...] = Field(default=("BTC-USDT", "ETH-USDT", "SOL-USDT"), description="listed pairs")
    accounts: tuple[str, ...] = Field(default=("bot1",), description="sub-accounts made besides those in the secrets")
    starting_quote: Decimal = Field(
        default=Decimal(100_000), gt=0, le=1_000_000_000, description="wallet of a new account, in USDT"
    )
    funding_interval_ms: int | None = Field(
        default=None, ge=1_000, le=86_400_000, description="compresses funding for tests; none: each pair's own"
    )
    tick_ms: int = Field(default=25, ge=5, le=1_000, description="the market is advanced this often")
    book_mode: Literal["diff", "snapshot"] = Field(
        default="diff", description="how the books channel is kept up: as the real venue, or full books"
    )
    rate_limits: Literal["venue", "off"] = Field(
        default="venue", description="the venue's documented limits per endpoint, or none"
    )
    stp_mode: Literal["none", "cancel_taker", "cancel_maker", "cancel_both"] = Field(
        default="none", description="what happens when two orders of one account meet, unless the order says"
    )
    faults: str = Field(
        default="",
        description="a scenario file of faults (YAML, see services/simulation/fault_scenario.py), set at start",
    )
    key_rights: tuple[str, ...] = Field(
        default=("read", "trade"),
        description="what the venue says its keys may do; a gateway refuses one that may transfer or withdraw",
    )
    paper_engine: Literal["replay", "on", "off"] = Field(
        default="replay",
        description="the paper engine's fill model, which limits what of the other side's volume reaches an order: on a"
        " replay only, always, or never",
    )
    paper_seed: int = Field(default=7, ge=0, description="of the fill model's draws")
    paper_latency_ms: int = Field(
        default=50,
        ge=1,
        le=10_000,
        description="the next partial fill of an order comes this much later at the earliest; where the paper engine"
        " is on, also what an order and its answer travel in all, on average",
    )
    latency_submit: str = _delay("requests that place, change or close")
    latency_cancel: str = _delay("cancels")
    latency_query: str = _delay("every other request")
    latency_answer: str = _delay("answers, on their way back")
    latency_private: str = _delay("private pushes")
    latency_public: str = _delay("market data")
    paper_queue_participation: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="share of the volume reaching an order's place that it gets, give or take 20 %",
    )
    paper_partial_fill_ratio_min: float = Field(
        default=0.3, gt=0, le=1, description="least part of an order in one fill"
    )
    paper_partial_fill_ratio_max: float = Field(
        default=1.0, gt=0, le=1, description="largest part of an order in one fill"
    )
    post_fill_drift_window_ms: int = Field(
        default=500, ge=1, le=60_000, description="after a fill, when the mid is read again for paper_adverse_pnl_quote"
    )

    @field_validator("market")
    @classmethod
    def _known_market(cls, value: str) -> str:
        if value.startswith(REPLAY):
            if not Path(value.removeprefix(REPLAY)).is_file():
                raise ValueError("the replay file does not exist; example: replay:tapes/btc_1m.csv")
        elif value not in PRESETS:
            raise ValueError(f"allowed: {', '.join(PRESETS)} or replay:<csv|parquet>; example: lively")
        return value

    @field_validator(*(f"latency_{way}" for way in WAYS), mode="before")
    @classmethod
    def _readable_delay(cls, value: object) -> object:
        if value not in ("", None):
            delay_of(str(value))
        return "" if value is None else str(value)

    @field_validator("faults")
    @classmethod
    def _known_scenario(cls, value: str) -> str:
        if value and not Path(value).is_file():
            raise ValueError(f"the scenario file {value} does not exist; example: data/scenarios/bad_hour.yml")
        return value

    @field_validator("pairs", "accounts", "key_rights", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("pairs")
    @classmethod
    def _not_empty(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or len(set(value)) != len(value):
            raise ValueError("allowed: at least one pair, each once; example: BTC-USDT,ETH-USDT")
        return value

    @model_validator(mode="after")
    def _replay_pair_is_listed(self) -> "VenueSimSettings":
        if self.replay_pair and self.replay_pair not in self.pairs:
            raise ValueError(f"replay_pair={self.replay_pair}, allowed: {', '.join(self.pairs)}; example: BTC-USDT")
        return self

    @model_validator(mode="after")
    def _ratios_are_in_order(self) -> "VenueSimSettings":
        if self.paper_partial_fill_ratio_min > self.paper_partial_fill_ratio_max:
            raise ValueError(
                f"paper_partial_fill_ratio_min={self.paper_partial_fill_ratio_min}, allowed: at most"
                f" paper_partial_fill_ratio_max={self.paper_partial_fill_ratio_max}; example: 0.3 and 1.0"
            )
        return self

    @property
    def is_paper(self) -> bool:
        """Whether the fill model is in force."""
        return self.paper_engine == "on" or (self.paper_engine == "replay" and self.market.startswith(REPLAY))

    @property
    def latency(self) -> LatencySettings:
        """How long things travel: what is set, else with the paper engine its one figure spread, else nothing."""
        given = {way: delay_of(text) for way in WAYS if (text := getattr(self, f"latency_{way}"))}
        base = paper_latency(self.paper_latency_ms) if self.is_paper else LatencySettings()
        return msgspec.structs.replace(base, **given)

    @model_validator(mode="after")
    def _speed_is_of_a_replay(self) -> "VenueSimSettings":
        if self.speed is not None and self.speed != 1 and not self.market.startswith(REPLAY):
            raise ValueError("speed is for replay:<file> only: a preset market runs in real time; example: speed=1")
        return self
