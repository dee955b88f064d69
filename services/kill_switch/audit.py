"""Every step of the kill switch, linked by hashes on disk and told on the bus."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.common.hash_chain import HashChain
from services.common.ports import Clock, EventSource
from services.contracts.events import AnyEvent, AuditV1
from services.kill_switch.logic import MACHINES


class Audit:
    """``write`` is durable before it returns; the event follows on the bus when that is there."""

    def __init__(
        self, path: Path, *, clock: Clock, source: EventSource, config_hash: str, publish: Callable[[AnyEvent], None]
    ) -> None:
        self._chain = HashChain(path)
        self._clock = clock
        self._source = source
        self._config_hash = config_hash
        self._publish = publish

    def write(
        self, action: str, scope: str, *, actor: str, reason: str, before: str, after: str, cause_id: str | None
    ) -> None:
        record: dict[str, Any] = {
            "actor": actor,
            "role": "machine" if actor in MACHINES or actor.startswith("bot") else "person",
            "action": action,
            "scope": scope,
            "before": before,
            "after": after,
            "reason": reason,
            "approvers": [],
        }
        linked = self._chain.append(
            {**record, "ts_ms": self._clock.now_ms(), "cause_id": cause_id, "config_hash": self._config_hash}
        )
        self._publish(
            self._source.make(
                AuditV1,
                bot_id=scope.partition(":")[2] or "desk",
                cause_id=cause_id,
                **record,
                prev_hash=linked["prev_hash"],
                hash=linked["hash"],
            )
        )

    def close(self) -> None:
        self._chain.close()
