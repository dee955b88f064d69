"""The kill switch: latch the gateway, cancel everything in scope at the venue, prove zero, keep it so.

It trusts nobody: it has its own keys and its own way to the venue, it works while the bus, the gateway and the event
store are down, and a kill that was begun is finished by its next life.
"""

import asyncio
import contextlib
import hmac
import json
from typing import Any

from aiohttp import web

from services.common import venue
from services.common.errors import EventRefused
from services.common.files import read_state, write_json, write_state
from services.common.ports import Clock
from services.common.secrets import KILL_SUFFIX, ensure_secrets
from services.common.service import Service, ServiceContext
from services.common.settings import config_hash
from services.contracts import reasons, streams
from services.contracts.events import AnyEvent, CommandV1, IntentV1, LatchV1
from services.kill_switch import logic
from services.kill_switch.audit import Audit
from services.kill_switch.hand import AccountResult, Ask, Pace, bring_to_flat, bring_to_zero, open_orders
from services.kill_switch.latch import ACTOR, HEADER, GatewayLatch
from services.kill_switch.logic import Kill, KillRequest
from services.kill_switch.metrics import KillSwitchMetrics
from services.kill_switch.settings import KillSwitchSettings
from services.kill_switch.venue_path import VenuePath

KILL_ACTIONS = ("kill", "kill_switch")
LATCH_AGAIN_MS = 1_000
ACTIONS_LISTED_MAX = 500


