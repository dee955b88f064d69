"""Settings of the page. Ages in milliseconds: beyond them a number is shown as stale."""

from pydantic import Field

from services.common.settings import Settings
from services.desk_api.logic import BoardLimits


class DeskApiSettings(Settings):
    period_ms: int = Field(default=500, ge=250, le=1_000, description="time between two frames of the stream")
    poll_every_ms: int = Field(default=1_000, ge=500, le=60_000, description="how often gateway and venue are asked")
    history_ms: int = Field(default=3_600_000, ge=60_000, le=86_400_000, description="what the charts hold")
    edge_samples_max: int = Field(default=1_000, ge=10, le=100_000, description="fills in the mean edge, per horizon")
    status_age_max_ms: int = Field(default=5_000, ge=1_000, description="what a bot says every second")
    price_age_max_ms: int = Field(default=5_000, ge=1_000, description="prices; the gateway's own limit for new risk")
    account_age_max_ms: int = Field(default=10_000, ge=1_000, description="virtual accounts, open orders, latches")
    health_age_max_ms: int = Field(default=10_000, ge=1_000, description="heartbeats of services")
    poll_age_max_ms: int = Field(default=5_000, ge=1_000, description="answers of gateway and venue")

    def limits(self) -> BoardLimits:
        return BoardLimits(
            history_ms=self.history_ms,
            edge_samples_max=self.edge_samples_max,
            status_age_max_ms=self.status_age_max_ms,
            price_age_max_ms=self.price_age_max_ms,
            account_age_max_ms=self.account_age_max_ms,
            health_age_max_ms=self.health_age_max_ms,
            poll_age_max_ms=self.poll_age_max_ms,
        )
