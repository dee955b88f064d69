import json
from types import SimpleNamespace

import pyotp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.common.clock import SystemClock
from services.common.hash_chain import verify
from services.contracts import events as e
from services.gateway.admin import AdminApi
from services.gateway.audit import AuditLog
from services.gateway.latch_file import LatchFile
from services.gateway.loosening import DELAY_MS
from services.gateway.messages import LatchEntry, Override
from services.gateway.second_factor import SecondFactor, new_secret
from services.gateway.stage_times import StageTimes
from tests.fakes.gateway_desk import Desk

TOKEN = "a-token"


class Engine:
    """The state of a real gateway, and a memory of what the admin calls made of it."""

    def __init__(self, latch_file: LatchFile) -> None:
        self.gateway = SimpleNamespace(state=Desk().start().gateway.state)
        self.stages = StageTimes()
        self.fed: list[object] = []
        self.published: list[tuple[type, dict]] = []
        self._latch_file = latch_file

    def feed(self, message: object) -> None:
        self.fed.append(message)

    def publish(self, kind: type, bot_id: str, **fields: object) -> None:
        self.published.append((kind, fields))

    def set_latch(self, scope: str, entry: LatchEntry) -> bool:
        return self._latch_file.set(scope, entry)


@pytest.fixture
def persons_to_loosen() -> int:
    return 1


@pytest.fixture
async def admin(tmp_path, persons_to_loosen):
    latch_file = LatchFile(tmp_path / "latch.json")
    latch_file.create_if_first(is_first_start=True)
    second_factor = SecondFactor(tmp_path / "second_factor", SystemClock())
    audit = AuditLog(tmp_path / "audit.jsonl", SystemClock())
    api = AdminApi(TOKEN, latch_file, audit, second_factor, persons_to_loosen)
    api.engine = Engine(latch_file)  # type: ignore[assignment]
    app = web.Application()
    api.add_to(app)
    async with TestClient(TestServer(app), headers={"X-Hbot-Admin": TOKEN}) as client:

        async def post(path: str, **body: object) -> tuple[int, dict]:
            async with client.post(path, data=json.dumps(body)) as answer:
                return answer.status, await answer.json()

        yield SimpleNamespace(client=client, post=post, api=api, latch=latch_file, path=tmp_path)


async def test_without_the_token_nothing_is_shown_and_nothing_done(admin):
    for method, path in (("GET", "/desk/status"), ("GET", "/desk/orders"), ("POST", "/desk/latch")):
        async with admin.client.request(method, path, headers={"X-Hbot-Admin": "wrong"}) as answer:
            assert answer.status == 403
            assert "AUTH_FAILED" in (await answer.json())["text"]


async def test_a_halt_is_on_disk_and_in_the_audit_chain(admin):
    status, said = await admin.post("/desk/latch", scope="bot:bot1", state="HALTED", reason="MANUAL", actor="anna")
    assert (status, said["before"], said["state"]) == (200, "ACTIVE", "HALTED")
    assert admin.latch.read()["bot:bot1"].actor == "anna"
    assert verify(admin.path / "audit.jsonl").is_ok
    (audit,) = [fields for kind, fields in admin.api.engine.published if kind is e.AuditV1]
    assert (audit["action"], audit["before"], audit["after"]) == ("latch", "ACTIVE", "HALTED")


@pytest.mark.parametrize("machine", ["gateway", "kill_switch", "portfolio_risk"])
async def test_no_machine_loosens_and_every_machine_may_tighten(admin, machine):
    status, _ = await admin.post("/desk/latch", scope="desk", state="HALTED", reason="MANUAL", actor=machine)
    assert status == 200
    status, said = await admin.post("/desk/latch", scope="desk", state="REDUCING", reason="MANUAL", actor=machine)
    assert (status, said["error"]) == (403, "APPROVAL_MISSING")
    loosen = {"scope": "desk", "state": "ACTIVE", "reason": "MANUAL"}
    status, _ = await admin.post("/desk/latch", **loosen, actor=machine, approvers=["anna"])
    assert status == 403, "nobody's name in the list makes it a person's act"
    status, _ = await admin.post("/desk/latch", scope="desk", state="ACTIVE", reason="MANUAL", actor="anna")
    assert status == 200


