"""Who did what to the gateway: a hash-chained file, and the same as an event. Written before the act takes effect."""

from pathlib import Path
from typing import Any

from services.common.hash_chain import HashChain
from services.common.ports import Clock


class AuditLog:
    """``<run-dir>/gateway/audit.jsonl``. ``write`` returns the fields of an AuditV1, hashes included."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._chain = HashChain(path)
        self._clock = clock

    def write(
        self,
        *,
        actor: str,
        action: str,
        scope: str,
        before: str,
        after: str,
        reason: str,
        approvers: list[str],
        role: str = "operator",
    ) -> dict[str, Any]:
        return self._chain.append(
            {
                "actor": actor,
                "role": role,
                "action": action,
                "scope": scope,
                "before": before,
                "after": after,
                "reason": reason,
                "approvers": approvers,
                "ts_ms": self._clock.now_ms(),
            }
        )

    def close(self) -> None:
        self._chain.close()
