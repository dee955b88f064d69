"""What became of each proof of the fault catalogue when it was last run on this machine.

Tests: the junit files that `make test` leaves in ``<run-dir>/reports/tests``. Drills: their reports, in the run
directory itself or in that of a drill below it. Faults of virtual time: the last `desk simulate`.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from scripts.desk.fault_catalogue import ABSENT, GROUPS, Proof
from scripts.desk.reference_faults import not_proven, proofs_of
from scripts.desk.stamp import utc
from scripts.desk.table_page import Row, Table, table_page
from services.common.errors import DeskError

ORDER_PATH = {"gateway", "venue_sim", "bot.bot0"}  # a crash drill of others proves something else
TESTS_DIR = Path("reports") / "tests"
WORSE_FIRST = ("failed", "skipped", "passed")  # a test with several cases is as good as its worst


class Last(NamedTuple):
    outcome: str  # "passed", "failed", "skipped"
    ts_ms: int


def last_results(run_dir: Path) -> dict[str, Last]:
    """By test ("tests/….py::name") or command, as a Proof names them."""
    found: dict[str, Last] = {}
    for source in (_of_tests(run_dir), _of_drills(run_dir), _of_simulations(run_dir)):
        for name, last in source:
            if name not in found or last.ts_ms >= found[name].ts_ms:
                found[name] = last
    return found


def fault_report(run_dir: Path, date: str, commit: str) -> dict[str, Any]:
    results = last_results(run_dir)
    rows = [
        _row(fault_id, meaning, proof, results)
        for group in GROUPS.values()
        for fault_id, meaning in group.items()
        for proof in proofs_of(fault_id)
    ]
    return {
        "date": date,
        "commit": commit,
        "faults": sum(len(group) for group in GROUPS.values()),
        "not_proven": not_proven(),
        "no_such_part": {fault_id: absent.part for fault_id, absent in ABSENT.items()},
        "passed": sum(row["last"] == "passed" for row in rows),
        "failed": [f"{row['fault']} {row['proof']}" for row in rows if row["last"] == "failed"],
        "not_run": sum(row["last"] in ("", "skipped") for row in rows),
        "rows": rows,
    }


def fault_page(report: dict[str, Any]) -> str:
    shown = [
        Row(
            (row["fault"], row["meaning"], row["tier"], row["bound"], row["proof"], _said(row)),
            is_bad=row["last"] == "failed",
        )
        for row in report["rows"]
    ]
    absent = [Row((fault_id, part)) for fault_id, part in report["no_such_part"].items()]
    lead = (
        f"{report['date']}, commit {report['commit']}: {report['passed']} proofs passed when last run, "
        f"{len(report['failed'])} failed, {report['not_run']} not run or skipped."
    )
    tables = (
        Table("Proofs", ("fault", "meaning", "tier", "bound", "proof", "last result"), shown),
        Table("No such part in this desk", ("fault", "part"), absent),
    )
    return table_page("Faults and what proves that the desk stands them", lead, tables)


def _said(row: dict[str, Any]) -> str:
    return f"{row['last']}, {utc(row['at_ms'])}" if row["last"] else "not run"


def _row(fault_id: str, meaning: str, proof: Proof, results: dict[str, Last]) -> dict[str, Any]:
    last = results.get(proof.test, Last("", 0))
    return {
        "fault": fault_id,
        "meaning": meaning,
        "tier": proof.tier,
        "bound": proof.bound,
        "proof": proof.test,
        "last": last.outcome,
        "at_ms": last.ts_ms,
    }


def _of_tests(run_dir: Path) -> Iterator[tuple[str, Last]]:
    """The newest result of each case. A run of everything forgets what came before it; one of a few cases does not."""
    known: dict[str, dict[str, Last]] = {}
    for path in sorted((run_dir / TESTS_DIR).glob("*.xml"), key=_changed_ms):
        found: dict[str, dict[str, Last]] = {}
        for case in _read(path, ElementTree.parse).iter("testcase"):
            name, _, of_case = case.get("name", "").partition("[")
            test = f"{case.get('classname', '').replace('.', '/')}.py::{name}"
            found.setdefault(test, {})[of_case] = Last(_outcome(case), _changed_ms(path))
        for test, cases in found.items():
            known[test] = {**known.get(test, {}), **cases} if "-" in path.stem else cases
    for test, cases in known.items():
        worst = min(cases.values(), key=lambda last: WORSE_FIRST.index(last.outcome))
        yield test, Last(worst.outcome, max(last.ts_ms for last in cases.values()))


def _changed_ms(path: Path) -> int:
    return path.stat().st_mtime_ns // 1_000_000


def _read(path: Path, reader: Callable[[Path], Any]) -> Any:
    """A report that a kill cut short says nothing, neither good nor bad: it has to be made again."""
    try:
        return reader(path)
    except (ValueError, ElementTree.ParseError) as error:
        next_step = f"rm {path}, then make test, make drills or desk simulate, whichever wrote it"
        raise DeskError("REPORT_UNREADABLE", f"{path}: {error}", next_step) from error


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _outcome(case: ElementTree.Element) -> str:
    tags = {child.tag for child in case}
    return "failed" if tags & {"failure", "error"} else "skipped" if "skipped" in tags else "passed"


def _of_drills(run_dir: Path) -> Iterator[tuple[str, Last]]:
    for directory in (run_dir, *(run_dir / "drills").glob("*")):
        for path in (directory / "reports" / "drills").glob("*.json"):
            report, ts_ms = _read(path, _json), _changed_ms(path)
            if report.get("drill") == "crash" and set(report.get("by_process", ())) >= ORDER_PATH:
                yield "desk drill crash", Last("passed" if report["passed"] else "failed", ts_ms)
            for row in report.get("rows", ()) if report.get("drill") == "host" else ():
                yield f"desk drill host --rows {row['row']}", Last("passed" if row["passed"] else "failed", ts_ms)


def _of_simulations(run_dir: Path) -> Iterator[tuple[str, Last]]:
    path = run_dir / "reports" / "simulate" / "latest.json"
    if not path.exists():
        return
    summary, ts_ms = _read(path, _json), _changed_ms(path)
    for name, times in summary["faults_injected"].items():
        if times:
            yield f"desk simulate --faults {name}", Last("failed" if summary["violations"] else "passed", ts_ms)