@pytest.mark.parametrize("persons_to_loosen", [2])
async def test_in_live_it_takes_two_persons_to_loosen_and_one_to_tighten(admin):
    halt = {"scope": "bot:bot1", "state": "HALTED", "reason": "MANUAL"}
    loosen = {"scope": "bot:bot1", "state": "ACTIVE", "reason": "looked at"}
    status, _ = await admin.post("/desk/latch", **halt, actor="anna")
    assert status == 200
    for approvers in ([], ["anna"], [" Anna "], ["kill_switch"], ["Kill_Switch"], [""]):
        status, said = await admin.post("/desk/latch", **loosen, actor="anna", approvers=approvers)
        assert (status, said["error"]) == (403, "APPROVAL_MISSING"), approvers
        assert "2 different persons" in said["text"]
    assert admin.latch.read()["bot:bot1"].state == "HALTED"
    status, _ = await admin.post("/desk/latch", **loosen, actor="anna", approvers=["ben"])
    assert status == 200
    assert admin.latch.read()["bot:bot1"].state == "ACTIVE"
    audit = [fields for kind, fields in admin.api.engine.published if kind is e.AuditV1][-1]
    assert audit["approvers"] == ["anna", "ben"]
    assert verify(admin.path / "audit.jsonl").is_ok


@pytest.fixture
def alone(admin):
    """A desk of one, in live, halted: (post a loosening with this code, a fresh code, let time pass)."""
    secret = new_secret()
    (admin.path / "second_factor").write_text(secret)
    state = admin.api.engine.gateway.state

    async def loosen(code, **changes):
        body = {"scope": "bot:bot1", "state": "ACTIVE", "reason": "looked at", "actor": "anna", "second_factor": code}
        return await admin.post("/desk/latch", **body | changes)

    def let_pass(ms):
        state.core.now = state.core.now._replace(mono_ms=state.core.now.mono_ms + ms)
        admin.api.carry_out_announced()

    return SimpleNamespace(loosen=loosen, code=pyotp.TOTP(secret).now, let_pass=let_pass)


def latch_of(admin, scope="bot:bot1"):
    return admin.latch.read()[scope].state


HALT = {"scope": "bot:bot1", "state": "HALTED", "reason": "MANUAL", "actor": "anna"}


