"""Settings of the event store."""

from pydantic import Field

from services.common.settings import Settings


class EventStoreSettings(Settings):
    chunk_max: int = Field(default=128, ge=1, le=1024, description="events per fdatasync; more trips the heap-top trap")
    confirm_every_ms: int = Field(default=250, ge=10, description="how often producers are told what is on disk")
    checkpoint_every_ms: int = Field(default=10_000, ge=100, description="how often the tally is saved")
    report_every_ms: int = Field(default=10_000, ge=100, description="how often integrity.json is written")
    trim_every_ms: int = Field(default=60_000, ge=1_000, description="how often streams are trimmed")
    protected_keep_max: int = Field(
        default=100_000, ge=0, description="entries of intents, audit, latch, fills … kept on the bus once stored"
    )
    gap_grace_ms: int = Field(default=30_000, ge=0, description="a gap younger than this is still awaited")
    recent_ids_max: int = Field(default=100_000, ge=1_000, description="event ids remembered to take an event once")