class KillSwitch(Service):
    name = "kill_switch"
    streams = (streams.INTENT, streams.COMMAND, streams.LATCH)
    tick_ms = 500

    def __init__(self, context: ServiceContext, settings: KillSwitchSettings, *, ask: Ask | None = None) -> None:
        super().__init__(context)
        self._settings = settings
        secrets = ensure_secrets(context.run_dir, settings.bots)
        self._token = secrets.admin_token
        self._metrics = KillSwitchMetrics(context.metrics)
        self._directory = context.run_dir / "kill_switch"
        self._directory.mkdir(parents=True, exist_ok=True)
        self._venue = None if ask else VenuePath(settings, _kill_keys(secrets.venue_accounts, settings), context.clock)
        self._ask = ask or self._ask_venue
        self._latch = GatewayLatch(settings.gateway_url, self._token, context.run_dir)
        self._kills: dict[str, Kill] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._latched: set[str] = set()
        self._actions: dict[str, list[dict[str, Any]]] = {}
        self._next_watch_ms = 0
        self._audit: Audit | None = None
        self._is_saved = True

    # ------------------------------------------------------------------------------------------------------ lifecycle

    async def on_start(self) -> None:
        context = self.context
        self._audit = Audit(
            self._directory / "audit.jsonl",
            clock=context.clock,
            source=context.source,
            config_hash=config_hash(self._settings),
            publish=context.bus.publish_nowait,
        )
        if self._venue is not None:
            await self._venue.start()
        with contextlib.suppress(FileNotFoundError):
            self._kills = logic.from_plain(read_state(self._directory / "state.json"))
        for kill in self._kills.values():
            if kill.phase == "KILLING":
                self._begin(kill)
        # A person may have re-armed a scope while nobody was here: what the bus has to say comes before the first look.
        self._next_watch_ms = context.clock.monotonic_ms() + self._settings.watch_every_ms
        self._show()

    async def on_event(self, event: AnyEvent) -> None:
        if isinstance(event, IntentV1) and event.action == "kill_switch":
            scope = logic.scope_of_bot(event.bot_id)
            self.request(KillRequest(scope, event.reason, event.actor, event.event_id, event.expires_at_ms))
        elif isinstance(event, CommandV1) and event.action in KILL_ACTIONS:
            reason = event.arguments.get("reason", "MANUAL")
            self.request(KillRequest(event.scope, reason, event.actor, event.event_id, event.expires_at_ms))
        elif isinstance(event, LatchV1) and logic.is_release(self._kills, event.scope, event.state, event.actor):
            self._release(KillRequest(event.scope, event.reason, event.actor, event.event_id), event.state)

    async def on_tick(self, now_ms: int) -> None:
        for scope, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[scope]
                task.result()  # a fault of ours ends the process; the next life goes on with the kill
        if not self._is_saved:
            self._save(self._kills)
        if self.context.clock.monotonic_ms() >= self._next_watch_ms:
            self._next_watch_ms = self.context.clock.monotonic_ms() + self._settings.watch_every_ms
            await self._watch()
        self._show()

    async def on_stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if self._venue is not None:
            await self._venue.close()
        if self._audit is not None:
            self._audit.close()

    def counters(self) -> dict[str, int]:
        killing = sum(1 for kill in self._kills.values() if kill.phase == "KILLING")
        return {"killed_scopes": len(self._kills), "killing": killing}

    def web_app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/kill", self._post_kill)
        app.router.add_get("/kill", self._get_kill)
        return app

    # ----------------------------------------------------------------------------------------------------- the request

    def request(self, request: KillRequest) -> logic.Verdict:
        """On disk before it is acknowledged, where the disk has room; what follows is begun at once in any case."""
        if not self._accounts(request.scope):
            known = ", ".join(("desk", f"venue:{self._settings.venue_name}", *self._settings.bots))
            raise EventRefused("UNKNOWN_SCOPE", f"scope={request.scope}, known: {known}")
        now_ms = self.context.clock.now_ms()
        verdict = logic.judge(self._kills, request, now_ms)
        if verdict == "start":
            self._write_audit("KILL_REQUESTED", request.scope, request, before="", after="KILLING")
            self._save(logic.started(self._kills, request, now_ms))
            self._metrics.triggered_total.inc()
            self._metrics.trips.labels(request.reason if reasons.is_registered(request.reason) else "other").inc()
            self._begin(self._kills[request.scope])
        elif verdict == "repeat":
            phase = self._kills[request.scope].phase
            self._write_audit("KILL_REPEATED", request.scope, request, before=phase, after=phase)
        else:
            self._write_audit("KILL_EXPIRED", request.scope, request, before="", after="")
        self._show()
        return verdict

    def _begin(self, kill: Kill) -> None:
        self._actions[kill.scope] = []
        self._tasks[kill.scope] = asyncio.create_task(self._kill(kill), name=f"kill-{kill.scope}")

    async def _kill(self, kill: Kill) -> None:
        """Latch and cancel at the same time: neither waits for the other, zero counts only once both hold."""
        latching = asyncio.create_task(self._hold_latch(kill))
        try:
            accounts = self._accounts(kill.scope)
            results = list(await asyncio.gather(*(self._zero(kill, account) for account in accounts)))
            zero_ms = self.context.clock.now_ms()
            if self._settings.flatten and not self._settings.dry_run:
                results = list(await asyncio.gather(*(self._flatten(kill, result) for result in results)))
        finally:
            latching.cancel()  # done long ago, unless we are being cancelled ourselves
            await asyncio.gather(latching, return_exceptions=True)
        self._write_report(kill, results, zero_ms)
        if self._settings.dry_run:
            after = f"DRY_RUN, would cancel {sum(len(result.would_cancel) for result in results)}"
            self._write_audit("KILL_DONE", kill.scope, kill, before="KILLING", after=after)
            self._save(logic.released(self._kills, kill.scope))  # nothing was killed
            return
        self._metrics.to_zero_seconds.observe((zero_ms - kill.asked_ts_ms) / 1000)
        after = f"ZERO, cancelled={sum(result.cancelled for result in results)}{self._not_flat(results)}"
        self._write_audit("KILL_DONE", kill.scope, kill, before="KILLING", after=after)
        self._save(logic.proved_zero(self._kills, kill.scope, zero_ms))

    async def _zero(self, kill: Kill, account: str) -> AccountResult:
        settings = self._settings
        return await bring_to_zero(
            self._ask,
            account,
            clock=self.context.clock,
            pace=Pace(settings.round_ms, settings.round_ms_max),
            latched=lambda: settings.dry_run or kill.scope in self._latched,
            note=lambda *step: self._note(kill, *step),
            dry_run=settings.dry_run,
        )

    async def _flatten(self, kill: Kill, result: AccountResult) -> AccountResult:
        settings = self._settings
        left = await bring_to_flat(
            self._ask,
            result.account,
            clock=self.context.clock,
            pace=Pace(settings.round_ms, settings.round_ms_max),
            within_ms=settings.flatten_within_s * 1000,
            note=lambda *step: self._note(kill, *step),
        )
        return result._replace(positions=left)

    def _not_flat(self, results: list[AccountResult]) -> str:
        """What a person has to close by hand, when closing was asked for."""
        left = []
        for result in results if self._settings.flatten else ():
            if result.positions is None:
                left.append(f"{result.account} unread")
            else:
                left += [f"{result.account} {symbol} {qty}" for symbol, qty in result.positions.items()]
        return f", not flat: {'; '.join(left)}" if left else ""

    async def _hold_latch(self, kill: Kill) -> None:
        clock: Clock = self.context.clock
        while not self._settings.dry_run:
            way, said = await self._latch.halt(kill.scope, kill.reason, clock.now_ms())
            self._note(kill, "LATCH", kill.scope, f"{way or 'no way'}: {said}")
            if way:
                self._latched.add(kill.scope)
                if way == "file":
                    bot_id = kill.scope.partition(":")[2] if kill.scope.startswith("bot:") else "desk"
                    fields = {"scope": kill.scope, "state": "HALTED", "reason": kill.reason, "actor": ACTOR}
                    self.context.bus.publish_nowait(
                        self.context.source.make(LatchV1, bot_id=bot_id, cause_id=kill.cause_id or None, **fields)
                    )
                return
            await clock.sleep_until(clock.monotonic_ms() + LATCH_AGAIN_MS)

    async def _watch(self) -> None:
        """Zero until re-armed: whatever appears in a killed scope is cancelled, and said."""
        if self._settings.dry_run:
            return
        for kill in list(self._kills.values()):
            if kill.phase != "ZERO" or kill.scope in self._tasks:
                continue
            for account in self._accounts(kill.scope):
                resting = await open_orders(self._ask, account)
                if resting and not await self._is_rearmed(kill):
                    before = f"ZERO, then {', '.join(resting)}"
                    self._write_audit("ORDERS_AFTER_KILL", kill.scope, kill, before=before, after="KILLING")
                    self._save(logic.reopened(self._kills, kill.scope))
                    self._latched.discard(kill.scope)
                    self._begin(self._kills[kill.scope])
                    break

    async def _is_rearmed(self, kill: Kill) -> bool:
        """Ask the gateway itself: the word that a person has loosened the latch may not have reached us."""
        entry = await self._latch.entry(kill.scope)
        if entry is None or not logic.is_release(self._kills, kill.scope, entry["state"], entry["actor"]):
            return False
        self._release(KillRequest(kill.scope, entry["reason"], entry["actor"], ""), entry["state"])
        return True

    def _release(self, request: KillRequest, latch_state: str) -> None:
        kill = self._kills[request.scope]
        task = self._tasks.pop(request.scope, None)
        if task is not None:
            task.cancel()
        self._write_audit("KILL_RELEASED", request.scope, request, before=kill.phase, after=latch_state)
        self._latched.discard(request.scope)
        self._save(logic.released(self._kills, request.scope))

    # -------------------------------------------------------------------------------------------------------- private

    async def _ask_venue(self, request: venue.Request, account: str) -> venue.Answer | venue.Unknown:
        assert self._venue is not None
        answer = await self._venue.ask(request, account)
        if isinstance(answer, venue.Refused | venue.Unknown):
            self._metrics.requests_failed.inc()
        return answer

    def _accounts(self, scope: str) -> tuple[str, ...]:
        return logic.accounts_in(scope, self._settings.bots, self._settings.venue_name)

    def _save(self, kills: dict[str, Kill]) -> None:
        """What cannot be written holds in this life, and is written as soon as it can."""
        self._kills = kills
        try:
            write_state(self._directory / "state.json", logic.to_plain(kills))
            self._is_saved = True
        except OSError as error:
            self.log.critical("kill.state_unwritten", scopes=sorted(kills), error=str(error))
            self._is_saved = False

    def _note(self, kill: Kill, action: str, account: str, what: str) -> None:
        self.log.info("kill.step", scope=kill.scope, action=action, account=account, what=what)
        listed = self._actions.setdefault(kill.scope, [])
        if len(listed) < ACTIONS_LISTED_MAX:
            ts_ms = self.context.clock.now_ms()
            listed.append({"ts_ms": ts_ms, "action": action, "account": account, "what": what})

    def _write_audit(self, action: str, scope: str, asked: KillRequest | Kill, *, before: str, after: str) -> None:
        assert self._audit is not None
        self.log.warning("kill.audit", action=action, scope=scope, actor=asked.actor, reason=asked.reason, after=after)
        try:
            self._audit.write(
                action,
                scope,
                actor=asked.actor,
                reason=asked.reason,
                before=before,
                after=after,
                cause_id=asked.cause_id or None,
            )
        except OSError as error:  # a disk without room does not keep a kill from killing
            self.log.critical("kill.audit_unwritten", action=action, scope=scope, error=str(error))

    def _write_report(self, kill: Kill, results: list[AccountResult], zero_ms: int) -> None:
        report = {
            "status": "DRY_RUN" if self._settings.dry_run else "ZERO",
            "kill": kill._asdict(),
            "zero_ts_ms": zero_ms,
            "to_zero_ms": zero_ms - kill.asked_ts_ms,
            "latched": kill.scope in self._latched,
            "accounts": [result._asdict() for result in results],
            "actions": self._actions.get(kill.scope, []),
            "open_orders": sum(len(result.would_cancel) for result in results),
        }
        try:
            write_json(self.context.run_dir / "reports" / "kill_switch" / "latest.json", report)
        except OSError as error:
            self.log.critical("kill.report_unwritten", scope=kill.scope, error=str(error))

    def _show(self) -> None:
        self._metrics.triggered.set(1 if self._kills else 0)
        killing = sorted(scope for scope, kill in self._kills.items() if kill.phase == "KILLING")
        if killing and self.context.health.state != "starting":
            self.context.health.degraded(f"killing {', '.join(killing)}")
        elif self.context.health.state == "degraded":
            self.context.health.ready(f"killed: {', '.join(sorted(self._kills))}" if self._kills else "")

    async def _post_kill(self, request: web.Request) -> web.Response:
        """The way that needs no bus: {"scope", "reason", "actor"}."""
        if not hmac.compare_digest(request.headers.get(HEADER, ""), self._token):
            return web.json_response({"error": "AUTH_FAILED", "next": "desk doctor"}, status=403)
        try:
            body = json.loads(await request.text())
            asked = KillRequest(str(body["scope"]), str(body["reason"]), str(body["actor"]), "")
            verdict = self.request(asked)
        except (ValueError, KeyError, TypeError):
            example = {"scope": "desk", "reason": "MANUAL", "actor": "anna"}
            return web.json_response({"error": "BAD_REQUEST", "example": example}, status=400)
        except EventRefused as refusal:
            return web.json_response({"error": refusal.code, "text": str(refusal)}, status=404)
        told = {"verdict": verdict, "kills": logic.to_plain(self._kills), "on_disk": self._is_saved}
        return web.json_response(told)

    async def _get_kill(self, _request: web.Request) -> web.Response:
        return web.json_response({"kills": logic.to_plain(self._kills), "dry_run": self._settings.dry_run})


def _kill_keys(accounts: dict[str, Any], settings: KillSwitchSettings) -> dict[str, Any]:
    return {bot: accounts[bot + KILL_SUFFIX] for bot in settings.bots}
