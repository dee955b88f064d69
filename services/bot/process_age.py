"""How long this process has existed, from the kernel's own record, so that start-up figures include the imports."""

import os
import time
from decimal import Decimal
from pathlib import Path

from services.common.clock import SystemClock

_CLOCK = SystemClock()
_IMPORTED_MS = _CLOCK.monotonic_ms()


def process_age_s() -> Decimal:
    """Seconds since the process was started; where the kernel has no record of it, since this module was imported."""
    try:
        fields = Path("/proc/self/stat").read_text("ascii").rpartition(")")[2].split()
        started_s = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - started_s
    except (OSError, ValueError, IndexError, AttributeError):
        return Decimal(_CLOCK.monotonic_ms() - _IMPORTED_MS) / 1000
    return Decimal(round(age_s * 1000)) / 1000