@pytest.mark.parametrize("persons_to_loosen", [2])
async def test_who_is_alone_loosens_with_a_code_and_ten_minutes_later(admin, alone):
    await admin.post("/desk/latch", **HALT)
    status, said = await alone.loosen(alone.code())
    assert (status, said["state"], said["to"], said["due_in_s"]) == (202, "HALTED", "ACTIVE", DELAY_MS // 1000)
    async with admin.client.get("/desk/latch") as answer:
        assert [one["scope"] for one in (await answer.json())["announced"]] == ["bot:bot1"]
    alone.let_pass(DELAY_MS - 1)
    assert latch_of(admin) == "HALTED"
    alone.let_pass(1)
    assert latch_of(admin) == "ACTIVE"
    audit = [fields for kind, fields in admin.api.engine.published if kind is e.AuditV1]
    assert [one["action"] for one in audit] == ["latch", "latch_announced", "latch"]
    assert audit[-1]["approvers"] == ["anna", "second factor"]
    assert verify(admin.path / "audit.jsonl").is_ok


@pytest.mark.parametrize("persons_to_loosen", [2])
async def test_what_tightens_meanwhile_ends_an_announced_loosening(admin, alone):
    await admin.post("/desk/latch", **HALT)
    assert (await alone.loosen(alone.code()))[0] == 202
    await admin.post("/desk/latch", **HALT | {"actor": "ben", "reason": "who was that"})
    alone.let_pass(DELAY_MS)
    assert latch_of(admin) == "HALTED"


@pytest.mark.parametrize("persons_to_loosen", [2])
async def test_a_latch_that_breaks_meanwhile_ends_it_too(admin, alone):
    await admin.post("/desk/latch", **HALT)
    assert (await alone.loosen(alone.code()))[0] == 202
    admin.latch.path.write_text("{")
    alone.let_pass(DELAY_MS)
    assert admin.latch.read() is None, "nothing was written over it"


@pytest.mark.parametrize("persons_to_loosen", [2])
async def test_neither_a_wrong_code_nor_a_machine_with_the_right_one_announces_anything(admin, alone):
    await admin.post("/desk/latch", **HALT)
    for code, changes in (("000000", {}), (alone.code(), {"actor": "kill_switch"}), (alone.code(), {"actor": "  "})):
        status, said = await alone.loosen(code, **changes)
        assert (status, said["error"]) == (403, "APPROVAL_MISSING"), changes
    alone.let_pass(DELAY_MS)
    assert latch_of(admin) == "HALTED"


@pytest.mark.parametrize("persons_to_loosen", [2])
async def test_two_persons_need_no_code_and_wait_for_nothing(admin, alone):
    await admin.post("/desk/latch", **HALT)
    status, _ = await alone.loosen("", approvers=["ben"])
    assert (status, latch_of(admin)) == (200, "ACTIVE")


async def test_on_a_full_disk_a_halt_holds_and_is_said_to_be_unwritten_and_a_loosening_does_not_hold(
    admin, monkeypatch
):
    def no_room(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(admin.latch, "write", no_room)
    monkeypatch.setattr(admin.api._audit._chain, "append", no_room)
    status, said = await admin.post("/desk/latch", **HALT)
    assert (status, said["state"], said["on_disk"]) == (200, "HALTED", False)
    status, said = await admin.post("/desk/latch", **HALT | {"state": "ACTIVE"})
    assert (status, said["error"]) == (507, "NOT_WRITTEN")
    assert "nothing was changed" in said["text"]
    assert latch_of(admin) == "HALTED"


async def test_no_machine_loosens_a_latch_that_cannot_be_read(admin):
    admin.latch.path.write_text("{")
    status, said = await admin.post("/desk/latch", scope="desk", state="ACTIVE", reason="x", actor="kill_switch")
    assert (status, said["error"]) == (403, "APPROVAL_MISSING")
    status, said = await admin.post("/desk/latch", scope="desk", state="ACTIVE", reason="restored", actor="anna")
    assert (status, said["before"]) == (200, "HALTED")


@pytest.mark.parametrize(
    "body",
    [
        {"scope": "desk", "state": "STOPPED", "reason": "x", "actor": "anna"},
        {"scope": "desk", "state": "HALTED", "reason": "", "actor": "anna"},
        {"scope": "desk", "state": "HALTED", "reason": "x"},
    ],
)
async def test_a_latch_that_is_not_one_is_refused_with_what_is_allowed(admin, body):
    status, said = await admin.post("/desk/latch", **body)
    assert status == 400
    assert said["next"]
    assert admin.latch.read() == {}


@pytest.mark.parametrize("scope", ["bot:nobody", "account:nobody", "venue:binance", "planet", "bot:", "bot1", ""])
async def test_a_scope_that_nobody_has_is_not_latched_and_those_there_are_are_named(admin, scope):
    status, said = await admin.post("/desk/latch", scope=scope, state="HALTED", reason="MANUAL", actor="anna")
    assert (status, said["error"]) == (404, "UNKNOWN_SCOPE")
    assert said["text"] == f"UNKNOWN_SCOPE: scope={scope}, allowed: desk, venue:bitget, bot:bot1, account:bot1"
    assert "desk status" in said["next"]
    assert (admin.latch.read(), admin.api.engine.published) == ({}, [])


async def test_the_latch_of_a_bot_that_is_gone_can_still_be_loosened(admin):
    admin.latch.write({"bot:bot7": LatchEntry("HALTED", "KILL", "anna", 1)})
    status, said = await admin.post("/desk/latch", scope="bot:bot7", state="ACTIVE", reason="looked", actor="anna")
    assert (status, said["state"]) == (200, "ACTIVE")


OVERRIDE = {"bot": "bot1", "limit": "order_value_quote_max", "reason": "hedge", "ttl_s": 30}


async def test_an_override_of_two_persons_reaches_the_gateway_and_the_audit_chain(admin):
    status, said = await admin.post("/desk/override", **OVERRIDE, approvers=["ben", "anna"])
    assert status == 200
    (override,) = admin.api.engine.fed
    assert isinstance(override, Override)
    assert (override.approvers, override.expires_at_ms) == (("anna", "ben"), said["expires_at_ms"])
    assert "order_value_quote_max" in (admin.path / "audit.jsonl").read_text()


@pytest.mark.parametrize(
    "approvers",
    [[], ["anna"], ["anna", "anna"], ["anna", " anna "], ["anna", "Anna"], ["anna", ""], ["anna", "kill_switch"]],
)
async def test_one_person_is_not_two(admin, approvers):
    status, said = await admin.post("/desk/override", **OVERRIDE, approvers=approvers)
    assert (status, said["error"]) == (403, "APPROVAL_MISSING")
    assert admin.api.engine.fed == []


@pytest.mark.parametrize(
    "change",
    [{"limit": "everything"}, {"limit": "suspense_quote_max"}, {"ttl_s": 0}, {"ttl_s": 3_600}],
)
async def test_an_override_is_for_one_known_limit_of_one_bot_and_short(admin, change):
    status, _ = await admin.post("/desk/override", **{**OVERRIDE, **change}, approvers=["anna", "ben"])
    assert status == 400


async def test_an_override_for_nobody_is_refused_with_the_bots_there_are(admin):
    status, said = await admin.post("/desk/override", **{**OVERRIDE, "bot": "nobody"}, approvers=["anna", "ben"])
    assert (status, said["text"]) == (404, "UNKNOWN_SCOPE: bot=nobody, allowed: bot1")
    assert "desk status" in said["next"]
    assert admin.api.engine.fed == []


async def test_status_names_doors_latches_accounts_and_counters(admin):
    async with admin.client.get("/desk/status") as answer:
        status = await answer.json()
    assert status["door"]["bot1"]["open"] is True
    assert status["bots"]["bot1"]["equity_quote"] == "100000"
    assert set(status) >= {"state", "door", "latch", "market", "bots", "counters", "open_orders", "stages"}
