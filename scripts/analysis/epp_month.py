"""The recorded month of BTC minutes through the strategy, in virtual time: what inventory, gate and edge would have
been.

    python -m scripts.analysis.epp_month                  # the whole month as a table (about a minute)
    python -m scripts.analysis.epp_month --days 5 --json

Path within a minute: six points 10 s apart: open, halfway to the first extreme, first extreme, halfway to the second,
second extreme, close; a minute that closed higher visits its low first, one that closed lower its high. The market is
one tick wide.

Fill rule: an order placed before a point trades whole, at its own price, as maker, when mid at that point has reached
the price. There is no queue and no partial fill, so every touch is a fill: more fills than a real queue gives, and
all of the adverse ones. Maker fee 2 bps, funding +0.01 % every 8 h. A replaced quote is back within the same point,
as with a round trip below 10 s.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

from controllers.core.values import Candle, Instrument, LiveOrder, MarketView, OwnFill, Plan
from controllers.epp.decide import decide, initial_state, seed_candles
from controllers.epp.params import EppParams
from controllers.epp.processed import ProcessedState

D = Decimal
BTC: Final = Instrument("BTC-USDT", D("0.1"), D("0.0001"), D("0.0001"), D(5), True)
CAPITAL: Final = D(100_000)
MAKER_FEE: Final = D("0.0002")
TAKER_FEE: Final = D("0.0006")
FUNDING_RATE: Final = D("0.0001")
FUNDING_MS: Final = 28_800_000
POINT_MS: Final = 10_000
WARM_UP_MINUTES: Final = 60
HALF_MARKET: Final = D("0.05")
RECORDED: Final = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "btc_perp_20211231_20220201_1m.csv"


class MonthReport(NamedTuple):
    """bps are of notional, weighted by it. Shares and base_pct are fractions."""

    minutes: int
    base_pct_max: Decimal  # largest absolute
    base_pct_quantiles: dict[str, Decimal]  # of the absolute value, sampled every minute
    minutes_by_regime: dict[str, int]
    gate_open_by_regime: dict[str, Decimal]
    gate_open: Decimal
    guards: dict[str, int]
    hard_stop: str | None
    fills: int
    notional_quote: Decimal
    modelled_edge_bps: Decimal | None
    realised_edge_bps: Decimal | None  # 60 s markout less fee and funding
    markout_bps: dict[str, Decimal]
    pnl_quote: Decimal
    pnl_bps: Decimal | None  # of notional, inventory result and funding included


def read_minutes(path: Path, minutes: int | None = None) -> list[Candle]:
    """Columns timestamp (UTC), open, high, low, close."""
    out: list[Candle] = []
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            stamp = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC)
            prices = (D(row[name]) for name in ("open", "high", "low", "close"))
            out.append(Candle(int(stamp.timestamp()) * 1000, *prices))
            if minutes is not None and len(out) >= minutes:
                break
    return out


def path_of(minute: Candle) -> tuple[Decimal, ...]:
    first, second = (minute.low, minute.high) if minute.close >= minute.open else (minute.high, minute.low)
    return (minute.open, (minute.open + first) / 2, first, (first + second) / 2, second, minute.close)


class Replay:
    """One bot on the recorded path."""

    def __init__(self, params: EppParams, history: Sequence[Candle]) -> None:
        self.params = params
        self.state = seed_candles(initial_state(params), history, params)
        self.position, self.cash, self.entry = D(0), CAPITAL, D(0)
        self.funding_today, self.day = D(0), -1
        self.funding_slot = -1
        self.orders: dict[str, LiveOrder] = {}
        self.fills: list[OwnFill] = []
        self.cancel_stamps: list[int] = []
        self.serial = self.fills_count = 0
        self.notional = D(0)

    def points(self, minutes: Sequence[Candle]) -> Iterator[tuple[ProcessedState, list[ProcessedState]]]:
        """Per point: what the strategy said last, and everything it said at this point."""
        for minute in minutes:
            for index, mid in enumerate(path_of(minute)):
                ts_ms = minute.ts_ms + index * POINT_MS
                self._fund(ts_ms, mid)
                self._trade(mid, ts_ms)
                said = [self._decide(mid, ts_ms)]
                for _ in range(4):  # cancel first, then place; one side, then the other
                    if not said[-1][0].cancel:
                        break
                    said.append(self._decide(mid, ts_ms))
                yield said[-1][1], [processed for _, processed in said]

    def equity(self, mid: Decimal) -> Decimal:
        return self.cash + self.position * mid

    def _decide(self, mid: Decimal, ts_ms: int) -> tuple[Plan, ProcessedState]:
        fills, self.fills = tuple(self.fills), []
        self.cancel_stamps = [stamp for stamp in self.cancel_stamps if ts_ms - stamp < 60_000]
        view = MarketView(
            ts_ms=ts_ms,
            instrument=BTC,
            bid_price=mid - HALF_MARKET,
            bid_qty_base=D(10),
            ask_price=mid + HALF_MARKET,
            ask_qty_base=D(10),
            book_changed_ts_ms=ts_ms,
            book_heard_ts_ms=ts_ms,
            is_connected=True,
            mark_price=mid,
            funding_rate_pct=FUNDING_RATE,
            position_base=self.position,
            entry_price=self.entry,
            equity_quote=self.equity(mid),
            available_quote=self.cash,
            margin_ratio_pct=None,
            maker_fee_pct=MAKER_FEE,
            taker_fee_pct=TAKER_FEE,
            fee_source="manual",
            orders=tuple(self.orders.values()),
            fills=fills,
            cancels_last_minute=len(self.cancel_stamps),
            funding_paid_today_quote=self.funding_today,
            others_bid_price=mid - HALF_MARKET,
            others_ask_price=mid + HALF_MARKET,
        )
        self.state, plan, processed = decide(self.state, view, self.params)
        for cancel in plan.cancel:
            del self.orders[cancel.level_id]
            self.cancel_stamps.append(ts_ms)
        for place in plan.place:
            self.serial += 1
            self.orders[place.level_id] = LiveOrder(
                place.level_id,
                f"m{self.serial}",
                place.side,
                place.price,
                place.qty_base,
                D(0),
                "open",
                ts_ms,
            )
        return plan, processed

    def _trade(self, mid: Decimal, ts_ms: int) -> None:
        for level_id, order in list(self.orders.items()):
            if (mid > order.price) if order.side == "buy" else (mid < order.price):
                continue
            del self.orders[level_id]
            direction = 1 if order.side == "buy" else -1
            notional = order.price * order.qty_base
            fee = notional * MAKER_FEE
            self.position += order.qty_base * direction
            self.cash -= notional * direction + fee
            self.entry = order.price
            self.notional += notional
            self.fills_count += 1
            trade = OwnFill(
                f"t{self.fills_count}",
                level_id,
                order.client_order_id,
                order.side,
                order.price,
                order.qty_base,
                fee,
                True,
                order.price,
                ts_ms,
            )
            self.fills.append(trade)

    def _fund(self, ts_ms: int, mid: Decimal) -> None:
        day, slot = ts_ms // 86_400_000, ts_ms // FUNDING_MS
        if day != self.day:
            self.day, self.funding_today = day, D(0)
        if self.funding_slot >= 0 and slot > self.funding_slot:
            due = FUNDING_RATE * self.position * mid
            self.cash -= due
            self.funding_today += due
        self.funding_slot = slot


def study(minutes: Sequence[Candle], params: EppParams) -> MonthReport:
    replay = Replay(params, minutes[:WARM_UP_MINUTES])
    held: list[Decimal] = []
    regimes: dict[str, int] = {}
    opened: dict[str, int] = {}
    guards: dict[str, int] = {}
    modelled = realised = weight = D(0)
    sums: dict[int, Decimal] = {5: D(0), 30: D(0), 60: D(0)}
    counts: dict[int, int] = dict.fromkeys(sums, 0)
    notionals: dict[str, Decimal] = {}
    last: ProcessedState | None = None
    base_max = D(0)
    for last, said in replay.points(minutes[WARM_UP_MINUTES:]):
        for processed in said:
            for fill in processed.fills:
                notionals[fill.trade_id] = fill.notional_quote
            for report in processed.markouts:
                sums[report.horizon_s] += report.markout_bps
                counts[report.horizon_s] += 1
                if report.horizon_s == 60:
                    notional = notionals.pop(report.trade_id, D(0))
                    weight += notional
                    modelled += notional * report.modelled_edge_bps
                    realised += notional * report.realised_edge_bps
        assert last.base_pct is not None
        base_max = max(base_max, abs(last.base_pct))
        if last.ts_ms % 60_000 == 0:
            held.append(abs(last.base_pct))
            regimes[last.regime] = regimes.get(last.regime, 0) + 1
            opened[last.regime] = opened.get(last.regime, 0) + int(last.gate_is_open)
            guards[last.guard] = guards.get(last.guard, 0) + 1
    assert last is not None, "no minutes after the warm-up"
    held.sort()
    pnl = replay.equity(minutes[-1].close) - CAPITAL
    return MonthReport(
        minutes=len(held),
        base_pct_max=base_max,
        base_pct_quantiles={f"p{p}": held[min(len(held) - 1, len(held) * p // 100)] for p in (50, 90, 95, 99)},
        minutes_by_regime=dict(sorted(regimes.items())),
        gate_open_by_regime={name: D(opened[name]) / count for name, count in sorted(regimes.items())},
        gate_open=D(sum(opened.values())) / len(held),
        guards=dict(sorted(guards.items())),
        hard_stop=last.hard_stop_reason,
        fills=replay.fills_count,
        notional_quote=replay.notional,
        modelled_edge_bps=modelled / weight if weight else None,
        realised_edge_bps=realised / weight if weight else None,
        markout_bps={f"{horizon}s": sums[horizon] / counts[horizon] for horizon in sums if counts[horizon]},
        pnl_quote=pnl,
        pnl_bps=pnl / replay.notional * 10_000 if replay.notional else None,
    )


def rows(report: MonthReport) -> Iterator[tuple[str, str]]:
    for name, value in report._asdict().items():
        if isinstance(value, dict):
            for key, item in value.items():
                yield f"{name}.{key}", _text(item)
        else:
            yield name, _text(value)


def _text(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, Decimal) else str(value)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.analysis.epp_month", description=__doc__)
    parser.add_argument("--csv", type=Path, default=RECORDED, help="one-minute candles: timestamp,open,high,low,close")
    parser.add_argument("--days", type=int, default=None, help="only the first days")
    parser.add_argument("--gap-policy", action="store_true", help="let the gap between model and fills shut the gate")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    arguments = parser.parse_args(argv)
    if not arguments.csv.exists():
        print(f"TAPE_MISSING: {arguments.csv}; give one with --csv", file=sys.stderr)
        return 2
    minutes = read_minutes(arguments.csv, None if arguments.days is None else arguments.days * 1440)
    report = study(minutes, EppParams(edge_gap_enabled=arguments.gap_policy))
    if arguments.json:
        print(json.dumps(dict(rows(report))))
        return 0
    for name, value in rows(report):
        print(f"{name:40} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
