"""Is anything missing? Gaps and duplicates by sequence, and what sources say they made against what is stored.

``integrity(run_dir)`` reads the files alone, so it can be asked while the desk runs and after it has stopped. PASS
means: no gap, no duplicate, nothing that a source claims to have made is absent, and the files are byte for byte what
was written. Repeats that were left out are no fault.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from services.common.bus.marks import SeqKey
from services.common.event_files import days, events_dir
from services.common.files import write_json
from services.common.tally import Tally, load_or_count
from services.event_store import seals

Status = Literal["PASS", "FAIL"]
GAPS_LISTED_MAX = 100
REPORT_PATH = Path("reports") / "event_store" / "integrity.json"
FILL_COUNTS_PATH = Path("reports") / "event_store" / "fill_counts.json"


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    stream: str
    source: str
    source_epoch: int
    first_seq: int
    last_seq: int


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison of two counts; ``severity`` "fail" decides, "note" only informs."""

    name: str
    is_ok: bool
    severity: Literal["fail", "note"]
    ours: int
    theirs: int
    text: str


class EventCounts(msgspec.Struct, frozen=True, kw_only=True):
    count: int
    gaps: int  # missing places, not runs
    duplicates: int
    repeats: int  # told again under another place, counted once
    dead_letters: int
    unreadable: int


class IntegrityReport(msgspec.Struct, frozen=True, kw_only=True):
    status: Status
    ts_ms: int
    events: EventCounts
    by_stream: dict[str, int]
    by_kind: dict[str, int]
    by_source: dict[str, int]
    gaps: list[Gap]
    awaited: int  # missing places younger than the grace
    checks: list[Check]
    days: list[str]
    reasons: list[str]  # why FAIL; empty when PASS


def integrity(
    run_dir: Path, *, now_ms: int = 0, from_start: bool = False, sealed_since_day: str = ""
) -> IntegrityReport:
    """Of everything in the files. ``from_start`` does not trust the checkpoint and reads every line.

    Files are held against their seals from ``sealed_since_day`` on: a gigabyte takes about a second.
    """
    directory = events_dir(run_dir)
    changed = seals.changes(directory, sealed_since_day)
    return judge(load_or_count(run_dir, from_start=from_start), days(directory), now_ms, changed=changed)


def judge(
    tally: Tally,
    stored_days: list[str],
    now_ms: int,
    *,
    awaited: Mapping[SeqKey, int] | None = None,
    changed: Sequence[str] = (),
) -> IntegrityReport:
    """``awaited``: keys whose gap is so young that the missing may still come; those do not fail. ``changed``: files
    that are not what was written.
    """
    awaited = awaited or {}
    gaps = [
        Gap(stream=key.stream, source=key.source, source_epoch=key.epoch, first_seq=first, last_seq=last)
        for key, first, last in tally.gaps()
        if key not in awaited
    ]
    n_missing = sum(gap.last_seq - gap.first_seq + 1 for gap in gaps)
    checks = [*_claim_checks(tally, awaited), *_bot_checks(tally)]
    reasons: list[str] = list(changed)
    if n_missing:
        reasons.append(f"GAP_HALT: missing={n_missing}, limit=0, in {len(gaps)} gaps")
    if tally.n_duplicates:
        reasons.append(f"EVENT_CONFLICT: duplicates={tally.n_duplicates}, limit=0")
    if tally.n_unreadable:
        reasons.append(f"MALFORMED_EVENT: unreadable lines={tally.n_unreadable}, limit=0")
    reasons += [check.text for check in checks if not check.is_ok and check.severity == "fail"]
    return IntegrityReport(
        status="FAIL" if reasons else "PASS",
        ts_ms=now_ms,
        events=EventCounts(
            count=tally.n_events,
            gaps=n_missing,
            duplicates=tally.n_duplicates,
            repeats=tally.n_repeats,
            dead_letters=tally.by_kind["dead_letter.v1"],
            unreadable=tally.n_unreadable,
        ),
        by_stream=dict(sorted(tally.by_stream.items())),
        by_kind=dict(sorted(tally.by_kind.items())),
        by_source=dict(sorted(tally.by_source.items())),
        gaps=gaps[:GAPS_LISTED_MAX],
        awaited=tally.n_missing - n_missing,
        checks=checks,
        days=stored_days,
        reasons=reasons,
    )


def write_report(run_dir: Path, report: IntegrityReport, tally: Tally) -> Path:
    path = run_dir / REPORT_PATH
    write_json(path, msgspec.to_builtins(report))
    write_json(run_dir / FILL_COUNTS_PATH, dict(sorted(tally.fills_by_bot.items())))
    return path


def _claim_checks(tally: Tally, awaited: Mapping[SeqKey, int]) -> list[Check]:
    """Each source's own counters, from its state snapshots, against the highest place stored: is the tail there?"""
    checks: list[Check] = []
    for text, claimed in sorted(tally.claims.items()):
        key = SeqKey.parse(text)
        seen = tally.seen.get(key)
        stored = seen.highest if seen is not None else 0
        if stored >= claimed and not key.source.startswith("gateway"):
            continue  # thousands of good rows say nothing; the gateway's are always shown
        checks.append(
            Check(
                name=f"made:{key.stream}:{key.source}",
                is_ok=stored >= claimed,
                severity="note" if key in awaited else "fail",
                ours=stored,
                theirs=claimed,
                text=f"TAIL_MISSING: {key.source} made {claimed} on {key.stream}, stored up to {stored}"
                if stored < claimed
                else f"{key.source} made {claimed} on {key.stream}, stored up to {stored}",
            )
        )
    return checks


def _bot_checks(tally: Tally) -> list[Check]:
    """A bot's own counts against the gateway's drop copy. The bot may have seen less (it died), never more."""
    checks: list[Check] = []
    bots = {text.split("|")[0] for text in tally.bot_claims} | set(tally.fills_by_bot)
    for bot in sorted(bots):
        lives = [counters for text, counters in tally.bot_claims.items() if text.split("|")[0] == bot]
        for name, stored in (("fills", tally.fills_by_bot[bot]), ("submits", tally.orders_by_bot[bot])):
            seen_by_bot = sum(life[name] for life in lives)
            is_more = name == "fills" and seen_by_bot > stored
            relation = "agree" if seen_by_bot == stored else "differ"
            checks.append(
                Check(
                    name=f"{name}:{bot}",
                    is_ok=seen_by_bot == stored,
                    severity="fail" if is_more else "note",
                    ours=stored,
                    theirs=seen_by_bot,
                    text=f"{'FILL_MISMATCH: ' if is_more else ''}{name} of {bot} {relation}: "
                    f"drop copy={stored}, bot={seen_by_bot} in {len(lives)} lives",
                )
            )
    return checks
