"""Settings of the bot's process (the strategy's parameters are in the bundle: config.py)."""

from pydantic import Field

from services.common.settings import Settings


class BotSettings(Settings):
    gateway_url: str = Field(
        default="", description="http://127.0.0.1:<port> of the gateway", examples=["http://127.0.0.1:40002"]
    )
    gateway_wait_s: int = Field(
        default=60, ge=1, le=600, description="how long to wait for the gateway to be ready before starting"
    )
    candles_count: int = Field(default=240, ge=0, le=1_000, description="one-minute candles asked for at a cold start")
    candles_wait_s: int = Field(
        default=4, ge=0, le=30, description="how long to wait for candles before warming up without"
    )
    stop_wait_s: int = Field(default=6, ge=1, le=8, description="how long a stop waits for cancels to be confirmed")
    csv_buffer_size: int = Field(default=10, ge=1, le=1_000, description="rows that are written together")
    csv_flush_interval_s: int = Field(default=5, ge=1, le=60, description="longest time a row waits in memory")
    funding_poll_s: int = Field(default=30, ge=5, le=600, description="how often the funding bills are read")
