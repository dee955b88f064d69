import pytest

from services.gateway.governor import Budget, Governor, jitter_ms


def test_submits_stop_at_the_reserve_and_refill_with_time():
    governor = Governor(Budget(orders_per_second=10, requests_per_second=1_000))
    passed = 0
    while passed < 100 and governor.submit_barred("bot1", 0) is None:
        governor.sent("bot1", is_order=True, mono_ms=0)
        passed += 1
    assert passed == 7, "30 % of ten are kept for cancels"
    assert governor.submit_barred("bot1", 100) is None, "one more after a tenth of a second"


def test_the_address_is_shared_by_all_accounts_and_keeps_a_share_for_the_kill_switch():
    governor = Governor(Budget(orders_per_second=1_000, requests_per_second=100))
    passed = 0
    while passed < 1_000 and governor.submit_barred(f"bot{passed}", 0) is None:
        governor.sent(f"bot{passed}", is_order=True, mono_ms=0)
        passed += 1
    assert passed == 63  # 100, less 10 % for the kill switch, less 30 % of that for cancels


def test_each_throttling_doubles_the_wait_up_to_its_cap_and_success_resets_it():
    governor = Governor()
    waits = []
    now_ms = 0
    for _ in range(8):
        governor.throttled("bot1", None, now_ms)
        start = now_ms
        while governor.submit_barred("bot1", now_ms) is not None:
            now_ms += 1
        waits.append(now_ms - start)
    for wait, nominal in zip(waits, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000], strict=True):
        assert wait == pytest.approx(nominal, rel=0.1)
    governor.answered("bot1")
    governor.throttled("bot1", None, now_ms)
    assert governor.submit_barred("bot1", now_ms + 111) is None


def test_the_venues_own_retry_after_is_waited_out():
    governor = Governor()
    governor.throttled("bot1", 4_000, 0)
    assert governor.submit_barred("bot1", 3_999) is not None
    assert governor.submit_barred("bot1", 4_000) is None
    assert governor.submit_barred("bot2", 4_000) is None


def test_a_second_throttling_does_not_shorten_what_the_venue_asked_for():
    governor = Governor()
    governor.throttled("bot1", 4_000, 0)
    governor.throttled("bot1", None, 10)
    assert governor.submit_barred("bot1", 3_999) is not None


def test_cancels_beyond_the_budget_are_a_debt_that_submits_wait_for():
    governor = Governor(Budget(orders_per_second=10, requests_per_second=1_000))
    for _ in range(20):
        governor.sent("bot1", is_order=True, mono_ms=0)
    assert governor.headroom_pct(0) == 0
    assert governor.submit_barred("bot1", 1_399) is not None, "ten of debt, and four before one may go"
    assert governor.submit_barred("bot1", 1_401) is None


def test_a_long_quiet_time_saves_nothing_up():
    governor = Governor(Budget(orders_per_second=10, requests_per_second=1_000))
    governor.submit_barred("bot1", 0)
    for _ in range(3):
        assert governor.submit_barred("bot1", 600_000) is None
        governor.sent("bot1", is_order=True, mono_ms=600_000)
    assert governor.headroom_pct(600_000) == pytest.approx(0.7)


def test_jitter_is_within_ten_per_cent_and_the_same_for_the_same_key_and_time():
    drawn = {jitter_ms(f"bot{n}", 10_000, 1_000) for n in range(200)}
    assert min(drawn) >= -100
    assert max(drawn) <= 100
    assert len(drawn) > 50
    assert jitter_ms("bot1", 10_000, 1_000) == jitter_ms("bot1", 14_999, 1_000)


def test_headroom_is_the_smallest_share_left():
    governor = Governor(Budget(orders_per_second=10, requests_per_second=1_000))
    for _ in range(6):
        governor.sent("bot1", is_order=True, mono_ms=0)
    assert governor.headroom_pct(0) == pytest.approx(0.4)
