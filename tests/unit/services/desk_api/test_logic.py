"""The fold: any order, any number of times, the same board."""

import random
from decimal import Decimal

import pytest

from services.contracts import events as e
from services.contracts.reasons import REASONS
from services.desk_api.logic import Board, BoardLimits, DeskFacts, Poll
from services.desk_api.readings import Now, Stamp
from services.desk_api.view import frame, history
from tests.fakes.desk_events import TalkingDesk

START_MS = 1_700_000_000_000
D = Decimal


@pytest.fixture
def desk():
    return TalkingDesk(START_MS)


def board_of(events, heard=None):
    board = Board(BoardLimits())
    for event in events:
        board.apply(event, heard or Now(event.ts_ms, event.ts_ms - START_MS), stream="s")
    return board


def shown(board, now_ms):
    return frame(board, Now(now_ms, now_ms - START_MS), life="life", version="1", bus_blind_ms=0)


def bot_of(board, now_ms, bot_id="bot1"):
    return next(bot for bot in shown(board, now_ms)["bots"] if bot["id"] == bot_id)


def test_the_same_events_twice_change_nothing(desk):
    events = desk.hour(120)
    once, twice = board_of(events), board_of(events + events)
    assert twice.repeats == len(events)
    a, b = shown(once, desk.now_ms), shown(twice, desk.now_ms)
    del a["desk"]["repeats"], b["desk"]["repeats"]
    assert a == b
    assert history(once, "bot1") == history(twice, "bot1")


def test_events_in_another_order_end_in_the_same_numbers(desk):
    events = desk.hour(120)
    mixed = list(events)
    random.Random(5).shuffle(mixed)
    heard = Now(desk.now_ms, desk.now_ms - START_MS)
    a, b = bot_of(board_of(events, heard), desk.now_ms), bot_of(board_of(mixed, heard), desk.now_ms)
    for name in ("readings", "orders", "fill_counts", "reasons", "price_decimals"):
        assert a[name] == b[name], name
    assert sorted(str(line) for line in a["edge"]) == sorted(str(line) for line in b["edge"])


def test_the_same_event_id_with_another_body_is_not_taken(desk):
    status = desk.status("bot1", guard="RUNNING")
    forged = desk.status("bot1", guard="HARD_STOP")
    board = board_of([status, e.msgspec.structs.replace(forged, event_id=status.event_id)])
    assert board.bots["bot1"].status.guard == "RUNNING"


def test_an_older_status_that_comes_late_is_not_shown(desk):
    first, second = desk.status("bot1", fills=1), desk.status("bot1", fills=2)
    assert board_of([second, first]).bots["bot1"].status.fills == 2


def test_a_status_goes_stale_when_the_bot_falls_silent(desk):
    board = board_of(desk.hour(20))
    assert bot_of(board, desk.now_ms + 5_000)["readings"]["guard"]["stale"] is False
    late = bot_of(board, desk.now_ms + 5_001)["readings"]["guard"]
    assert (late["stale"], late["age_ms"], late["value"]) == (True, 5_001, "RUNNING")


def test_a_price_never_counts_as_fresh_beyond_five_seconds_from_any_source(desk):
    board = board_of(desk.hour(20))
    mid = bot_of(board, desk.now_ms + 6_000)["readings"]["mid"]
    assert mid["stale"] is True


def test_history_read_back_after_a_restart_is_as_old_as_its_stamps_say(desk):
    events = desk.hour(20)
    heard_much_later = Now(desk.now_ms + 86_400_000, 10)
    board = board_of(events, heard_much_later)
    guard = frame(board, heard_much_later, life="l", version="1", bus_blind_ms=0)["bots"][0]["readings"]["guard"]
    assert (guard["stale"], guard["age_ms"]) == (True, 86_400_000)


def test_open_orders_are_those_not_terminal_with_their_age(desk):
    order = desk.order("bot1", "SUBMITTING", side="buy", price=D("59990.0"))
    desk.now_ms += 4_000
    accepted = desk.step(order, "ACCEPTED")
    other = desk.order("bot1", "ACCEPTED", side="sell", price=D("60010.0"))
    gone = desk.step(other, "CANCELLED")
    (row,) = bot_of(board_of([order, accepted, other, gone]), desk.now_ms + 1_000)["orders"]
    assert (row["state"], row["age_ms"], row["price"]) == ("ACCEPTED", 5_000, "59990.0")


def test_a_late_copy_of_an_earlier_step_does_not_reopen_an_order(desk):
    order = desk.order("bot1", "SUBMITTING")
    accepted, filled = desk.step(order, "ACCEPTED"), desk.step(order, "FILLED")
    assert bot_of(board_of([order, filled, accepted]), desk.now_ms)["orders"] == []


