"""The reference page of EPP v2.4: every name a bundle or a bot may set, and every field a decision tells."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby

from controllers.epp.params import EppParams
from controllers.epp.regime_table import REGIME_NAMES, RegimeSpec
from services.bot.fields import REGIME_DOCS, Field, fields_by_name, text_of


def epp_page(header: str) -> str:
    """Markdown, from the strategy's documentation of its parameters."""
    fields = [field for field in fields_by_name().values() if not field.name.startswith("regimes.")]
    lines = [header, "# EPP v2.4: parameters\n", _INTRODUCTION]
    fields.sort(key=lambda field: _rank(field.doc.group))
    for group, members in groupby(fields, key=lambda field: field.doc.group):
        lines.append(f"## {group}\n")
        lines.append("| name | default | range | unit | what |\n| --- | --- | --- | --- | --- |")
        lines += [_row(field) for field in members]
        lines.append("")
    lines += ["## regimes\n", _REGIMES, *_regime_rows(), "", *_regime_table(), ""]
    return "\n".join(lines)


_INTRODUCTION = """Set in a bundle (`data/catalog/<bundle>.yml`, under `params`) or for one bot
(`data/<bot>/conf/controllers/epp_v2_4.yml`, under `overrides`: names the bundle grants), or for one run
(`--set name=value`).
Order: default < bundle < bot < flag. `desk show-config <bot>` prints what a bot runs with and where each value comes
from, `desk validate <file>` refuses what is wrong. `_pct` is a fraction (0.05 is 5 %), `_bps` basis points, `_s`
seconds, `_ms` milliseconds.
"""

_REGIMES = """Written as a table: `regimes: {all: {refresh_s: 60}, up: {spread_min_pct: 0.003}}`; `all` comes first.
"""


def _row(field: Field) -> str:
    return (
        f"| `{field.name}` | {text_of(field.default)} | {_range(field)} | {field.doc.unit} | {field.doc.description} |"
    )


def _range(field: Field) -> str:
    if field.choices:
        return ", ".join(field.choices)
    if field.doc.low is None or field.doc.high is None:
        return ""
    return f"{_plain(field.doc.low)} … {_plain(field.doc.high)}"


def _regime_rows() -> Iterator[str]:
    yield "| name | range | unit | what |\n| --- | --- | --- | --- |"
    for name in RegimeSpec._fields:
        doc = REGIME_DOCS[name]
        assert doc.low is not None and doc.high is not None
        yield f"| `{name}` | {_plain(doc.low)} … {_plain(doc.high)} | {doc.unit} | {doc.description} |"


def _regime_table() -> Iterator[str]:
    yield "Defaults on perpetuals:\n"
    yield "| regime | " + " | ".join(RegimeSpec._fields) + " |"
    yield "| --- |" + " --- |" * len(RegimeSpec._fields)
    for regime, spec in zip(REGIME_NAMES, EppParams().regimes, strict=True):
        yield f"| {regime} | " + " | ".join(text_of(value) for value in spec) + " |"


def _rank(group: str) -> int:
    """Groups in the order in which the parameters name them first."""
    order = list(dict.fromkeys(field.doc.group for field in fields_by_name().values()))
    return order.index(group)


def _plain(number: Decimal) -> str:
    return format(number, "f")
