"""The fault plan of the simulation library, under the name this service's shell uses."""

from services.simulation.faults import CATALOGUE, PRESETS, PRIVATE, PUBLIC, REST, VENUE, FaultName, FaultPlan, Rule

__all__ = ["CATALOGUE", "PRESETS", "PRIVATE", "PUBLIC", "REST", "VENUE", "FaultName", "FaultPlan", "Rule"]
