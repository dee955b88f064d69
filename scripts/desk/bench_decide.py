"""`desk bench decide`: a scripted day of decisions in virtual time, from a seed, without Hummingbot and without third
parties.

The CLI calls ``run(ticks=…)`` and prints the dict. It also runs alone, on any Python from 3.11 on:

    python -m scripts.desk.bench_decide --ticks 3600 --json

``*_cpu_us`` leaves out the time in which another process had the core. Timed is ``decide`` alone, on one core,
garbage frozen after the warm-up. The digest covers every plan and every processed state: it is equal across runs,
hash seeds and Python versions, because nothing in a decision depends on them. The market is made of integers only,
for the same reason.
"""

import argparse
import gc
import hashlib
import json
import random
import resource
import sys
from array import array
from collections.abc import Iterator
from decimal import Decimal
from time import perf_counter_ns, thread_time_ns
from typing import Any, Final

from controllers.core.values import ExternalIntent, Instrument, LiveOrder, MarketView, OwnFill, OwnRefusal, Plan
from controllers.epp.decide import Candle, decide, initial_state, seed_candles, to_dict
from controllers.epp.params import EppParams

D = Decimal
START_MS: Final = 1_700_006_400_000
WARM_UP_TICKS: Final = 600
HOUR_TICKS: Final = 3_600
MINUTE_MS: Final = 60_000
TICK: Final = D("0.1")
BTC: Final = Instrument("BTC-USDT", TICK, D("0.0001"), D("0.0001"), D(5), True)
MAKER_FEE: Final = D("0.0002")
CAPITAL: Final = D(100_000)

# Two draws of -n..n a second, in ticks of 0.1 at 50 000, hour by hour: about 6, 3, 14 and 6 bps a minute. The second
# half of the day mirrors the first, so that its first and last hour are alike and a difference between them is growth.
_STEP_TICKS: Final = (48, 24, 110, 48)
_DRIFT_TICKS: Final = (0, 0, 0, 2, 0, 0, 0, -2)  # a tick a second is 1.2 bps a minute
_DAY_HOURS: Final = 24


def scripted_params() -> EppParams:
    """The production set, thought over every 20 s so that the day is a busy one, with limits that let it last."""
    defaults = EppParams()
    return defaults._replace(
        regimes=tuple(spec._replace(refresh_s=20) for spec in defaults.regimes),
        cancel_budget_per_min=200,
        submit_budget_per_min=200,
        daily_loss_pct_max=D("0.5"),
        drawdown_pct_max=D("0.5"),
        turnover_x_max=D(500),
        edge_gap_enabled=False,
    )


