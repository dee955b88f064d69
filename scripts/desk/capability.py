"""A row of the capability inventory as it is answered here, and where its tests lie."""

from typing import NamedTuple

GATEWAY = "tests/unit/services/gateway"
RATES = f"{GATEWAY}/limits/test_rates.py"
CONDITIONS = f"{GATEWAY}/limits/test_conditions.py"
CAPS = f"{GATEWAY}/test_kill_caps.py"
SIM = "tests/unit/services/simulation"
PAPER = f"{SIM}/test_paper_engine.py"
DIALECT = "tests/unit/services/dialects/bitget"
COMMON = "tests/unit/services/common"
EPP = "tests/unit/controllers/epp"
PROPERTIES = "tests/property/test_epp_properties.py"
KILL = "tests/unit/services/kill_switch"
VIRTUAL = "tests/simulation/test_desk_in_virtual_time.py"
E2E = "tests/e2e"


class Capability(NamedTuple):
    title: str
    here: str  # in our words
    where: tuple[str, ...]  # from the repository
    proofs: tuple[str, ...]  # "tests/….py::test_name", or a command of the desk
    not_here: str = ""  # what of the row, and why
