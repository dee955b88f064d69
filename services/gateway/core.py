"""The bookkeeping under the state machine: what was asked, what is being written, what is due.

Sans-I/O. A continuation is kept per question, journal batch and timer; the order of everything depends only on the
inputs.
"""

import heapq
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m
from services.gateway.records import Record


class Observer(Protocol):
    """Sees every question and every answer."""

    def asked(self, request: venue.Request, mono_ms: int) -> None: ...

    def answered(self, request: venue.Request, answer: venue.Answer | venue.Unknown, mono_ms: int) -> None: ...


OnAnswer = Callable[[venue.Answer | venue.Unknown], None]
Then = Callable[[], None]


class Core:
    def __init__(self) -> None:
        self.now = m.Instant(0, 0)
        self._outputs: list[m.Output] = []
        self._questions: dict[int, tuple[venue.Request, OnAnswer]] = {}
        self._batches: dict[int, Then] = {}
        self._timers: list[tuple[int, int, Then]] = []
        self._serial = 0
        self._next_wake_ms: int | None = None
        self.observer: Observer | None = None

    # ------------------------------------------------------------------------------------------------ what comes out

    def ask(self, account_id: str, request: venue.Request, then: OnAnswer) -> int:
        """Put a question to the venue; ``then`` gets its answer, or Unknown. Returns the op id."""
        op_id = self._next_serial()
        addressed = msgspec.structs.replace(request, account_id=account_id)
        self._questions[op_id] = (addressed, then)
        self._outputs.append(m.AskUpstream(op_id, addressed))
        if self.observer is not None:
            self.observer.asked(addressed, self.now.mono_ms)
        return op_id

    def write(self, *records: Record, then: Then | None = None) -> None:
        """Write one transaction; ``then`` runs once it is durable."""
        batch_id = self._next_serial()
        if then is not None:
            self._batches[batch_id] = then
        self._outputs.append(m.WriteJournal(batch_id, records, then is not None))

    def after(self, delay_ms: int, then: Then) -> None:
        """Run ``then`` on the first tick at or after the delay."""
        due_ms = self.now.mono_ms + delay_ms
        heapq.heappush(self._timers, (due_ms, self._next_serial(), then))

    def every(self, period_ms: int, then: Then) -> None:
        """Run ``then`` again and again, first after one period."""

        def again() -> None:
            self.every(period_ms, then)
            then()

        self.after(period_ms, again)

    def reply(self, request_id: int, answer: venue.Answer) -> None:
        self._outputs.append(m.Reply(request_id, answer))

    def push(self, bot_id: str, push: venue.PrivatePush) -> None:
        self._outputs.append(m.PushToBot(bot_id, push))

    def publish(self, kind: type[e.Event], bot_id: str, **fields: Any) -> None:
        self._outputs.append(m.Publish(kind, bot_id, fields))

    def emit(self, output: m.Output) -> None:
        self._outputs.append(output)

    def take_outputs(self) -> list[m.Output]:
        """Everything since the last call, plus the next moment at which a tick is wanted, when that changed."""
        wake_ms = self._timers[0][0] if self._timers else None
        if wake_ms is not None and wake_ms != self._next_wake_ms:
            self._outputs.append(m.WakeAt(wake_ms))
        self._next_wake_ms = wake_ms
        outputs, self._outputs = self._outputs, []
        return outputs

    # ------------------------------------------------------------------------------------------------- what comes in

    def answered(self, op_id: int, answer: venue.Answer | venue.Unknown) -> None:
        """An op id nobody waits for (a second answer) is ignored."""
        question = self._questions.pop(op_id, None)
        if question is not None:
            request, then = question
            if self.observer is not None:
                self.observer.answered(request, answer, self.now.mono_ms)
            then(answer)

    def durable(self, batch_id: int) -> None:
        then = self._batches.pop(batch_id, None)
        if then is not None:
            then()

    def drop_batches(self) -> None:
        """The journal failed: what waited for it must not run."""
        self._batches.clear()

    def tick(self) -> None:
        while self._timers and self._timers[0][0] <= self.now.mono_ms:
            _, _, then = heapq.heappop(self._timers)
            then()

    def _next_serial(self) -> int:
        self._serial += 1
        return self._serial
