"""The page as a person sees it: live numbers, numbers that say they are old, a lost connection, and nothing else."""

from urllib.parse import urlsplit

import pytest

from services.contracts import events as e

pytestmark = pytest.mark.browser


class View:
    """One open tab, with all it asked for and all it complained about."""

    def __init__(self, browser, url, **context):
        self.context = browser.new_context(viewport={"width": 1440, "height": 900}, **context)
        self.page = self.context.new_page()
        self.requests = []
        self.complaints = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(url)
        self.until("#connection", "live")

    def until(self, selector, text, timeout_ms=20_000):
        self.page.wait_for_function(
            "([selector, text]) => document.querySelector(selector)?.textContent.includes(text)",
            arg=[selector, text],
            timeout=timeout_ms,
        )

    def text(self, selector):
        return self.page.locator(selector).first.inner_text()

    def is_stale(self, selector):
        return "stale" in (self.page.locator(selector).first.get_attribute("class") or "").split()


@pytest.fixture
def open_page(browser, world):
    views = []

    def opened(**context):
        views.append(View(browser, world.server.url, **context))
        return views[-1]

    yield opened
    for view in views:
        view.context.close()


def test_live_numbers_are_shown_with_unit_and_age(open_page, world):
    view = open_page()
    world.speak(2)
    bot = world.server.board.bots["bot1"]
    view.until("#figure-mid b", f"{bot.status.mid_price:,}")
    assert view.text("#figure-mid .unit") == "USDT"
    assert view.text("#figure-mid .age") in ("<1 s", "1 s")
    assert view.text("#figure-guard b") == "RUNNING"
    assert "quotes without asking whether it pays" in view.text("#figure-guard")
    assert view.page.locator("#edge-gate").is_visible()
    assert view.page.locator("#orders tbody tr").count() == len(bot.orders.open_orders())
    assert view.page.locator("#edge tbody tr").count() == 3
    assert view.text("#mode") == "SIM"


def test_a_number_whose_source_fell_silent_says_stale_and_is_greyed(open_page, world):
    view = open_page()
    world.speak(1)
    view.page.wait_for_function("() => !document.querySelector('#figure-guard').classList.contains('stale')")
    world.silence(14_000)
    view.until("#figure-guard .age", "stale 1")
    assert view.is_stale("#figure-guard")
    for figure in ("mid", "equity", "position", "open_orders", "modelled_edge", "realised_edge", "pnl"):
        view.until(f"#figure-{figure} .age", "stale")
        assert view.is_stale(f"#figure-{figure}"), figure
    assert "stale" in view.text("#price-age")
    assert view.is_stale("#price-card") and view.is_stale("#orders-card")
    assert "stale" in view.text("#services tbody tr")
    world.speak(1)
    view.page.wait_for_function("() => !document.querySelector('#figure-guard').classList.contains('stale')")
    assert not view.is_stale("#figure-guard")


def test_only_what_is_old_is_stale(open_page, world):
    view = open_page()
    world.silence(8_000)
    world.sync()
    world.server.say([world.desk.health("gateway"), world.desk.account("bot1")])
    view.until("#figure-guard .age", "stale")
    assert not view.is_stale("#figure-equity"), "the gateway's account is fresh and takes over"
    assert not view.is_stale("#figure-open_orders")


def test_a_lost_connection_is_said_at_once_and_everything_is_old(open_page, world):
    view = open_page()
    world.server.stop()
    view.until("#connection", "lost", timeout_ms=20_000)
    assert view.page.locator("#alarm").is_visible()
    assert "NOT LIVE" in view.text("#alarm")
    assert "lost" in view.page.locator("body").get_attribute("class")
    view.until("#figure-guard .age", "stale", timeout_ms=20_000)
    world.server.start()
    view.until("#connection", "live", timeout_ms=20_000)
    assert not view.page.locator("#alarm").is_visible()


def test_a_page_that_never_reached_the_desk_shows_no_number(browser, world):
    context = browser.new_context()
    page = context.new_page()
    page.route("**/api/stream", lambda route: route.abort())
    page.goto(world.server.url)
    page.wait_for_timeout(500)
    assert page.locator("#connection").inner_text() == "connecting"
    assert page.locator("#figures .figure").count() == 0
    context.close()


@pytest.mark.parametrize("hours", [-30, 30])
def test_ages_do_not_depend_on_the_browsers_clock(open_page, world, hours):
    view = open_page()
    view.context.close()
    context = {"viewport": {"width": 1440, "height": 900}}
    other = view.context.browser.new_context(**context)
    page = other.new_page()
    page.add_init_script(f"const real = Date.now.bind(Date); Date.now = () => real() + {hours} * 3600000;")
    page.goto(world.server.url)
    world.speak(1)
    page.wait_for_function("() => /^(<1|1) s$/.test(document.querySelector('#figure-guard .age')?.textContent)")
    world.silence(14_000)
    page.wait_for_function("() => document.querySelector('#figure-guard .age')?.textContent.startsWith('stale 1')")
    assert page.locator("#connection").inner_text() == "live"
    other.close()


