"""The event store's verdict at the end of a run: over all its files, with the counts of this run alone."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from scripts.desk.supervisor.summary import Integrity
from services.event_store.integrity import integrity


def stored_by_kind(run_dir: Path) -> dict[str, int]:
    """What the files hold now, by kind of event; empty before the first start."""
    return integrity(run_dir).by_kind


def judge_integrity(run_dir: Path, before: Mapping[str, int], now_ms: int) -> Integrity:
    """``before`` is stored_by_kind at the start of the run."""
    report = integrity(run_dir, now_ms=now_ms)
    by_kind = Counter(report.by_kind)
    by_kind.subtract(before)
    of_run = {kind: count for kind, count in sorted(by_kind.items()) if count}
    return Integrity(
        status=report.status,
        event_count=sum(of_run.values()),
        gaps=report.events.gaps,
        duplicates=report.events.duplicates,
        by_kind=of_run,
        problems=tuple(report.reasons),
    )
