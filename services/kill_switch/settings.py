"""Settings of the kill switch. Keys are not here: they are ``<bot>#kill`` in the run directory's secrets."""

from pydantic import Field, field_validator

from services.common.settings import Settings


class KillSwitchSettings(Settings):
    venue_url: str = Field(description="the venue itself, not the gateway", examples=["http://127.0.0.1:8123"])
    gateway_url: str = Field(default="", description="where the latch is set; empty: by file and bus only")
    bots: tuple[str, ...] = Field(description="bot ids, one venue sub-account each", examples=["bot1,bot2"])
    venue_name: str = Field(default="bitget", description="for scopes such as venue:bitget")
    dry_run: bool = Field(default=False, description="list what would be cancelled, write the audit, touch nothing")
    flatten: bool = Field(default=False, description="close positions at the market once no order is left")
    flatten_within_s: int = Field(
        default=60, ge=1, le=3_600, description="a close that the venue refuses is repeated for this long, then named"
    )
    request_timeout_ms: int = Field(default=3_000, ge=100, le=60_000, description="of one request to the venue")
    round_ms: int = Field(default=300, ge=10, le=10_000, description="between two looks while bringing orders to zero")
    round_ms_max: int = Field(default=2_000, ge=10, le=60_000, description="the same while the venue does not answer")
    watch_every_ms: int = Field(default=5_000, ge=500, le=60_000, description="a killed scope is looked at this often")

    @field_validator("bots", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("bots")
    @classmethod
    def _not_empty(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("allowed: at least one bot id; example: bot1,bot2")
        return value
