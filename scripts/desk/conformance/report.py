"""Results of a deck: a table for a person, JSON for a gate, a page with its date for the record."""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from scripts.desk.stamp import utc
from services.dialects.cards import Outcome


class Run(NamedTuple):
    venue: str
    client: str
    client_version: str
    started_ms: int
    outcomes: tuple[Outcome, ...]
    through: str = ""  # "gateway": not the venue itself was asked
    commit: str = "unknown"

    def count(self, result: str) -> int:
        return sum(outcome.result == result for outcome in self.outcomes)


def as_json(run: Run) -> dict[str, Any]:
    return {
        "venue": run.venue,
        "client": run.client,
        "client_version": run.client_version,
        "date": utc(run.started_ms),
        "commit": run.commit,
        "passed": run.count("passed"),
        "failed": run.count("failed"),
        "otherwise": run.count("otherwise"),  # through the gateway only: answered in its own way, with the reason
        "through": run.through,
        "proven_on_the_real_venue": False,
        "cards": [outcome._asdict() for outcome in run.outcomes],
    }


def as_html(run: Run) -> str:
    """One self-contained page."""
    through = f" through the {run.through}" if run.through else ""
    title = f"Conformance of {run.venue}{through} as seen by {run.client} {run.client_version}"
    rows = "\n".join(
        f'<tr class="{o.result}"><td>{o.number}</td><td>{o.group}</td><td>{html.escape(o.title)}</td>'
        f"<td>{o.result}</td><td>{html.escape(o.seen)}</td><td>{o.took_ms} ms</td></tr>"
        for o in run.outcomes
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title><style>'
        "body{font:14px system-ui;margin:2em}table{border-collapse:collapse}td,th{padding:.3em .8em;text-align:left;"
        "border-bottom:1px solid #ddd}.failed td{background:#fdd}.otherwise td{background:#fed}</style></head><body>"
        f"<h1>{html.escape(title)}</h1><p>{utc(run.started_ms)} · commit {run.commit} · {run.count('passed')} passed, "
        f"{run.count('failed')} failed{_otherwise(run)} · on the simulated venue; proven on the real "
        "venue: no</p><table><tr><th>card</th><th>group</th><th>what</th><th>result</th><th>seen</th><th>took</th></tr>"
        f"{rows}</table></body></html>\n"
    )


def as_table(run: Run) -> list[Sequence[str]]:
    return [(str(o.number), o.group, o.title, o.result, o.seen) for o in run.outcomes]


def file_name(run: Run, suffix: str) -> str:
    stamp = utc(run.started_ms).removesuffix(" UTC").replace(":", "").replace(" ", "T")
    through = f"-{run.through}" if run.through else ""
    return f"{run.venue}{through}-{run.client}-{stamp}.{suffix}"


def write(run: Run, directory: Path) -> Path:
    """The page and the JSON beside it; returns the page."""
    from services.common.files import write_json, write_text

    write_json(directory / file_name(run, "json"), as_json(run))
    page = directory / file_name(run, "html")
    write_text(page, as_html(run))
    return page


def _otherwise(run: Run) -> str:
    return f", {run.count('otherwise')} otherwise" if run.through else ""
