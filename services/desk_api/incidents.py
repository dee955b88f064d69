"""What happened that a person should see: refusals, breaks, latches, guard and health changes, newest first.

Repetitions within a minute are one line with a count, so that a refusal storm does not push the break off the screen.
"""

from typing import NamedTuple

from services.contracts.events import Severity

REPEAT_WINDOW_MS = 60_000


class Incident(NamedTuple):
    kind: str  # "refusal", "limit", "latch", "break", "guard", "health", "order", "dead letter", "intent", "command"
    severity: Severity
    scope: str  # bot id, service or gateway scope
    code: str
    text: str
    next_step: str
    first_ts_ms: int
    last_ts_ms: int
    times: int  # how often it was said in that time
    event_id: str


class IncidentLog:
    def __init__(self, count_max: int) -> None:
        self._count_max = count_max
        self._incidents: list[Incident] = []

    def add(self, incident: Incident) -> None:
        """Merge with the same thing said less than a minute ago, else keep as a line of its own."""
        for index, known in enumerate(self._incidents):
            same = (known.kind, known.scope, known.code) == (incident.kind, incident.scope, incident.code)
            if same and abs(incident.last_ts_ms - known.last_ts_ms) <= REPEAT_WINDOW_MS:
                newer = incident if incident.last_ts_ms >= known.last_ts_ms else known
                self._incidents[index] = newer._replace(
                    first_ts_ms=min(known.first_ts_ms, incident.first_ts_ms), times=known.times + incident.times
                )
                break
        else:
            self._incidents.append(incident)
        self._incidents.sort(key=lambda known: known.last_ts_ms, reverse=True)
        del self._incidents[self._count_max :]

    def newest(self, count_max: int) -> list[Incident]:
        return self._incidents[:count_max]
