"""The fault plan of the simulation library, under the name this service's shell uses."""

from services.simulation.fault_scenario import PRESETS, preset_rules, rules_of
from services.simulation.faults import CATALOGUE, PRIVATE, PUBLIC, REST, VENUE, FaultName, FaultPlan, Rule

__all__ = [
    "CATALOGUE",
    "PRESETS",
    "PRIVATE",
    "PUBLIC",
    "REST",
    "VENUE",
    "FaultName",
    "FaultPlan",
    "Rule",
    "preset_rules",
    "rules_of",
]
