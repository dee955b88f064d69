"""What a REST request suffers under faults: the library's verdicts, carried out on a real connection."""

import asyncio
from collections.abc import Sequence

from services.common import venue
from services.dialects.bitget.server import DropReply, ServerFault
from services.simulation import fault_rest
from services.simulation.faults import Rule


async def before(rules: Sequence[Rule]) -> venue.Refused | None:
    """A refusal instead of acting; None goes on. Raises DropReply and ServerFault for an answer that is none."""
    return await _carry_out(fault_rest.before(rules))


async def after(rules: Sequence[Rule], answer: venue.Answer) -> venue.Answer:
    """The venue has acted; what comes of its answer."""
    return await _carry_out(fault_rest.after(rules)) or answer


async def _carry_out(verdict: fault_rest.Verdict) -> venue.Refused | None:
    if verdict.wait_ms:
        await asyncio.sleep(verdict.wait_ms / 1000)
    match verdict.instead:
        case fault_rest.Cut():
            raise DropReply
        case fault_rest.Status(code=code):
            raise ServerFault(code, "<html>a test asked for this failure</html>")
        case refused:
            return refused
