"""`desk up` with everything real: Hummingbot, Redis, PostgreSQL, exchange, gateway, event store, page."""

import json
import os
import shutil
import signal
import socket
from pathlib import Path

import psutil
import pytest

from scripts.desk.supervisor.leftovers import leftovers
from tests.e2e.desk_run import REPO, DeskRun, desk

pytestmark = pytest.mark.e2e

RECORDING = REPO.parent / "shared" / "data" / "btc_perp_20211231_20220201_1m.csv"
FIRST_ORDER_S_MAX = 20
KILLED_IN_TURN = ("desk_api", "kill_switch", "event_store", "postgres", "redis", "venue_sim", "gateway", "bot.bot0")


def is_quiet() -> bool:
    """No test beside this one, nothing else that wants the processors: only then are seconds the desk's own."""
    is_alone = os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1") == "1"
    return is_alone and os.getloadavg()[0] < 1.5 * (os.cpu_count() or 1)


@pytest.mark.timeout(240)
def test_a_minute_of_the_demo_fills_on_both_sides_and_leaves_nothing(run_dir):
    quiet = is_quiet()
    with DeskRun(run_dir, "--for", "60") as run:
        code, summary = run.summary(200)
    assert code == 0, summary["problems"]
    assert summary["mode"] == "sim"
    (bot,) = summary["bots"]
    assert bot["id"] == "bot0"
    assert bot["orders"] > 20
    assert bot["fills"] == bot["fills_buy"] + bot["fills_sell"]
    assert bot["fills_buy"] > 0 and bot["fills_sell"] > 0
    assert bot["position"] is not None and bot["pnl_quote"] is not None
    assert bot["edge_modelled_bps"] is not None and bot["edge_realised_bps"] is not None
    assert bot["first_order_s"] <= (FIRST_ORDER_S_MAX if quiet else 4 * FIRST_ORDER_S_MAX)
    assert "EDGE_GATE_OFF" in bot["reasons"]  # the demo says what it is
    assert summary["venue"] == {"open_orders": 0}
    assert summary["integrity"]["status"] == "PASS"
    events = summary["events"]
    assert events["gaps"] == events["duplicates"] == 0
    assert events["count"] == sum(events["by_kind"].values())
    assert events["by_kind"]["fill.v1"] == bot["fills"]
    # A fill during the stop reaches the gateway when the bot has ended already.
    assert bot["fills"] - 2 <= events["by_kind"]["bot_fill.v1"] <= bot["fills"]
    assert summary["deaths"] == []
    assert leftovers(run_dir) == []


@pytest.mark.timeout(420)
def test_kill_nine_of_each_process_in_turn_loses_nothing_and_leaves_no_unknown_order(run_dir):
    with DeskRun(run_dir) as run:
        run.wait_up()
        run.eventually(lambda: len(run.venue_orders()) >= 2, 60, "quotes rest at the venue")
        for name in KILLED_IN_TURN:
            pid = run.kill(name)
            run.eventually(
                lambda name=name, pid=pid: run.state(name)[1] == "ready" and run.state(name)[0] not in (0, pid),
                90,
                f"{name} is back after kill -9",
            )
            run.eventually(run.is_up, 60, f"all are ready after the death of {name}")
            run.eventually(lambda: len(run.venue_orders()) >= 2, 60, f"quotes rest again after the death of {name}")
        known = {order["client_order_id"] for order in run.ask("gateway", "/desk/orders")}
        before = known | {order["client_order_id"] for order in run.ask("gateway", "/desk/orders")}
        at_venue = {order["client_order_id"] for order in run.venue_orders()}
        known = before | {order["client_order_id"] for order in run.ask("gateway", "/desk/orders")}
        assert at_venue <= known, f"nobody knows {at_venue - known}"
        run.signal(signal.SIGTERM)
        code, summary = run.summary()
    assert code == 0, summary["problems"]
    assert [death["process"] for death in summary["deaths"]] == list(KILLED_IN_TURN)
    assert summary["venue"]["open_orders"] == 0
    assert summary["integrity"]["status"] == "PASS"
    assert summary["events"]["gaps"] == summary["events"]["duplicates"] == 0


@pytest.mark.timeout(420)
def test_a_short_crash_drill_finds_venue_journal_and_drop_copy_equal(run_dir):
    done = desk("drill", "crash", "--kills", "3", "--json", "--run-dir", str(run_dir), within_s=400)
    report = json.loads(done.stdout)
    assert done.returncode == 0, report
    assert report["kills"] == 3 and report["orders_at_venue"] > 0
    assert report["fills_lost"] == report["fills_twice"] == report["orders_unknown"] == report["orders_twice"] == 0


