"""The run report as one self-contained HTML file: pure text from a board and the findings about its events.

Every text that comes from outside is escaped; numbers for the charts travel as JSON in the file. No address is asked.
"""

import html
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from services.desk_api.assets import CHART_PATH, Asset
from services.desk_api.bot_view import bot_readings, price_decimals
from services.desk_api.bots import BotBoard
from services.desk_api.history import Series
from services.desk_api.logic import Board
from services.desk_api.readings import Now, Reading, plain

POINTS_MAX = 5_000  # per line; a longer run is drawn in longer steps
INCIDENTS_SHOWN = 60
SUMMARY_HEADS = (
    "Bot",
    "Pair",
    "Guard at the end",
    "First order",
    "Orders",
    "Bought / sold",
    "Traded USDT",
    "Position",
    "PnL USDT",
    "Fees USDT",
    "Funding USDT",
    "Modelled bps",
    "Realised bps (fills, after)",
)


class Integrity(NamedTuple):
    """What was found about everything in the event store."""

    status: str  # "PASS" or "FAIL"
    reasons: tuple[str, ...]
    events: int
    gaps: int
    duplicates: int


class Run(NamedTuple):
    mode: str
    started_ms: int
    ended_ms: int
    by_kind: Mapping[str, int]  # events of this run
    by_source: Mapping[str, int]
    integrity: Integrity


