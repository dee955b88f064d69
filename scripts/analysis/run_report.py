"""One HTML page per run, ``<run-dir>/reports/run.html``: what it came to, in a file that needs nothing else.

Reads the event store's files from the start of the newest run (``addresses.json``; without it everything there is) to
their end, folds them with the board of the page, and asks the store's own integrity check.
"""

from collections import Counter
from pathlib import Path

from services.common.addresses import Addresses
from services.common.errors import NotFound
from services.common.event_files import Position, days, events_dir, lines_since
from services.common.files import write_text
from services.contracts.codec import Unreadable, decode, kind_of
from services.contracts.events import AnyEvent
from services.contracts.streams import BY_KIND
from services.desk_api.assets import load_assets
from services.desk_api.facts import addresses_of, read_facts
from services.desk_api.logic import Board, BoardLimits, DeskFacts
from services.desk_api.readings import Now
from services.desk_api.report_page import Integrity, Run, report_html
from services.event_store.integrity import integrity

REPO = Path(__file__).resolve().parents[2]
REPORT = Path("reports") / "run.html"


def render(run_dir: Path, data_dir: Path = REPO / "data") -> Path:
    """Writes the report and returns where it is. Raises NotFound when the run directory holds no events."""
    addresses = addresses_of(run_dir)
    started_ms = addresses.desk.started_ms if addresses else 0
    events = events_since(run_dir, started_ms)
    if not events:
        raise NotFound("NO_EVENTS", f"{events_dir(run_dir)} holds nothing since {started_ms}", "desk up, then again")
    first_ms, ended_ms = events[0].ts_ms, events[-1].ts_ms
    board = fold(events, data_dir, addresses, ended_ms, max(1, ended_ms - first_ms))
    found = integrity(run_dir, now_ms=ended_ms)
    run = Run(
        mode=addresses.desk.mode if addresses else "unknown",
        started_ms=started_ms or first_ms,
        ended_ms=ended_ms,
        by_kind=Counter(kind_of(event) for event in events),
        by_source=Counter(event.source for event in events),
        integrity=Integrity(
            status=found.status,
            reasons=tuple(found.reasons),
            events=found.events.count,
            gaps=found.events.gaps,
            duplicates=found.events.duplicates,
        ),
    )
    path = run_dir / REPORT
    write_text(path, report_html(board, run, load_assets()))
    return path


def events_since(run_dir: Path, started_ms: int) -> list[AnyEvent]:
    """In the order in which they were made; what cannot be read is counted by the integrity check."""
    directory = events_dir(run_dir)
    if not days(directory):
        return []
    decoded = (decode(line) for line, _ in lines_since(directory, Position()))
    events = [event for event in decoded if not isinstance(event, Unreadable) and event.ts_ms >= started_ms]
    return sorted(events, key=lambda event: (event.ts_ms, event.source_epoch, event.seq))


def fold(events: list[AnyEvent], data_dir: Path, addresses: Addresses | None, ended_ms: int, duration_ms: int) -> Board:
    board = Board(BoardLimits(history_ms=duration_ms + 1_000, edge_samples_max=1_000_000))
    for event in events:
        board.apply(event, Now(event.ts_ms, 0), stream=BY_KIND[type(event)].name)
    board.facts = read_facts(data_dir, addresses, DeskFacts(), Now(ended_ms, 0))
    return board
