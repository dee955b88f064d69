"""What a REST request suffers under faults, before the venue acts and after."""

import asyncio
from collections.abc import Sequence

from services.common import venue
from services.dialects.bitget.server import DropReply, ServerFault
from services.venue_sim.faults import Rule


async def before(rules: Sequence[Rule]) -> venue.Refused | None:
    """A refusal instead of acting; None goes on. Raises DropReply and ServerFault for an answer that is none."""
    for rule in rules:
        match rule.fault:
            case "drop_request":
                raise DropReply
            case "error_before":
                raise ServerFault(rule.status, "<html>a test asked for this failure</html>")
            case "delay_request":
                await asyncio.sleep(rule.delay_ms / 1000)
            case "rate_limited":
                return _refused("RATE_LIMITED", rule.delay_ms)
            case "maintenance":
                return _refused("MAINTENANCE")
            case "key_revoked":
                return venue.Refused(code="AUTH_FAILED", text="Apikey does not exist")
            case "refuse":
                return _refused(rule.code)
    return None


async def after(rules: Sequence[Rule], answer: venue.Answer) -> venue.Answer:
    """The venue has acted; what comes of its answer."""
    for rule in rules:
        match rule.fault:
            case "drop_reply":
                raise DropReply
            case "error_after":
                raise ServerFault(rule.status, "<html>a test asked for this failure</html>")
            case "delay_reply":
                await asyncio.sleep(rule.delay_ms / 1000)
            case "empty_lists" if isinstance(answer, tuple):
                answer = ()
    return answer


def _refused(code: str, retry_after_ms: int | None = None) -> venue.Refused:
    return venue.Refused(code=code, text=f"{code}: FAULT_INJECTED, a test asked for it", retry_after_ms=retry_after_ms)
