"""Which market the exchange opens with: a seeded preset, or a recording."""

from services.common.errors import ConfigError
from services.simulation.markets import MarketChoice
from services.venue_sim.settings import REPLAY, VenueSimSettings


def open_market(settings: VenueSimSettings, start_ms: int) -> MarketChoice:
    if not settings.market.startswith(REPLAY):
        return settings.market
    raise ConfigError("E_CFG_INVALID", f"market={settings.market}, allowed: a preset", "--market lively")
