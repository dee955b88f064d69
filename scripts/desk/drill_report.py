"""What drills leave behind: each its JSON, and all of them one page."""

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.desk.stamp import utc
from scripts.desk.table_page import Row, Table, table_page
from services.common.files import write_json, write_text

DRILLS_DIR = Path("reports") / "drills"
_ROW_HEADS = (
    "row",
    "fault",
    "injected",
    "unknown after 10 s",
    "cancels not retried",
    "quoting after",
    "verdict",
    "seen",
)


def keep(report: dict[str, Any], run_dir: Path) -> Path:
    """One drill: ``<run-dir>/reports/drills/<drill>.json``, where `desk report faults` finds it."""
    path = run_dir / DRILLS_DIR / f"{report['drill']}{'_virtual' if report.get('virtual') else ''}.json"
    write_json(path, report)
    return path


def not_run(name: str) -> dict[str, Any]:
    """Of a drill whose turn has not come: what is not run has not passed."""
    return {"drill": name, "passed": False, "problems": ["not run"]}


def broken(name: str, error: Exception) -> dict[str, Any]:
    """Of a drill that did not come to its end."""
    return {"drill": name, "passed": False, "problems": [told(error)]}


def told(error: Exception) -> str:
    """What broke and where, in one line."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {error}{where}"


def keep_all(reports: Sequence[dict[str, Any]], run_dir: Path, now_ms: int) -> Path:
    """Every drill of a run: all.json, and all.html, which is returned."""
    passed = all(report["passed"] for report in reports)
    write_json(run_dir / DRILLS_DIR / "all.json", {"passed": passed, "drills": list(reports)})
    page = run_dir / DRILLS_DIR / "all.html"
    write_text(page, drill_page(reports, now_ms))
    return page


def drill_page(reports: Sequence[dict[str, Any]], now_ms: int) -> str:
    failed = [_title(report) for report in reports if not report["passed"]]
    said = f"FAILED: {', '.join(failed)}" if failed else "every drill passed"
    tables = [table for report in reports for table in _tables(report)]
    return table_page("Drills", f"{utc(now_ms)}: {said}.", tables)


def _tables(report: dict[str, Any]) -> list[Table]:
    figures = [Row((name, str(value))) for name, value in report.items() if name != "rows"]
    tables = [Table(f"{_title(report)}: {_verdict(report)}", ("figure", "value"), figures)]
    if "rows" in report:
        tables.append(Table(f"{_title(report)}, row by row", _ROW_HEADS, [_row(row) for row in report["rows"]]))
    return tables


def _row(row: dict[str, Any]) -> Row:
    quoting = "–" if row["recovered_s"] is None else f"{row['recovered_s']:.1f} s of {row['bound_s']:g} s"
    counts = (str(row["unknown_after_10s"]), str(row["cancels_not_retried"]))
    cells = (row["row"], row["fault_id"], row["injected"], *counts, quoting, _verdict(row), row["seen"])
    return Row(cells, is_bad=not row["passed"])


def _title(report: dict[str, Any]) -> str:
    struck = ", ".join(report.get("by_process", ()))
    where = " in virtual time" if report.get("virtual") else ""
    return f"{report['drill']} of {struck}{where}" if struck else str(report["drill"])


def _verdict(of: dict[str, Any]) -> str:
    return "passed" if of["passed"] else "FAILED"
