"""The board at one moment, as the JSON the page draws. Every number carries its source, its age and its limit."""

from services.desk_api import asked
from services.desk_api.bot_view import bot_json, fill_json, plain_or_none, reason
from services.desk_api.bots import BotBoard
from services.desk_api.logic import LATCH_ORDER, Board
from services.desk_api.readings import Now, Reading, as_json, is_stale, source_of, younger
from services.desk_api.switches import switches_json

Json = dict[str, object]

INCIDENTS_SHOWN = 40
FORMAT_VERSION = 1


def frame(board: Board, now: Now, *, life: str, version: str, bus_blind_ms: int, token: str = "") -> Json:
    """One frame of the stream and the answer of /api/board. ``life`` and ``token`` are new at each start of this
    server.
    """
    stopped = _stopped(board, now)
    return {
        "format": FORMAT_VERSION,
        "life": life,
        "version": version,
        "wall_ms": now.wall_ms,
        "mono_ms": now.mono_ms,
        "desk": {**_desk(board, now, bus_blind_ms), "stopped": [each._asdict() for each in stopped]},
        "bots": [
            {**bot_json(board, bot, now), "held": _held(stopped, bot.bot_id)}
            for _, bot in sorted(board.bots.items())
            if _is_bot(board, bot)
        ],
        "services": _services(board, now),
        "breaks": _breaks(board, now),
        "incidents": _incidents(board, now),
        "faults": switches_json(board, now, token),
    }


def history(board: Board, bot_id: str) -> Json | None:
    """The last hour of one bot for the charts, [second, value] oldest first; None for a bot nobody has heard of."""
    bot = board.bots.get(bot_id)
    if bot is None:
        return None
    series = {name: line.points() for name, line in bot.series().items()}
    oldest_ts_ms = min((points[0].ts_ms for points in series.values() if points), default=0)
    return {
        "bot": bot_id,
        "symbol": bot.symbol,
        **{name: [[p.ts_ms // 1000, plain_or_none(p.value)] for p in points] for name, points in series.items()},
        "fills": [fill_json(row) for row in bot.fills.since(oldest_ts_ms)],
    }


def _desk(board: Board, now: Now, bus_blind_ms: int) -> Json:
    limits = board.limits
    at_venue = Reading(
        asked.open_orders_at_venue(board.venue), "count", "venue /sim/status", board.venue.stamp, limits.poll_age_max_ms
    )
    return {
        "mode": board.facts.mode,
        "state": as_json(_desk_state(board, now), now),
        "venue_open_orders": as_json(at_venue, now),
        "market": asked.market_name(board.venue),
        "gateway_error": board.gateway.error,
        "venue_error": board.venue.error,
        "bus_blind_ms": bus_blind_ms,
        "supervised": not is_stale(board.facts.stamp, limits.health_age_max_ms, now),
        "events": board.events,
        "repeats": board.repeats,
        "gaps": board.gaps,
    }


def _desk_state(board: Board, now: Now) -> Reading:
    """The tighter of what the latch events and the gateway itself say; unknown, not ACTIVE, when neither speaks."""
    candidates: list[Reading] = []
    latch = board.desk_latch()
    if latch is not None:
        event, stamp = latch
        heard = younger(stamp, board.heard.get(event.source), now)
        candidates.append(Reading(event.state, "", source_of(event), heard, board.limits.account_age_max_ms))
    answered = asked.latch_above_bots(board.gateway)
    if answered is not None:
        stamp_asked, limit = board.gateway.stamp, board.limits.poll_age_max_ms
        candidates.append(Reading(answered, "", "gateway /desk/status", stamp_asked, limit))
    if not candidates:
        return Reading(None, "", "gateway", None, board.limits.poll_age_max_ms)
    fresh = [reading for reading in candidates if not is_stale(reading.stamp, reading.max_age_ms, now)]
    return max(fresh or candidates, key=lambda reading: LATCH_ORDER.get(str(reading.value), 2))


def _stopped(board: Board, now: Now) -> list[asked.Latched]:
    """Scopes that are halted or may only reduce, tightest first: what the gateway answers, else what it last said."""
    limit = board.limits.poll_age_max_ms
    told = None if is_stale(board.gateway.stamp, limit, now) else asked.latched(board.gateway)
    if told is None:
        said = (event for event, _ in board.latches.values() if event.state != "ACTIVE")
        told = [asked.Latched(event.scope, event.state, event.actor, event.reason) for event in said]
    told.sort(key=lambda each: (-LATCH_ORDER.get(each.state, 2), each.scope))
    return told


def _held(stopped: list[asked.Latched], bot_id: str) -> str:
    """The tightest state of the scopes this bot is in; "" when it may trade."""
    own = (f"bot:{bot_id}", f"account:{bot_id}")
    return next((each.state for each in stopped if each.scope in own or each.scope.startswith(("desk", "venue:"))), "")


def _is_bot(board: Board, bot: BotBoard) -> bool:
    """A latch may name a bot that does not run here."""
    return bool(bot.symbol) or bot.bot_id in board.facts.bots or bot.latch is None


def _services(board: Board, now: Now) -> list[Json]:
    """One row per process the supervisor runs and per service that speaks; who is silent says so by its age."""
    rows: dict[str, Json] = {}
    limit = board.limits.health_age_max_ms
    for name, state, restarts in board.facts.processes:
        rows[name] = {
            "name": name,
            "health": state,
            "detail": f"restarted {restarts}×" if restarts else "",
            "reading": as_json(Reading(state, "", "supervisor addresses.json", board.facts.stamp, limit), now),
        }
    for source, (event, stamp) in board.services.items():
        supervised = rows.get(source, {})
        if supervised.get("health") in ("dead", "stopped"):
            continue
        detail = " · ".join(str(part) for part in (event.detail, supervised.get("detail")) if part)
        rows[source] = {
            "name": source,
            "health": event.health,
            "detail": detail,
            "uptime_ms": event.uptime_ms,
            "reading": as_json(Reading(event.health, "", source_of(event), stamp, limit), now),
        }
    return [rows[name] for name in sorted(rows)]


def _breaks(board: Board, now: Now) -> list[Json]:
    open_breaks = [event for event, _ in board.breaks.values() if event.state != "closed"]
    open_breaks.sort(key=lambda event: ({"critical": 0, "warning": 1, "info": 2}[event.severity], event.opened_ts_ms))
    return [
        {
            "id": event.break_id,
            "what": event.what,
            "scope": event.scope,
            "ours": event.ours,
            "theirs": event.theirs,
            "severity": event.severity,
            "owner": event.owner,
            "state": event.state,
            "age_ms": max(0, now.wall_ms - event.opened_ts_ms),
        }
        for event in open_breaks
    ]


def _incidents(board: Board, now: Now) -> list[Json]:
    return [
        {
            "kind": incident.kind,
            "severity": incident.severity,
            "scope": incident.scope,
            "code": incident.code,
            "meaning": reason(incident.code)["text"],
            "text": incident.text,
            "next_step": incident.next_step or reason(incident.code)["next_step"],
            "times": incident.times,
            "age_ms": max(0, now.wall_ms - incident.last_ts_ms),
            "event_id": incident.event_id,
        }
        for incident in board.incidents.newest(INCIDENTS_SHOWN)
    ]
