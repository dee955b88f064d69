"""The controller translates: decide once a tick, carry out, tell, remember; and stand down on a fault."""

import asyncio
from decimal import Decimal
from types import SimpleNamespace

import pytest

import controllers.market_making.epp_v2_4 as epp
from controllers.core.values import Candle, NoView, OwnFill
from controllers.epp.params import EppParams
from controllers.epp.params_doc import PARAM_DOC_BY_NAME
from services.common.clock import ManualClock
from tests.unit.controllers.market_making.test_view_reader import Connector


class Execution:
    def __init__(self):
        self.plans, self.cancelled, self.fills = [], [], ()
        self.caught_up = True

    def execute(self, plan, view_ts_ms):
        self.plans.append(plan)

    def orders(self):
        return ()

    def take_fills(self):
        fills, self.fills = self.fills, ()
        return fills

    def take_refusals(self):
        return ()

    def is_caught_up(self):
        return self.caught_up

    def paper_stats(self):
        return 3, 1, Decimal(250)

    def cancels_last_minute(self):
        return 0

    def cancel_all(self, reason):
        self.cancelled.append(reason)

    async def wait_for_change(self, timeout_s):
        await asyncio.sleep(0)


class Telemetry:
    def __init__(self):
        self.published = []

    def publish(self, plan, processed):
        self.published.append((plan, processed))

    def take_intents(self):
        return ()

    def on_lag(self, ms):
        pass

    def bus_blind_ms(self):
        return 0

    def csv_write_ms(self):
        return Decimal("1.5")

    def funding_paid_today_quote(self):
        return Decimal(0)


class Memory:
    def __init__(self, saved=None, candles=()):
        self.saved, self._candles, self.saves = saved, candles, 0

    def load(self):
        return self.saved

    def save(self, make_state):
        self.saves += 1
        self.saved = make_state()

    def candles(self):
        return self._candles


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def connector(clock):
    connector = Connector()
    connector.book_heard_ts = lambda: clock.now_ms() / 1000
    return connector


def controller(connector, clock, memory=None):
    config = epp.EppV24Config(
        id="bot1", connector_name="bitget_perpetual_desk", trading_pair="BTC-USDT", edge_gate_enabled=False
    )
    provider = SimpleNamespace(get_connector=lambda name: connector, ready=True)
    made = epp.EppV24Controller(config, provider, asyncio.Queue())
    made.execution, made.telemetry, made.memory = Execution(), Telemetry(), memory or Memory()
    made.bind(made.execution, made.telemetry, made.memory, clock)
    return made


def tick(made):
    asyncio.run(made.control_task())


def test_every_parameter_is_a_field_with_its_sentence_unit_range_and_group():
    fields = epp.EppV24Config.model_fields
    for name in EppParams._fields:
        doc = PARAM_DOC_BY_NAME[name]
        extra = fields[name].json_schema_extra
        assert (fields[name].description, extra["unit"], extra["group"]) == (doc.description, doc.unit, doc.group)
        if doc.low is not None:
            bounds = {type(bound).__name__: next(iter(vars_of(bound))) for bound in fields[name].metadata}
            assert bounds == {"Ge": doc.low, "Le": doc.high}


def vars_of(bound):
    return [getattr(bound, key) for key in ("ge", "le") if hasattr(bound, key)]


def test_the_config_gives_the_parameters_back_as_they_are():
    params = EppParams(max_base_pct=Decimal("0.4"), bot_id="bot7")
    config = epp.EppV24Config(id="bot7", connector_name="c", trading_pair="BTC-USDT", **params._asdict())
    assert config.to_params() == params


def test_a_value_out_of_range_is_refused_by_hummingbots_config_too():
    with pytest.raises(ValueError, match="max_base_pct"):
        epp.EppV24Config(id="b", connector_name="c", trading_pair="BTC-USDT", max_base_pct=Decimal(60))


