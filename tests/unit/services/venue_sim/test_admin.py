"""What a person asks of the venue itself: only with the token, and with errors that say what to do."""

import aiohttp
import pytest

from services.common import venue
from tests.unit.services.venue_sim.venue import ADMIN_TOKEN, BOT1, MARKET_BUY, Venue, resting, running


async def ask(v: Venue, path: str, body: object = None, token: str = ADMIN_TOKEN) -> tuple[int, object]:
    headers = {"X-Hbot-Admin": token}
    method = "GET" if body is None else "POST"
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, v.url + path, json=body, headers=headers) as answer,
    ):
        return answer.status, await answer.json(content_type=None)


@pytest.mark.parametrize("token", ["", "wrong"])
@pytest.mark.parametrize(("path", "body"), [("/sim/status", None), ("/sim/faults", {"rules": []})])
async def test_without_the_token_nothing_is_told_or_done(path, body, token):
    async with running() as v:
        status, answer = await ask(v, path, body, token)
        assert (status, answer["code"]) == (403, "AUTH_FAILED")


async def test_the_status_tells_orders_positions_and_money_by_account():
    async with running() as v:
        await v.upstream.ask(resting(), BOT1)
        await v.upstream.ask(MARKET_BUY, BOT1)
        _, status = await ask(v, "/sim/status")
        assert (status["open_orders"], status["market"], status["pairs"]) == (1, "calm", ["BTC-USDT"])
        mine = status["accounts"]["bot1"]
        assert (mine["open_orders"], mine["positions"][0]["qty_base"]) == (1, "0.0100")
        assert status["accounts"]["bot2"]["equity_quote"] == "100000.00000000"


async def test_orders_are_listed_and_cancelled_by_hand():
    async with running() as v:
        first = await v.upstream.ask(resting("a"), BOT1)
        await v.upstream.ask(resting("b"), BOT1)
        _, orders = await ask(v, "/sim/orders")
        assert [(o["account_id"], o["client_order_id"]) for o in orders] == [("bot1", "a"), ("bot1", "b")]
        one = {"account_id": "bot1", "venue_order_id": first.venue_order_id}
        assert (await ask(v, "/sim/orders/cancel", one))[1]["done"] == [["a", first.venue_order_id]]
        assert len((await ask(v, "/sim/orders/cancel", {"account_id": "bot1"}))[1]["done"]) == 1
        assert v.backend.exchange.open_orders() == ()


async def test_an_unknown_account_is_said_so():
    async with running() as v:
        status, answer = await ask(v, "/sim/orders/cancel", {"account_id": "nobody"})
        assert (status, answer["code"]) == (404, "UNKNOWN_ACCOUNT")


async def test_money_comes_and_goes_from_outside_and_is_booked():
    async with running() as v:
        _, account = await ask(v, "/sim/transfer", {"account_id": "bot1", "amount_quote": "-250.5"})
        assert account["wallet_quote"] == "99749.50000000"
        (bill,) = await v.upstream.ask(venue.GetBills(kind="transfer"), BOT1)
        assert str(bill.amount_quote) == "-250.50000000"


@pytest.mark.parametrize("amount", ["much", None])
async def test_an_amount_that_is_none_is_refused(amount):
    async with running() as v:
        status, answer = await ask(v, "/sim/transfer", {"account_id": "bot1", "amount_quote": amount})
        assert (status, answer["code"]) == (400, "PARAMETER_INVALID")


async def test_faults_are_set_by_rule_or_by_name_and_taken_back():
    async with running() as v:
        _, plan = await ask(v, "/sim/faults", {"rules": [{"fault": "drop_reply", "count_max": 1}]})
        assert [rule["fault"] for rule in plan["rules"]] == ["drop_reply"]
        _, plan = await ask(v, "/sim/faults", {"preset": "freeze_feed", "for_ms": 500})
        assert [(rule["fault"], rule["for_ms"]) for rule in plan["rules"]] == [("freeze_public", 500)]
        await ask(v, "/sim/faults", {"rules": []})
        assert (await ask(v, "/sim/faults"))[1]["rules"] == []


@pytest.mark.parametrize(
    "body", [{"preset": "rain"}, {"rules": [{"fault": "rain"}]}, {"rules": [{"fault": "drop_reply", "acount": "x"}]}]
)
async def test_a_fault_nobody_knows_is_refused_and_the_plan_stays(body):
    async with running() as v:
        await ask(v, "/sim/faults", {"preset": "slow"})
        status, answer = await ask(v, "/sim/faults", body)
        assert (status, answer["code"]) == (400, "PARAMETER_INVALID")
        assert len((await ask(v, "/sim/faults"))[1]["rules"]) == 1


async def test_a_body_that_is_no_object_is_refused():
    async with running() as v:
        status, answer = await ask(v, "/sim/faults", [1])
        assert (status, answer["code"]) == (400, "BAD_REQUEST")


async def test_before_the_venue_is_open_it_says_so():
    async with running() as v:
        v.backend.is_open = False
        assert (await ask(v, "/sim/status"))[0] == 503


async def test_a_switch_is_set_beside_the_others_and_taken_back_alone():
    async with running() as v:
        await ask(v, "/sim/faults", {"preset": "slow"})
        _, plan = await ask(v, "/sim/faults", {"preset": "halt", "add": True})
        assert [rule["switch"] for rule in plan["rules"]] == ["slow", "halt"]
        v.backend.advance()
        refused = await v.upstream.ask(resting(), BOT1)
        assert refused.code == "SYMBOL_HALTED"
        _, plan = await ask(v, "/sim/faults", {"end": "halt"})
        assert [rule["switch"] for rule in plan["rules"]] == ["slow"]
        assert isinstance(await v.upstream.ask(resting(), BOT1), venue.Placed)
