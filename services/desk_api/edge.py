"""Modelled beside realised edge, per horizon, from the bot's markouts. No mean travels without its sample count."""

from collections import OrderedDict
from decimal import Decimal
from typing import NamedTuple

from services.contracts.events import BotMarkoutV1

ZERO = Decimal(0)


class Sample(NamedTuple):
    markout_bps: Decimal
    fee_bps: Decimal
    realised_bps: Decimal
    modelled_bps: Decimal
    ts_ms: int


class EdgeLine(NamedTuple):
    """Means over the fills in the window; positive is in our favour. ``standard_error_bps`` is None below two fills."""

    horizon_s: int
    samples: int
    markout_bps: Decimal
    fee_bps: Decimal
    realised_bps: Decimal
    modelled_bps: Decimal
    standard_error_bps: Decimal | None  # of the realised mean
    latest_ts_ms: int


class EdgeBook:
    """The last ``samples_max`` fills per horizon, each counted once by trade id."""

    def __init__(self, samples_max: int) -> None:
        self._samples_max = samples_max
        self._by_horizon: dict[int, OrderedDict[str, Sample]] = {}

    def add(self, event: BotMarkoutV1) -> None:
        samples = self._by_horizon.setdefault(event.horizon_s, OrderedDict())
        if event.trade_id in samples:
            return
        samples[event.trade_id] = Sample(
            event.markout_bps, event.fee_bps, event.realised_edge_bps, event.modelled_edge_bps, event.ts_ms
        )
        while len(samples) > self._samples_max:
            samples.popitem(last=False)

    def lines(self) -> list[EdgeLine]:
        return [_line(horizon_s, list(samples.values())) for horizon_s, samples in sorted(self._by_horizon.items())]


def _line(horizon_s: int, samples: list[Sample]) -> EdgeLine:
    realised = [sample.realised_bps for sample in samples]
    return EdgeLine(
        horizon_s=horizon_s,
        samples=len(samples),
        markout_bps=_mean([sample.markout_bps for sample in samples]),
        fee_bps=_mean([sample.fee_bps for sample in samples]),
        realised_bps=_mean(realised),
        modelled_bps=_mean([sample.modelled_bps for sample in samples]),
        standard_error_bps=_standard_error(realised),
        latest_ts_ms=max(sample.ts_ms for sample in samples),
    )


def _mean(values: list[Decimal]) -> Decimal:
    return sum(values, ZERO) / len(values)


def _standard_error(values: list[Decimal]) -> Decimal | None:
    if len(values) < 2:
        return None
    mean = _mean(values)
    variance = sum(((value - mean) ** 2 for value in values), ZERO) / (len(values) - 1)
    return (variance / len(values)).sqrt()
