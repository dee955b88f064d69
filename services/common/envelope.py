"""EventSource: one life of one source, which stamps the envelope of everything it says.

``seq`` counts 1, 2, 3 … per stream within this life (``source_epoch``), so that whoever reads sees a gap. What is made
must be published: an event made and thrown away is a gap.
"""

from typing import TypeVar

from services.common.ports import Clock, Ids
from services.contracts.events import Event
from services.contracts.streams import BY_KIND

EventT = TypeVar("EventT", bound=Event)


class Source:
    """The EventSource port. ``config_hash`` names the settings that produced the events."""

    def __init__(
        self, source: str, *, clock: Clock, ids: Ids, config_hash: str = "", source_epoch: int | None = None
    ) -> None:
        self.source = source
        self.source_epoch = clock.now_ms() if source_epoch is None else source_epoch
        self.config_hash = config_hash
        self._clock = clock
        self._ids = ids
        self._seq_by_stream: dict[str, int] = {}

    def make(
        self,
        kind: type[EventT],
        *,
        bot_id: str,
        cause_id: str | None = None,
        event_id: str | None = None,
        **fields: object,
    ) -> EventT:
        """``event_id`` only for what is told again from a journal, so that readers know it for the same event."""
        stream = BY_KIND[kind].name
        seq = self._seq_by_stream.get(stream, 0) + 1
        event = kind(
            event_id=event_id or self._ids.event_id(),
            source=self.source,
            source_epoch=self.source_epoch,
            seq=seq,
            bot_id=bot_id,
            ts_ms=self._clock.now_ms(),
            config_hash=self.config_hash,
            cause_id=cause_id,
            **fields,
        )
        self._seq_by_stream[stream] = seq  # only now: a field that is missing raises above and leaves no gap
        return event

    def counts(self) -> dict[str, int]:
        """Events made in this life, by stream name."""
        return dict(self._seq_by_stream)
