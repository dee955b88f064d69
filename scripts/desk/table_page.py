"""One self-contained page of tables, for reports that are read once and kept."""

import html
from collections.abc import Sequence
from typing import NamedTuple

STYLE = (
    "body{font:14px system-ui;margin:2em}table{border-collapse:collapse;margin-bottom:2em}td,th{padding:.3em .8em;"
    "text-align:left;vertical-align:top;border-bottom:1px solid #ddd}tr.bad td{background:#fdd}code{font-size:12px}"
)


class Row(NamedTuple):
    cells: Sequence[str]
    is_bad: bool = False


class Table(NamedTuple):
    title: str
    heads: Sequence[str]
    rows: Sequence[Row]


def table_page(title: str, lead: str, tables: Sequence[Table]) -> str:
    """Every text is escaped."""
    body = "".join(_table(table) for table in tables)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{html.escape(title)}</h1><p>{html.escape(lead)}</p>{body}"
        "</body></html>\n"
    )


def _table(table: Table) -> str:
    heads = "".join(f"<th>{html.escape(head)}</th>" for head in table.heads)
    rows = "\n".join(map(_row, table.rows))
    return f"<h2>{html.escape(table.title)}</h2><table><tr>{heads}</tr>{rows}</table>"


def _row(row: Row) -> str:
    cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in row.cells)
    return f'<tr class="bad">{cells}</tr>' if row.is_bad else f"<tr>{cells}</tr>"