def test_a_browser_whose_clock_jumps_ahead_after_a_sleep_shows_old_numbers_as_old(open_page, world):
    view = open_page()
    world.server.stop()
    view.page.evaluate("const real = Date.now.bind(Date); Date.now = () => real() + 600000;")
    view.until("#connection", "lost 10 m", timeout_ms=20_000)
    view.until("#figure-mid .age", "stale 10 m", timeout_ms=20_000)


def test_a_bus_out_of_reach_is_said(open_page, world):
    view = open_page()
    world.server.blind_ms = 12_000
    view.until("#alarm", "has not reached the bus for 12 s")
    assert view.page.locator("#alarm").is_visible()
    world.server.blind_ms = 0
    view.page.wait_for_function("() => document.querySelector('#alarm').hidden")


def test_no_request_leaves_this_machine_and_nothing_complains(open_page, world):
    view = open_page()
    world.speak(3)
    view.page.keyboard.press("t")
    view.page.keyboard.press("2")
    view.page.get_by_role("button", name="1 h").click()
    view.page.mouse.move(500, 300)
    view.page.wait_for_timeout(1_200)
    hosts = {urlsplit(url).netloc for url in view.requests}
    assert hosts == {f"127.0.0.1:{world.server.port}"}
    assert view.complaints == []


def test_quotes_and_fills_are_in_the_chart_also_after_a_reload(open_page, world):
    view = open_page()
    world.speak(2)
    view.page.reload()
    view.until("#connection", "live")
    view.page.wait_for_function("() => document.querySelectorAll('#price-chart canvas').length > 0")
    view.page.wait_for_timeout(600)
    drawn = view.page.evaluate("window.deskCharts.drawn()")
    fills = world.server.board.bots["bot1"].fills.gateway_count
    assert drawn["seconds"] >= 600
    assert drawn["markers"] == min(fills, 400)
    assert drawn["quotes"] == len(world.server.board.bots["bot1"].orders.open_orders())


def test_a_bot_is_chosen_by_picker_by_table_and_by_key(open_page, world):
    view = open_page()
    world.speak(1)
    view.page.select_option("#bot-picker", "bot2")
    view.until("#price-title", "ETH-USDT")
    view.page.get_by_role("button", name="bot1").click()
    view.until("#price-title", "BTC-USDT")
    view.page.keyboard.press("2")
    view.until("#price-title", "ETH-USDT")
    view.page.reload()
    view.until("#price-title", "ETH-USDT")


