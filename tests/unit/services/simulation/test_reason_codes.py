"""Every code the venue refuses with or ends an order with is registered, with a meaning and a next step."""

import re
from pathlib import Path

from services.contracts.reasons import REASONS

SOURCES = Path(__file__).parents[4] / "services" / "simulation"
USES = re.compile(r'(?:refuse\(\s*|"canceled", |"rejected", |reason = |CANCELLED = |_order\([^)]*, )"([A-Z][A-Z_]+)"')


def test_every_code_is_registered():
    used = {code for path in SOURCES.glob("*.py") for code in USES.findall(path.read_text())}
    assert {"INSUFFICIENT_MARGIN", "IOC_EXPIRED", "REPLACED", "LIQUIDATION", "CANCELLED_BY_USER"} <= used
    assert used - set(REASONS) == set()