class ScriptedDay:
    """Market, venue and mishaps of a day, one second at a time. A function of its seed and of the plans it is given."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._mid_ticks = 500_000
        self._changed_ms = self._heard_ms = START_MS
        self._orders: dict[str, LiveOrder] = {}
        self._fills: list[OwnFill] = []
        self._refusals: list[OwnRefusal] = []
        self._cancels: list[int] = []
        self._position, self._cash, self._entry = D(0), CAPITAL, D(0)
        self._serial = 0
        self.fills_count = 0

    def candles(self, count: int) -> list[Candle]:
        """The hour before the first second."""
        out, ticks = [], self._mid_ticks
        for index in range(count):
            opened = ticks
            ticks += sum(self._rng.randint(-200, 200) for _ in range(4))
            high, low = max(opened, ticks) + 10, min(opened, ticks) - 10
            ts_ms = START_MS - (count - index) * MINUTE_MS
            out.append(Candle(ts_ms, opened * TICK, high * TICK, low * TICK, ticks * TICK))
        self._mid_ticks = ticks
        return out

    def views(self, ticks: int) -> Iterator[MarketView]:
        for second in range(ticks):
            yield self._view(second, START_MS + second * 1000)

    def carry_out(self, plan: Plan, ts_ms: int) -> None:
        for cancel in plan.cancel:
            self._orders.pop(cancel.level_id, None)
            self._cancels.append(ts_ms)
        for place in plan.place:
            self._serial += 1
            if self._serial % 97 == 0:
                self._refusals.append(OwnRefusal(place.level_id, "POST_ONLY_WOULD_CROSS", "", ts_ms))
                continue
            self._orders[place.level_id] = LiveOrder(
                place.level_id,
                f"hb1-{place.level_id}-{self._serial}",
                place.side,
                place.price,
                place.qty_base,
                D(0),
                "open",
                ts_ms,
            )

    def _view(self, second: int, ts_ms: int) -> MarketView:
        hour = second // HOUR_TICKS % _DAY_HOURS
        hour = min(hour, _DAY_HOURS - 1 - hour)
        step = _STEP_TICKS[hour % len(_STEP_TICKS)]
        rng = self._rng
        move = rng.randint(-step, step) + rng.randint(-step, step) + _DRIFT_TICKS[hour % len(_DRIFT_TICKS)]
        if rng.randrange(7_200) == 0:
            move += rng.choice((-1, 1)) * rng.randint(1_500, 5_000)  # a jump of 30 to 100 bps
        self._mid_ticks = max(100_000, self._mid_ticks + move)
        is_frozen = second % 14_400 >= 14_360  # the book stands still for 40 s every four hours
        is_silent = second % 10_800 >= 10_785  # and says nothing for 15 s every three
        if move and not is_frozen:
            self._changed_ms = ts_ms
        if not is_silent:
            self._heard_ms = ts_ms
        mid = self._mid_ticks * TICK
        half = TICK if second % 3 else 2 * TICK
        self._trade(mid, ts_ms)
        self._cancels = [stamp for stamp in self._cancels if ts_ms - stamp < MINUTE_MS]
        fills, refusals, intents = tuple(self._fills), tuple(self._refusals), self._intents(second, ts_ms)
        self._fills, self._refusals = [], []
        return MarketView(
            ts_ms=ts_ms,
            instrument=BTC,
            bid_price=mid - half,
            bid_qty_base=D(10),
            ask_price=mid + half,
            ask_qty_base=D(10),
            book_changed_ts_ms=self._changed_ms,
            book_heard_ts_ms=self._heard_ms,
            is_connected=second % 20_000 != 19_999,
            mark_price=mid,
            funding_rate_pct=D(hour % 5 - 2) * D("0.0001"),
            position_base=self._position,
            entry_price=self._entry,
            equity_quote=self._cash + self._position * mid,
            available_quote=self._cash,
            margin_ratio_pct=None,
            maker_fee_pct=MAKER_FEE,
            taker_fee_pct=D("0.0006"),
            fee_source="venue",
            orders=tuple(self._orders.values()),
            fills=fills,
            refusals=refusals,
            intents=intents,
            cancels_last_minute=len(self._cancels),
            bus_blind_ms=20_000 if second % 30_000 >= 29_990 else 0,
        )

    def _trade(self, mid: Decimal, ts_ms: int) -> None:
        """Whatever mid has reached trades at its own price; one time in eight only half of it."""
        for level_id, order in list(self._orders.items()):
            if (mid > order.price) if order.side == "buy" else (mid < order.price):
                continue
            left = order.qty_base - order.filled_base
            qty = left
            if left >= D("0.0002") and self._rng.randrange(8) == 0:
                qty = (left / 2).quantize(D("0.0001"))
            if qty == left:
                del self._orders[level_id]
            else:
                self._orders[level_id] = order._replace(filled_base=order.filled_base + qty)
            direction = 1 if order.side == "buy" else -1
            fee = order.price * qty * MAKER_FEE
            self._position += qty * direction
            self._cash -= order.price * qty * direction + fee
            self._entry = order.price
            self.fills_count += 1
            self._fills.append(
                OwnFill(
                    f"t{self.fills_count}",
                    level_id,
                    order.client_order_id,
                    order.side,
                    order.price,
                    qty,
                    fee,
                    True,
                    order.price,
                    ts_ms,
                )
            )

    def _intents(self, second: int, ts_ms: int) -> tuple[ExternalIntent, ...]:
        if second % 7_000 == 6_000:
            target = D(self._rng.randint(-40, 40)) / 100
            return (ExternalIntent(f"target{second}", "set_target_base_pct", target, "script", ts_ms + 600_000),)
        if second % 9_000 == 8_000:
            return (ExternalIntent(f"pause{second}", "soft_pause", None, "script", ts_ms + 60_000),)
        if second % 9_000 == 8_020:
            return (ExternalIntent(f"resume{second}", "resume", None, "script", ts_ms + 60_000),)
        return ()


def run(ticks: int = 86_400, seed: int = 7) -> dict[str, Any]:
    """Decide ``ticks`` seconds; microseconds per decision and the digest of everything decided."""
    params, day = scripted_params(), ScriptedDay(seed)
    state = seed_candles(initial_state(params), day.candles(60), params)
    spent_ns, cpu_ns = array("q"), array("q")
    digest = hashlib.sha256()
    guards: dict[str, int] = {}
    regimes: dict[str, int] = {}
    orders = cancels = 0
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for second, view in enumerate(day.views(ticks)):
        if second == min(WARM_UP_TICKS, ticks // 2):
            gc.collect()
            gc.freeze()
            faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        begun, begun_cpu = perf_counter_ns(), thread_time_ns()
        state, plan, processed = decide(state, view, params)
        cpu_ns.append(thread_time_ns() - begun_cpu)
        spent_ns.append(perf_counter_ns() - begun)
        day.carry_out(plan, view.ts_ms)
        digest.update(repr(plan).encode())
        digest.update(repr(processed).encode())
        guards[plan.guard] = guards.get(plan.guard, 0) + 1
        regimes[processed.regime] = regimes.get(processed.regime, 0) + 1
        orders += len(plan.place)
        cancels += len(plan.cancel)
    digest.update(json.dumps(to_dict(state), sort_keys=True).encode())
    gc.unfreeze()
    measured = spent_ns[min(WARM_UP_TICKS, ticks // 2) :]
    own = cpu_ns[min(WARM_UP_TICKS, ticks // 2) :]
    hour = min(HOUR_TICKS, max(1, len(measured) // 2))
    return {
        "ticks": ticks,
        "seed": seed,
        "python": sys.version.split()[0],
        "p50_us": _quantile_us(measured, 50),
        "p99_us": _quantile_us(measured, 99),
        "max_us": _quantile_us(measured, 100),
        "first_hour_p50_us": _quantile_us(measured[:hour], 50),
        "last_hour_p50_us": _quantile_us(measured[-hour:], 50),
        "p99_cpu_us": _quantile_us(own, 99),
        "max_cpu_us": _quantile_us(own, 100),
        "minor_faults": resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults,
        "orders": orders,
        "cancels": cancels,
        "fills": day.fills_count,
        "guards": guards,
        "regimes": regimes,
        "digest": digest.hexdigest(),
    }


def _quantile_us(spent_ns: "array[int]", percent: int) -> float:
    ranked = sorted(spent_ns)
    return round(ranked[min(len(ranked) - 1, len(ranked) * percent // 100)] / 1000, 1)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.desk.bench_decide", description=__doc__)
    parser.add_argument("--ticks", type=int, default=86_400, help="simulated seconds; 86400 is a day")
    parser.add_argument("--seed", type=int, default=7, help="of the market and its mishaps")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    arguments = parser.parse_args(argv)
    report = run(arguments.ticks, arguments.seed)
    if arguments.json:
        print(json.dumps(report))
    else:
        for name, value in report.items():
            print(f"{name:20} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
