"""The event store's verdict at the end of a run: over all its files, with the counts of this run alone."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from scripts.desk.supervisor.summary import Integrity
from services.common.event_files import days, events_dir
from services.event_store.integrity import integrity

NO_DAY = "99999999"  # after every day: the files are not held against their seals


def stored_by_kind(run_dir: Path) -> dict[str, int]:
    """What the files hold now, by kind of event; empty before the first start."""
    return integrity(run_dir, sealed_since_day=NO_DAY).by_kind


def judge_integrity(run_dir: Path, before: Mapping[str, int], now_ms: int) -> Integrity:
    """``before`` is stored_by_kind at the start of the run."""
    newest = days(events_dir(run_dir))[-2:]  # a run may pass midnight; older files: desk events integrity
    report = integrity(run_dir, now_ms=now_ms, sealed_since_day=newest[0] if newest else "")
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
