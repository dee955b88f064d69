"""What pushes become under faults, from the simulation library."""

from services.simulation.fault_feed import FaultyFeed, Outgoing

__all__ = ["FaultyFeed", "Outgoing"]