def test_open_orders_are_as_old_as_the_last_word_of_the_gateway(desk):
    board = board_of([desk.order("bot1", "ACCEPTED"), desk.health("gateway")])
    assert bot_of(board, desk.now_ms + 9_000)["readings"]["open_orders"]["stale"] is False
    assert bot_of(board, desk.now_ms + 11_000)["readings"]["open_orders"]["stale"] is True
    desk.now_ms += 11_000
    board.apply(desk.health("gateway"), Now(desk.now_ms, desk.now_ms - START_MS))
    assert bot_of(board, desk.now_ms)["readings"]["open_orders"]["stale"] is False


def test_our_best_quotes_become_lines_and_end_where_no_quote_rests(desk):
    order = desk.order("bot1", "ACCEPTED", side="buy", price=D("59990.0"))
    desk.now_ms += 2_000
    board = board_of([order, desk.step(order, "CANCELLED")])
    assert history(board, "bot1")["our_bid"] == [[START_MS // 1000, "59990.0"], [START_MS // 1000 + 2, None]]


def test_modelled_stands_beside_realised_with_the_number_of_fills(desk):
    markouts = [
        desk.make(
            e.BotMarkoutV1,
            "bot.bot1",
            "bot1",
            trade_id=f"t{n}",
            symbol="BTC-USDT",
            horizon_s=5,
            markout_bps=D(n),
            fee_bps=D(2),
            realised_edge_bps=D(n - 2),
            modelled_edge_bps=D("1.5"),
        )
        for n in (1, 2, 3)
    ]
    (line,) = bot_of(board_of(markouts), desk.now_ms)["edge"]
    assert (line["samples"], line["modelled_bps"], line["realised_bps"]) == (3, "1.50", "0.00")
    assert (line["markout_bps"], line["standard_error_bps"]) == ("2.00", "0.58")


def test_a_fill_is_counted_once_for_the_gateway_and_once_for_the_bot(desk):
    order = desk.order("bot1", "ACCEPTED")
    events = desk.fill("bot1", order)
    bot = bot_of(board_of(events), desk.now_ms)
    assert bot["fill_counts"] == {"gateway": 1, "bot": 1}
    assert len(bot["fills"]) == 1
    without_the_bots_view = [event for event in events if not isinstance(event, e.BotFillV1)]
    assert bot_of(board_of(without_the_bots_view), desk.now_ms)["fill_counts"] == {"gateway": 1, "bot": 0}


def test_the_edge_gate_is_said_to_be_off_by_the_bots_reasons_or_by_its_configuration(desk):
    assert bot_of(board_of([desk.status("bot1", reasons=["EDGE_GATE_OFF"])]), desk.now_ms)["edge_gate_off"] is True
    board = board_of([desk.status("bot1", reasons=[])])
    assert bot_of(board, desk.now_ms)["edge_gate_off"] is False
    board.facts = DeskFacts(edge_gate_off=("bot1",))
    assert bot_of(board, desk.now_ms)["edge_gate_off"] is True


def test_reasons_are_in_words_and_an_unknown_one_is_shown_as_it_is(desk):
    status = desk.status("bot1", guard="SOFT_PAUSE", reasons=["ORDER_BOOK_STALE", "BRAND_NEW_CODE"])
    known, unknown = bot_of(board_of([status]), desk.now_ms)["reasons"]
    assert known["text"] == REASONS["ORDER_BOOK_STALE"].meaning
    assert (unknown["code"], unknown["text"]) == ("BRAND_NEW_CODE", "brand new code")


def test_without_a_word_about_latches_the_state_of_the_desk_is_unknown_and_not_active(desk):
    state = shown(board_of(desk.hour(20)), desk.now_ms)["desk"]["state"]
    assert (state["value"], state["stale"]) == (None, True)


def test_the_tightest_latch_above_the_bots_is_the_state_of_the_desk(desk):
    def latch(scope, state):
        return desk.make(e.LatchV1, "gateway", scope=scope, state=state, reason="MANUAL", actor="ops")

    latches = [latch("desk", "ACTIVE"), latch("venue:bitget", "REDUCING"), latch("bot:bot1", "HALTED")]
    board = board_of([*latches, desk.status("bot1")])
    assert shown(board, desk.now_ms)["desk"]["state"]["value"] == "REDUCING"
    assert bot_of(board, desk.now_ms)["readings"]["latch"]["value"] == "HALTED"
    board.gateway = Poll({"latch": {"readable": False, "scopes": {}}}, Stamp(desk.now_ms, desk.now_ms - START_MS), "")
    assert shown(board, desk.now_ms)["desk"]["state"]["value"] == "HALTED"


def test_a_refusal_is_told_once_though_order_and_decision_both_say_it(desk):
    refused = desk.order("bot1", "REFUSED", reason="ORDER_VALUE_LIMIT", detail="value=2000, limit=1000")
    decision = desk.make(
        e.RiskDecisionV1,
        "gateway",
        "bot1",
        scope="bot:bot1",
        decision="refused",
        reason="ORDER_VALUE_LIMIT",
        limit="1000",
        value="2000",
        next_step="lower the size",
        client_order_id=refused.client_order_id,
    )
    for events in ([refused, decision], [decision, refused]):
        incidents = shown(board_of(events), desk.now_ms)["incidents"]
        assert [incident["code"] for incident in incidents] == ["ORDER_VALUE_LIMIT"]


def test_a_storm_of_refusals_is_one_line_and_leaves_the_break_in_sight(desk):
    opened = desk.make(
        e.BreakV1,
        "reconciliation",
        break_id="b1",
        what="position_mismatch",
        scope="bot:bot1",
        ours="0.1",
        theirs="0.2",
        severity="critical",
        owner="",
        opened_ts_ms=desk.now_ms,
        state="open",
    )
    storm = [desk.order("bot1", "REFUSED", reason="STALE_MARKET") for _ in range(300)]
    view = shown(board_of([opened, *storm]), desk.now_ms + 30_000)
    assert sorted((i["code"], i["times"]) for i in view["incidents"]) == [
        ("POSITION_MISMATCH", 1),
        ("STALE_MARKET", 300),
    ]
    assert (view["breaks"][0]["severity"], view["breaks"][0]["age_ms"]) == ("critical", 30_000)


def test_a_closed_break_leaves_the_list(desk):
    fields = {
        "break_id": "b1",
        "what": "ghost_order",
        "scope": "bot:bot1",
        "ours": "",
        "theirs": "live",
        "severity": "warning",
        "owner": "ops",
        "opened_ts_ms": desk.now_ms,
    }
    opened = desk.make(e.BreakV1, "gateway", state="open", **fields)
    closed = desk.make(e.BreakV1, "gateway", state="closed", **fields)
    assert len(shown(board_of([opened]), desk.now_ms)["breaks"]) == 1
    assert shown(board_of([closed, opened]), desk.now_ms)["breaks"] == []


def test_a_change_of_guard_is_an_event(desk):
    board = board_of([desk.status("bot1"), desk.status("bot1", guard="HARD_STOP", reasons=["DAILY_LOSS_LIMIT"])])
    (incident,) = shown(board, desk.now_ms)["incidents"]
    assert (incident["severity"], incident["text"]) == ("critical", "RUNNING → HARD_STOP: DAILY_LOSS_LIMIT")


def test_a_silent_service_goes_stale_and_a_dead_one_says_so(desk):
    board = board_of([desk.health("gateway"), desk.health("event_store")])
    stamp = Stamp(desk.now_ms + 20_000, desk.now_ms + 20_000 - START_MS)
    board.facts = DeskFacts(processes=(("gateway", "dead", 2), ("redis", "ready", 0)), stamp=stamp)
    rows = {row["name"]: row for row in shown(board, desk.now_ms + 20_000)["services"]}
    assert (rows["event_store"]["health"], rows["event_store"]["reading"]["stale"]) == ("ready", True)
    assert (rows["gateway"]["health"], rows["gateway"]["detail"]) == ("dead", "restarted 2×")
    assert (rows["redis"]["health"], rows["redis"]["reading"]["stale"]) == ("ready", False)


def test_a_gap_in_a_source_is_counted_and_filled_by_what_comes_late(desk):
    a, b, c, d = (desk.status("bot1") for _ in range(4))
    board = board_of([a, d])
    assert board.gaps == 2
    for late in (c, b):
        board.apply(late, Now(desk.now_ms, 0), stream="s")
    assert board.gaps == 0


def test_the_gateways_account_fills_the_equity_line_only_where_the_bot_is_silent(desk):
    spoken = desk.status("bot1", equity_quote=D("100001"))
    desk.now_ms += 3_000
    soon = e.msgspec.structs.replace(desk.account("bot1"), equity_quote=D("99990"))
    desk.now_ms += 60_000
    later = e.msgspec.structs.replace(desk.account("bot1"), equity_quote=D("99980"))
    values = [value for _, value in history(board_of([spoken, soon, later]), "bot1")["equity"]]
    assert values == ["100001", "99980"]


def test_history_of_an_unknown_bot_is_none():
    assert history(Board(BoardLimits()), "nobody") is None


def test_a_status_that_repeats_an_old_decision_shows_its_numbers_as_old(desk):
    decided_ms = desk.now_ms
    desk.now_ms += 12_000
    repeated = desk.status("bot1", decided_ts_ms=decided_ms, market_age_ms=0)
    readings = bot_of(board_of([repeated]), desk.now_ms)["readings"]
    for name in ("guard", "mid", "equity", "position"):
        assert (readings[name]["stale"], readings[name]["age_ms"]) == (True, 12_000), name


def test_a_price_that_the_bot_knows_to_be_old_is_old_though_the_bot_just_spoke(desk):
    status = desk.status("bot1", decided_ts_ms=desk.now_ms, market_age_ms=9_000)
    readings = bot_of(board_of([status]), desk.now_ms + 500)["readings"]
    assert (readings["mid"]["stale"], readings["mid"]["age_ms"]) == (True, 9_500)
    assert readings["guard"]["stale"] is False


def test_a_price_is_old_when_the_gateway_has_not_heard_the_market(desk):
    board = board_of([desk.status("bot1", decided_ts_ms=desk.now_ms, market_age_ms=100)])
    stamp = Stamp(desk.now_ms, desk.now_ms - START_MS)
    board.gateway = Poll({"market": {"up": True, "age_ms": 8_000}}, stamp, "")
    assert bot_of(board, desk.now_ms)["readings"]["mid"]["stale"] is True
    board.gateway = Poll({"market": {"up": True, "age_ms": 80}}, stamp, "")
    assert bot_of(board, desk.now_ms)["readings"]["mid"]["stale"] is False


def test_equity_and_position_are_old_when_the_gateway_fell_silent_behind_a_speaking_bot(desk):
    heard_last = desk.health("gateway")
    desk.now_ms += 14_000
    readings = bot_of(board_of([heard_last, desk.status("bot1")]), desk.now_ms)["readings"]
    for name in ("equity", "position"):
        assert (readings[name]["stale"], readings[name]["age_ms"]) == (True, 14_000), name
    assert readings["guard"]["stale"] is False


def test_equity_at_an_old_price_is_old_unless_the_bot_is_flat(desk):
    stamp = Stamp(desk.now_ms, desk.now_ms - START_MS)
    for position, stale in ((D("0.1"), True), (D(0), False)):
        board = board_of([desk.status("bot1", position_base=position, decided_ts_ms=desk.now_ms, market_age_ms=0)])
        board.gateway = Poll({"market": {"up": True, "age_ms": 8_000}}, stamp, "")
        assert bot_of(board, desk.now_ms)["readings"]["equity"]["stale"] is stale
        desk.now_ms += 1


def test_what_is_stopped_is_the_gateways_answer_else_its_last_words_tightest_first():
    desk, board = TalkingDesk(START_MS), Board(BoardLimits())
    desk.now_ms += 1_000
    for scope, state in (("bot:bot1", "REDUCING"), ("venue:bitget", "HALTED"), ("desk", "ACTIVE")):
        latch = desk.make(e.LatchV1, "gateway", scope=scope, state=state, reason="MANUAL", actor="anna")
        board.apply(latch, Now(desk.now_ms, desk.now_ms - START_MS))
    board.apply(desk.status("bot1"), Now(desk.now_ms, desk.now_ms - START_MS))
    told = shown(board, desk.now_ms)
    assert [(each["scope"], each["state"]) for each in told["desk"]["stopped"]] == [
        ("venue:bitget", "HALTED"),
        ("bot:bot1", "REDUCING"),
    ]
    assert told["bots"][0]["held"] == "HALTED"
    scopes = {"bot:bot1": {"state": "REDUCING", "actor": "ben", "reason": "RUNAWAY"}}
    answer = {"latch": {"readable": True, "scopes": scopes}}
    board.gateway = Poll(answer, Stamp(desk.now_ms, desk.now_ms - START_MS), "")
    told = shown(board, desk.now_ms)
    assert told["desk"]["stopped"] == [{"scope": "bot:bot1", "state": "REDUCING", "actor": "ben", "reason": "RUNAWAY"}]
    assert told["bots"][0]["held"] == "REDUCING"
    board.gateway = Poll({"latch": {"readable": False, "scopes": {}}}, board.gateway.stamp, "")
    assert shown(board, desk.now_ms)["bots"][0]["held"] == "HALTED"


def test_a_latch_for_a_bot_that_does_not_run_makes_no_bot():
    desk, board = TalkingDesk(START_MS), Board(BoardLimits())
    latch = desk.make(e.LatchV1, "gateway", scope="bot:nobody", state="HALTED", reason="MANUAL", actor="anna")
    board.apply(latch, Now(desk.now_ms, 0))
    assert shown(board, desk.now_ms)["bots"] == []
    board.facts = DeskFacts(bots=("nobody",))
    assert [bot["id"] for bot in shown(board, desk.now_ms)["bots"]] == ["nobody"]
