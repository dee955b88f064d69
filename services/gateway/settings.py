"""Settings of the gateway process. Limits are not here: they are policy (data/policies/limits.yml)."""

from decimal import Decimal
from typing import Literal

from pydantic import Field, field_validator

from services.common.settings import Settings


class GatewaySettings(Settings):
    venue_url: str = Field(description="where the venue's REST and WebSocket are, e.g. http://127.0.0.1:8123")
    bots: tuple[str, ...] = Field(description="bot ids, one venue sub-account each, e.g. bot1,bot2")
    reply_held_ms: int = Field(default=3_000, ge=100, le=10_000, description="provisional answer after this")
    not_found_final_ms: int = Field(default=10_000, ge=10_000, le=600_000, description="'not found' is believed after")
    session_grace_ms: int = Field(default=1_500, ge=0, le=4_000, description="a bot may reconnect within this")
    session_silent_ms: int = Field(default=3_000, ge=1_000, le=5_000, description="silence of an open private session")
    rest_silence_ms: int = Field(default=30_000, ge=1_000, le=600_000, description="silence of a bot without session")
    fills_poll_ms: int = Field(default=5_000, ge=500, le=60_000, description="fills are read by REST this often")
    hunt_ms: int = Field(default=5_000, ge=500, le=10_000, description="open orders are listed this often")
    snapshot_ms: int = Field(default=10_000, ge=1_000, le=60_000, description="market snapshots on the bus")
    account_publish_ms: int = Field(default=5_000, ge=500, le=60_000, description="virtual accounts on the bus")
    record_tape: bool = Field(default=True, description="market data is recorded under <run-dir>/tapes")
    market_speed: Decimal = Field(
        default=Decimal(1), gt=0, le=100_000, description="of a replayed market; periods of market time shrink by it"
    )
    mode: Literal["sim", "paper", "shadow", "testnet", "live"] = Field(default="sim", description="what is upstream")
    armed: bool = Field(default=False, description="orders may leave this machine")
    live_pairs: tuple[str, ...] = Field(default=(), description="pairs that may trade upstream of this machine")
    live_order_value_quote_max: Decimal | None = Field(default=None, gt=0, description="largest order when armed")
    unattended_policy: Literal["", "unwind", "protect", "hold"] = Field(
        default="", description="what becomes of a position without a running bot; a person chooses"
    )
    dead_man: Literal["", "native", "watchdog"] = Field(default="", description="what cancels when this machine dies")
    watchdog_url: str = Field(default="", description="where the watchdog answers, e.g. http://10.0.0.2:8400")
    request_timeout_ms: int = Field(default=5_000, ge=500, le=60_000, description="of one request to the venue")

    @field_validator("bots", "live_pairs", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("bots")
    @classmethod
    def _not_empty(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or len(set(value)) != len(value):
            raise ValueError("allowed: at least one bot id, each once; example: bot1,bot2")
        return value

    @field_validator("venue_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("allowed: http:// or https:// and a host; example: http://127.0.0.1:8123")
        return value.rstrip("/")
