import pytest

from services.common.metrics import Metrics


def test_the_prefix_is_added_once() -> None:
    metrics = Metrics()
    metrics.counter("fills_total", "x", ["bot"]).labels("bot1").inc()
    metrics.gauge("hbot_ready", "x").set(1)
    text = metrics.exposition().decode()
    assert 'hbot_fills_total{bot="bot1"} 1.0' in text
    assert "hbot_ready 1.0" in text
    assert "_created" not in text


def test_a_label_outside_the_closed_set_is_refused() -> None:
    with pytest.raises(ValueError, match=r"METRIC_LABEL.*order_id"):
        Metrics().counter("x_total", "x", ["order_id"])


def test_two_services_in_one_process_do_not_meet() -> None:
    Metrics().gauge("same", "x")
    Metrics().gauge("same", "x")