@pytest.mark.timeout(300)
def test_a_killed_desk_takes_its_processes_along_and_the_next_start_finds_its_servers(run_dir):
    with DeskRun(run_dir) as run:
        run.wait_up()
        run.eventually(lambda: len(run.venue_orders()) >= 2, 60, "quotes rest at the venue")
        redis_pid, _ = run.state("redis")
        postgres_pid, _ = run.state("postgres")
        run.signal(signal.SIGKILL)
        run.process.wait()
        gone = _eventually_no_leftovers(run_dir)
        assert gone, leftovers(run_dir)
        assert psutil.pid_exists(redis_pid) and psutil.pid_exists(postgres_pid)

        run.start()
        run.wait_up()
        assert run.state("redis")[0] == redis_pid
        assert run.state("postgres")[0] == postgres_pid
        run.signal(signal.SIGINT)
        run.signal(signal.SIGINT)  # an impatient second Ctrl-C changes nothing
        code, summary = run.summary()
    assert code == 0, summary["problems"]
    assert summary["venue"]["open_orders"] == 0
    assert summary["integrity"]["status"] == "PASS"
    assert not psutil.pid_exists(redis_pid) and not psutil.pid_exists(postgres_pid)


def _eventually_no_leftovers(run_dir: Path) -> bool:
    _, alive = psutil.wait_procs([process for _, process in leftovers(run_dir)], timeout=20)
    return not alive and not leftovers(run_dir)


@pytest.mark.timeout(240)
def test_a_recorded_month_of_candles_is_quoted_on(run_dir):
    if not RECORDING.exists():
        pytest.skip(f"no recording at {RECORDING}")
    with DeskRun(run_dir, "--for", "20", "--market", f"replay:{RECORDING}", "--no-page") as run:
        code, summary = run.summary(200)
    assert code == 0, summary["problems"]
    assert summary["bots"][0]["orders"] > 0
    assert summary["venue"]["open_orders"] == 0
    assert summary["integrity"]["status"] == "PASS"


def test_a_second_desk_in_the_same_directory_and_a_taken_page_port_are_refused_with_the_holder(run_dir):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = desk("up", "--run-dir", str(run_dir), "--page-port", str(port))
    assert refused.returncode == 1
    assert f"PORT_TAKEN: port {port} (page) is held by pid {os.getpid()}" in refused.stderr
    assert leftovers(run_dir) == []


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--bots", "bot9"), 2, "BOT_UNKNOWN: bot9"),
        (("--market", "wild"), 4, "MARKET_INVALID: --market wild: allowed are lively, calm"),
        (("--market", "replay:nowhere.csv"), 4, "REPLAY_MISSING"),
        (("--set", "gateway=5"), 4, "SET_INVALID: --set gateway=5"),
        (("--for", "0"), 4, "--for"),
        (("--frobnicate",), 4, "--frobnicate"),
    ],
)
def test_bad_flags_end_before_anything_starts(run_dir, arguments, code, says):
    refused = desk("up", "--run-dir", str(run_dir), *arguments)
    assert refused.returncode == code, refused.stderr
    assert says in refused.stderr
    assert not (run_dir / "addresses.json").exists()


CONTROLLER = "bot0/conf/controllers/epp_v2_4.yml"


@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        (CONTROLLER, ("overrides: {}", "overrides: {max_base_pctt: 0.5}"), ["max_base_pctt", "max_base_pct"]),
        (CONTROLLER, ("overrides: {}", "overrides: {max_base_pct: 60}"), ["max_base_pct=60", "allowed", "example"]),
        (CONTROLLER, ("overrides: {}", "overrides: {total_amount_quote: -5}"), ["=-5", "allowed", "example"]),
        ("bot0/desk.yml", ("bundle: demo_tight\n", ""), ["bundle is missing", "example"]),
        ("bot0/desk.yml", ("pair: BTC-USDT", "pair: btcusdt"), ["pair='btcusdt'", "allowed", "example"]),
        ("policies/limits.yml", None, ["limits.yml"]),  # half-written: cut in the middle
    ],
)
def test_bad_files_are_refused_with_path_value_range_and_example(run_dir, tmp_path, file, change, says):
    data_dir = tmp_path / "data"
    shutil.copytree(REPO / "data", data_dir, ignore=shutil.ignore_patterns("run"))
    path = data_dir / file
    text = path.read_text()
    path.write_text(text[: len(text) // 2].rstrip() + "\n  br" if change is None else text.replace(*change))
    assert path.read_text() != text
    refused = desk("up", "--data-dir", str(data_dir), "--run-dir", str(run_dir))
    assert refused.returncode == 4, refused.stderr
    for word in (path.name, *says):
        assert word in refused.stderr, refused.stderr
    assert not (run_dir / "addresses.json").exists()