def test_everything_can_be_reached_by_the_tab_key(open_page, world):
    view = open_page()
    reached = set()
    for _ in range(14):
        view.page.keyboard.press("Tab")
        reached.add(view.page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert {"bot-picker", "theme", "5 min", "15 min", "1 h", "bot1", "bot2"} <= reached


def test_words_from_outside_are_never_markup(open_page, world):
    view = open_page()
    world.sync()
    evil = "<img src=x onerror=document.title='owned'>"
    world.server.say(
        [
            world.desk.status("bot1", guard="SOFT_PAUSE", reasons=[evil]),
            world.desk.order("bot1", "REFUSED", reason=evil, detail=evil),
            world.desk.make(e.LatchV1, "gateway", scope=evil, state="HALTED", reason=evil, actor=evil),
        ]
    )
    view.until("#incidents tbody", "<img src=x")
    assert view.page.locator("main img").count() == 0
    assert "owned" not in view.page.title()


def test_a_refusal_and_a_break_are_in_sight(open_page, world):
    view = open_page()
    world.sync()
    refused = world.desk.order("bot1", "REFUSED", reason="ORDER_VALUE_LIMIT", detail="value=2000, limit=1000")
    opened = world.desk.make(
        e.BreakV1,
        "gateway",
        break_id="b1",
        what="ghost_order",
        scope="bot:bot1",
        ours="terminal",
        theirs="live",
        severity="critical",
        owner="",
        opened_ts_ms=world.desk.now_ms,
        state="open",
    )
    world.server.say([refused, opened])
    view.until("#incidents tbody", "ORDER_VALUE_LIMIT")
    view.until("#incidents tbody", "GHOST_ORDER")
    view.until("#breaks", "1 open break")


def test_what_is_halted_stands_above_everything_with_the_way_back(open_page, world):
    view = open_page()
    assert not view.page.locator("#stopped").is_visible()
    world.sync()
    halted = world.desk.make(e.LatchV1, "gateway", scope="desk", state="HALTED", reason="MANUAL", actor="kill_switch")
    world.server.say([halted])
    view.until("#stopped", "HALTED desk by kill_switch: MANUAL; no order is placed")
    view.until("#stopped", "desk latch set --scope desk --state ACTIVE --reason MANUAL --actor <you> --yes")
    view.until("#figure-guard .aside", "the gateway has it HALTED")
    assert "bad" in view.page.locator("#figure-guard b").get_attribute("class"), "a guard that runs is not green then"
    assert "bad" in view.page.locator("#bots .badge").first.get_attribute("class")
    world.sync()
    world.server.say(
        [world.desk.make(e.LatchV1, "gateway", scope="desk", state="ACTIVE", reason="MANUAL", actor="anna")]
    )
    view.page.wait_for_function("() => document.querySelector('#stopped').hidden")
    view.page.wait_for_function("() => document.querySelector('#figure-guard b').className === 'good'")


@pytest.mark.parametrize("width", [400, 700, 1280, 1920])
def test_nothing_is_cut_or_runs_out_of_the_window_at_the_usual_widths(open_page, world, width):
    world.server.answer_of_the_venue(rule("freeze_feed", "freeze_public"), rule("", "adl"))
    view = open_page()
    view.page.set_viewport_size({"width": width, "height": 860})
    world.speak(1)
    view.until("#faults-on", "FAULT")
    view.page.wait_for_timeout(500)
    outside = view.page.evaluate(
        "() => [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)"
        ".filter((e) => !e.closest('.scroll')).map((e) => e.id || e.className || e.tagName)"
    )
    assert outside == []
    cut = view.page.evaluate(
        "() => [...document.querySelectorAll('.figure *, header *, .head > *')]"
        ".filter((e) => e.clientWidth && getComputedStyle(e).overflow !== 'visible')"
        ".filter((e) => e.scrollWidth > e.clientWidth + 1)"
        ".map((e) => e.id || e.textContent)"
    )
    assert cut == []
    assert view.page.locator("#orders tbody tr").first.is_visible()
    assert view.page.locator("#connection").is_visible()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_one_screen_is_enough(open_page, world, scheme):
    view = open_page(color_scheme=scheme)
    world.speak(1)
    view.page.wait_for_timeout(300)
    size = view.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert size == [1440, 900]
    assert view.page.locator("footer .notice").is_visible()


# ------------------------------------------------------------------------------------------- faults, and a killed bot


def rule(switch, fault, left_ms=12_000):
    return {"fault": fault, "switch": switch, "armed": True, "left_ms": left_ms}


@pytest.mark.parametrize(
    ("label", "asked"),
    [
        ("Freeze feed", ("freeze_feed", True, 20_000)),
        ("Lose ack", ("lose_ack", True, 20_000)),
        ("429 storm", ("429_storm", True, 20_000)),
        ("Kill bot1", ("kill_bot", "bot1")),
    ],
)
def test_a_switch_acts_only_when_it_is_asked_for_twice(open_page, world, label, asked):
    world.server.answer_of_the_venue()
    view = open_page()
    world.speak(1)
    view.page.get_by_role("button", name="Faults").click()
    view.page.get_by_role("button", name=label, exact=True).click()
    view.until("#fault-question", label)
    assert world.server.hand.asked == [], "nothing happens on the first press"
    view.page.get_by_role("button", name="No", exact=True).click()
    assert not view.page.locator("#fault-confirm").is_visible()
    view.page.get_by_role("button", name=label, exact=True).click()
    view.page.get_by_role("button", name=f"{label}, now").click()
    view.page.wait_for_function("() => !['', '…'].includes(document.querySelector('#fault-said').textContent)")
    assert world.server.hand.asked == [asked]
    assert view.complaints == []


def test_what_is_broken_is_in_sight_on_the_page_and_can_be_ended(open_page, world):
    world.server.answer_of_the_venue(rule("freeze_feed", "freeze_public"), rule("", "adl"))
    view = open_page()
    view.until("#faults-on", "FAULT freeze feed, adl")
    view.page.locator("#faults-on").click()
    view.until("#fault-list", "on, 12 s left")
    view.until("#faults-others", "adl")
    view.page.locator("#end-freeze_feed").click()
    view.until("#fault-said", "freeze_feed ended")
    assert world.server.hand.asked == [("freeze_feed", False, None)]
    world.server.answer_of_the_venue()
    view.page.wait_for_function("() => document.querySelector('#faults-on').hidden")


def test_nothing_can_be_broken_on_a_desk_that_is_not_simulated(open_page, world):
    world.server.answer_of_the_venue(mode="live")
    view = open_page()
    view.page.get_by_role("button", name="Faults").click()
    view.until("#faults-why", "only a simulated exchange")
    assert view.page.locator("#fault-list tbody button:visible:enabled").count() == 0


def test_a_page_that_outlived_its_server_gets_the_new_token_with_the_next_frame(open_page, world):
    view = open_page()
    world.server.stop()
    view.until("#connection", "lost")
    world.server.start()
    view.until("#connection", "live")
    world.server.answer_of_the_venue()
    world.speak(1)
    view.page.get_by_role("button", name="Faults").click()
    view.page.get_by_role("button", name="Freeze feed", exact=True).click()
    view.page.get_by_role("button", name="Freeze feed, now").click()
    view.until("#fault-said", "freeze_feed set")