def test_one_tick_decides_carries_out_and_tells_with_its_durations(connector, clock):
    made = controller(connector, clock)
    tick(made)
    [(plan, processed)] = made.telemetry.published
    assert made.execution.plans == [plan]
    assert processed.mid_price == Decimal("60123.45")
    assert processed.csv_write_duration_ms == Decimal("1.5")
    assert (processed.paper_fill_count, processed.paper_reject_count, processed.paper_avg_queue_delay_ms) == (3, 1, 250)
    spans = (processed.tick_duration_ms, processed.indicator_duration_ms, processed.connector_io_duration_ms)
    assert all(span >= 0 for span in spans)
    assert processed.tick_duration_ms >= processed.indicator_duration_ms


def test_hummingbot_gets_no_executor_actions(connector, clock):
    made = controller(connector, clock)
    asyncio.run(made.update_processed_data())
    assert made.determine_executor_actions() == []


def test_a_connector_that_is_not_ready_stands_the_strategy_down(connector, clock):
    connector.status_dict["account_balance"] = False
    made = controller(connector, clock)
    tick(made)
    assert made.telemetry.published[0][1].reasons[0] == "CONNECTOR_NOT_READY"


def test_nothing_is_decided_on_a_view_before_missed_fills_are_read(connector, clock):
    made = controller(connector, clock)
    made.execution.caught_up = False
    tick(made)
    made.execution.caught_up = True
    tick(made)
    first, second = (processed for _, processed in made.telemetry.published)
    assert first.mid_price is None
    assert second.mid_price is not None


def test_a_fault_of_the_strategy_is_counted_cancels_everything_and_keeps_the_fills(connector, clock, monkeypatch):
    made = controller(connector, clock)
    real = epp.decide

    def faulty(state, view, params):
        if isinstance(view, NoView):
            return real(state, view, params)
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(epp, "decide", faulty)
    made.execution.fills = (
        OwnFill("t1", "b0", "hb1-b0-x.1", "buy", Decimal(60000), Decimal("0.01"), Decimal("0.12"), True, Decimal(60000),
                clock.now_ms()),
    )  # fmt: skip
    tick(made)
    _, processed = made.telemetry.published[0]
    assert (made.faults, made.execution.cancelled) == (1, ["INTERNAL_ERROR"])
    assert processed.reasons[0] == "INTERNAL_ERROR"
    assert [fill.trade_id for fill in processed.fills] == ["t1"]


def test_the_state_is_saved_when_the_strategy_says_so_and_read_by_the_next_life(connector, clock):
    first = controller(connector, clock)
    tick(first)
    asyncio.run(clock.advance(61_000))
    tick(first)
    assert first.memory.saves >= 1
    second = controller(connector, clock, Memory(saved=first.memory.saved))
    assert second.state.daily.equity_open_quote == Decimal("99999.5")
    assert second.forgot_after_ms == first.state.last_ts_ms - 60_000
    assert controller(connector, clock).forgot_after_ms is None


def test_a_life_is_remembered_from_its_first_look_on(connector, clock):
    made = controller(connector, clock)
    connector.status_dict["account_balance"] = False
    tick(made)
    assert made.memory.saves == 0
    connector.status_dict["account_balance"] = True
    tick(made)
    assert made.memory.saves == 1


def test_a_cold_start_is_warmed_by_candles(connector, clock):
    minute = clock.now_ms() // 60_000 * 60_000
    candles = [Candle(minute - i * 60_000, *[Decimal(60000 + i)] * 4) for i in range(1, 100)]
    made = controller(connector, clock, Memory(candles=candles))
    tick(made)
    assert made.telemetry.published[0][1].is_warm


def test_the_day_so_far_is_told_only_once_there_is_one(connector, clock):
    made = controller(connector, clock)
    assert made.daily_so_far() is None
    tick(made)
    assert made.daily_so_far().equity_now_quote == Decimal("99999.5")


def test_the_loop_survives_a_fault_and_leaves_nothing_resting(connector, clock):
    made = controller(connector, clock)
    turns = []

    async def faulty():
        turns.append(1)
        if len(turns) == 3:
            made.terminated.set()
        raise RuntimeError("connector")

    made.control_task = faulty
    asyncio.run(made.control_loop())
    assert (len(turns), made.faults, made.execution.cancelled) == (3, 3, ["INTERNAL_ERROR"] * 3)