def report_html(board: Board, run: Run, assets: Mapping[str, Asset]) -> str:
    now = Now(run.ended_ms, 0)
    bots = [bot for _, bot in sorted(board.bots.items())]
    step_s = max(1, -(-(run.ended_ms - run.started_ms) // 1000 // POINTS_MAX))
    chart_data = {"step_s": step_s, "bots": [_chart_values(board, bot, step_s, now) for bot in bots]}
    body = "\n".join(
        [
            _header(run),
            _summary(board, bots, now),
            *(_bot_section(board, bot, index) for index, bot in enumerate(bots)),
            _edge(bots),
            _events(run),
            _incidents(board),
        ]
    )
    return _PAGE.format(
        theme=_text(assets, "theme.css"),
        style=_text(assets, "report.css"),
        title=f"hbot desk run {_time(run.started_ms)}",
        body=body,
        data=msgspec.json.encode(chart_data).decode().replace("<", "\\u003c"),
        library=_text(assets, CHART_PATH).replace("</script", "<\\/script"),
        script=_text(assets, "report.js"),
    )


_PAGE = """<!doctype html>
<html lang="en" data-theme="auto"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="dark light">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'">
<title>{title}</title><style>{theme}{style}</style></head><body>
{body}
<footer>Every number is as of the end of the run, from the event store's files.
TradingView Lightweight Charts™ · Copyright (c) 2024 TradingView, Inc. · Apache-2.0 ·
<a href="https://www.tradingview.com/" rel="noopener noreferrer">https://www.tradingview.com/</a></footer>
<script type="application/json" id="run">{data}</script>
<script>{library}</script>
<script>{script}</script>
</body></html>
"""


def _header(run: Run) -> str:
    found = run.integrity
    seconds = (run.ended_ms - run.started_ms) // 1000
    return (
        f"<header><h1>Run of {_e(_time(run.started_ms))} UTC</h1><span class='badge'>{_e(run.mode.upper())}</span>"
        f"{_verdict(found, 'integrity ')}"
        f"<span class='muted'>until {_e(_time(run.ended_ms))} UTC, {seconds // 60} min {seconds % 60:02d} s,"
        f" {sum(run.by_kind.values())} events</span></header>"
    )


def _summary(board: Board, bots: Iterable[BotBoard], now: Now) -> str:
    rows = []
    labels = dict(board.facts.bundles)
    for bot in bots:
        shown = bot_readings(board, bot, now)
        fills = bot.fills.since(0)
        bought = sum(1 for fill in fills if fill.side == "buy")
        traded = sum((fill.price * fill.base_qty for fill in fills), Decimal(0))
        edge = bot.edge.lines()[-1] if bot.edge.lines() else None
        gate = " <span class='badge warn'>EDGE GATE OFF</span>" if bot.bot_id in board.facts.edge_gate_off else ""
        rows.append(
            [
                f"<b>{_e(bot.bot_id)}</b>{gate}<br><span class='muted'>{_e(labels.get(bot.bot_id, ''))}</span>",
                _e(bot.symbol),
                f"{_e(shown['guard'].value or 'unknown')}",
                _number(shown["first_order_s"], 1, " s"),
                _number(shown["submits"], 0),
                f"{bought} / {len(fills) - bought}",
                f"{traded:,.0f}",
                _number(shown["position"], 4),
                _signed(shown["pnl"], 2),
                _number(shown["fees"], 2),
                _signed(shown["funding"], 2),
                "–" if edge is None else f"{edge.modelled_bps:+.2f}",
                "–" if edge is None else f"{edge.realised_bps:+.2f} ({edge.samples}, {edge.horizon_s} s)",
            ]
        )
    return "<h2>Summary</h2><div class='card'>" + _table(list(SUMMARY_HEADS), rows, text_columns=3) + "</div>"


def _bot_section(board: Board, bot: BotBoard, index: int) -> str:
    if bot.mid.last is None and bot.equity.last is None:
        return f"<h2>{_e(bot.bot_id)}</h2><div class='card muted'>said nothing that could be drawn</div>"
    return (
        f"<h2>{_e(bot.bot_id)} · {_e(bot.symbol)}</h2>"
        f"<div class='card'><h3>Price, our best quotes, fills (▲ bought ▼ sold); times are UTC</h3>"
        f"<div class='plot tall' id='price-{index}'></div></div>"
        "<div class='two'>"
        f"<div class='card'><h3>Equity against capital</h3><div class='plot' id='equity-{index}'></div></div>"
        f"<div class='card'><h3>Position</h3><div class='plot' id='position-{index}'></div></div></div>"
    )


def _edge(bots: Iterable[BotBoard]) -> str:
    rows = [
        [
            _e(bot.bot_id),
            f"{line.horizon_s} s",
            f"{line.modelled_bps:+.2f}",
            f"{line.markout_bps:+.2f}",
            f"{line.fee_bps:.2f}",
            f"{line.realised_bps:+.2f}",
            "–" if line.standard_error_bps is None else f"{line.standard_error_bps:.2f}",
            f"{line.realised_bps - line.modelled_bps:+.2f}",
            str(line.samples),
        ]
        for bot in bots
        for line in bot.edge.lines()
    ]
    heads = ["Bot", "After", "Modelled", "Markout", "Fee", "Realised", "± s.e.", "Gap", "Fills"]
    return "<h2>Edge, bps of a fill</h2><div class='card'>" + _table(heads, rows, text_columns=2) + "</div>"


def _events(run: Run) -> str:
    found = run.integrity
    kinds = _table(["Kind", "Events"], [[_e(k), f"{n:,}"] for k, n in sorted(run.by_kind.items())], text_columns=1)
    sources = _table(
        ["Source", "Events"], [[_e(k), f"{n:,}"] for k, n in sorted(run.by_source.items())], text_columns=1
    )
    words = "; ".join(found.reasons) or "nothing missing, nothing twice, nothing unreadable"
    counted = f"in the store: {found.events:,} events, {found.gaps} missing, {found.duplicates} duplicates: {_e(words)}"
    return (
        f"<h2>Events and integrity</h2><div class='card'>{_verdict(found)} {counted}</div>"
        f"<div class='two'><div class='card'>{kinds}</div><div class='card'>{sources}</div></div>"
    )


def _verdict(found: Integrity, before: str = "") -> str:
    return f"<span class='badge {'good' if found.status == 'PASS' else 'bad'}'>{before}{_e(found.status)}</span>"


def _incidents(board: Board) -> str:
    rows = [
        [
            _e(_time(incident.first_ts_ms)[11:]),
            _e(incident.kind),
            _e(incident.scope),
            f"<span class='{'down' if incident.severity == 'critical' else ''}'>{_e(incident.code)}</span>"
            + (f" ×{incident.times}" if incident.times > 1 else ""),
            _e(incident.text),
        ]
        for incident in reversed(board.incidents.newest(INCIDENTS_SHOWN))
    ]
    table = _table(["Time UTC", "What", "Who", "Code", "In words"], rows, text_columns=5)
    return f"<h2>Refusals, breaks, events of note</h2><div class='card'>{table}</div>"


def _chart_values(board: Board, bot: BotBoard, step_s: int, now: Now) -> dict[str, object]:
    series = {name: _stepped(line, step_s) for name, line in bot.series().items()}
    seconds = [second for points in series.values() for second, _ in (points[:1] + points[-1:])]
    capital = bot_readings(board, bot, now)["capital"].value
    return {
        "price_decimals": price_decimals(board, bot),
        "capital_quote": None if capital is None else plain(capital),
        "first_s": min(seconds, default=0),
        "last_s": max(seconds, default=0),
        "series": series,
        "fills": [{"s": fill.ts_ms // 1000 // step_s * step_s, "side": fill.side} for fill in bot.fills.since(0)],
    }


def _stepped(line: Series, step_s: int) -> list[tuple[int, str | None]]:
    """The last value of each step."""
    steps: dict[int, str | None] = {}
    for point in line.points():
        steps[point.ts_ms // 1000 // step_s * step_s] = None if point.value is None else plain(point.value)
    return list(steps.items())


def _table(heads: list[str], rows: list[list[str]], *, text_columns: int) -> str:
    def cells(tag: str, values: list[str]) -> str:
        return "".join(
            f"<{tag}{'' if index < text_columns else ' class=n'}>{value}</{tag}>" for index, value in enumerate(values)
        )

    if not rows:
        return "<p class='muted'>none</p>"
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table><thead><tr>{cells('th', [_e(head) for head in heads])}</tr></thead><tbody>{body}</tbody></table>"


def _number(reading: Reading, decimals: int, unit: str = "") -> str:
    return "–" if reading.value is None else f"{Decimal(reading.value):,.{decimals}f}{unit}"


def _signed(reading: Reading, decimals: int) -> str:
    if reading.value is None:
        return "–"
    value = Decimal(reading.value)
    return f"<span class='{'up' if value > 0 else 'down' if value < 0 else ''}'>{value:+,.{decimals}f}</span>"


def _text(assets: Mapping[str, Asset], name: str) -> str:
    return assets[name].body.decode("utf-8")


def _time(ts_ms: int) -> str:
    return datetime.fromtimestamp(ts_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _e(value: object) -> str:
    return html.escape(str(value))
