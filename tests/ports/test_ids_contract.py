"""One contract for ids drawn from the machine and ids that repeat from a seed."""

import uuid

import pytest

from services.common.clock import ManualClock
from services.common.ids import SeededIds, SystemIds, ts_ms_of
from services.common.ports import Ids

CLOCK_MS = 1_700_000_000_000


@pytest.fixture(params=[lambda clock: SystemIds(clock), lambda clock: SeededIds(clock, 7)], ids=["system", "seeded"])
def clock_and_ids(request: pytest.FixtureRequest) -> tuple[ManualClock, Ids]:
    clock = ManualClock(CLOCK_MS)
    return clock, request.param(clock)


def test_an_event_id_is_a_uuid_of_version_7_with_the_time_in_it(clock_and_ids: tuple[ManualClock, Ids]) -> None:
    _, ids = clock_and_ids
    event_id = ids.event_id()
    parsed = uuid.UUID(event_id)
    assert (parsed.version, parsed.variant, str(parsed)) == (7, uuid.RFC_4122, event_id)
    assert ts_ms_of(event_id) == CLOCK_MS


def test_ids_sort_in_the_order_they_were_made_even_when_the_clock_steps_back(
    clock_and_ids: tuple[ManualClock, Ids],
) -> None:
    clock, ids = clock_and_ids
    made = []
    for n in range(10_000):
        made.append(ids.event_id())
        if n == 5_000:
            clock.step_wall(-60_000)
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_a_token_is_hex_of_the_asked_length(clock_and_ids: tuple[ManualClock, Ids]) -> None:
    _, ids = clock_and_ids
    token = ids.token(16)
    assert len(bytes.fromhex(token)) == 16
    assert token != ids.token(16)


def test_the_same_seed_gives_the_same_ids_and_another_seed_others() -> None:
    def first_three(seed: int) -> list[str]:
        ids = SeededIds(ManualClock(CLOCK_MS), seed)
        return [ids.event_id() for _ in range(3)]

    assert first_three(1) == first_three(1)
    assert first_three(1) != first_three(2)
