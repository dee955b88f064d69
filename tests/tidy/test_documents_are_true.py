"""Documents name files that exist, link to pages that exist, and print figures that the code has."""

import re
from decimal import Decimal

import pytest

from controllers.epp.params import EppParams
from controllers.epp.regime_table import REGIME_NAMES
from controllers.epp.required_table import highest_viable_fee_bps, required_table
from services.contracts.reasons import REASONS
from tests.tidy.sources import REPO, name, tracked

PAGES = [path for path in tracked() if path.suffix == ".md" and not name(path).startswith("docs/adr/")]
FILES = {name(path) for path in tracked()}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_python_file_a_document_names_exists(page):
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[\w-]+/)*[\w-]+\.py)`", text))
    named.discard("ccxt/bitget.py")  # of another project, cited as a source
    gone = [file for file in named if not any(known == file or known.endswith(f"/{file}") for known in FILES)]
    assert not gone, f"{name(page)}: {gone}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_inside_the_repository_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)
    dead = [link for link in links if not (page.parent / link).exists()]
    assert not dead, f"{name(page)}: {dead}"


def test_every_decision_has_the_four_parts_and_a_number_of_its_own():
    pages = sorted((REPO / "docs" / "adr").glob("[0-9]*.md"))
    numbers = [page.name[:4] for page in pages]
    assert len(numbers) == len(set(numbers)), [number for number in numbers if numbers.count(number) > 1]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for part in ("Status", "Context", "Decision", "Consequences"):
            assert part in text, f"{page.name} has no {part}"
        assert len(text.splitlines()) <= 60, f"{page.name} is longer than a page"


def table_rows(page: str, heading: str) -> list[list[str]]:
    """Cells of the table whose first heading it is, without the heading's own line of dashes."""
    lines = (REPO / page).read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return [rows[0], *rows[2:]]


def test_the_required_spreads_of_the_edge_model_are_those_of_the_code():
    fees, required = table_rows("docs/edge_model.md", "maker fee bps")
    cells = {cell.maker_fee_bps: cell.required_bps for cell in required_table(EppParams())}
    assert {Decimal(fee): Decimal(bps) for fee, bps in zip(fees[1:], required[1:], strict=True)} == cells


def test_the_viable_fees_of_the_edge_model_are_those_of_the_code():
    params = EppParams()
    for regime, spread_max, calm, adrift in table_rows("docs/edge_model.md", "regime")[1:]:
        number = REGIME_NAMES.index(regime)
        assert Decimal(spread_max) == params.regimes[number].spread_max_pct * 10_000, regime
        for drift, said in ((Decimal(0), calm), (Decimal(8), adrift)):
            assert Decimal(said) == highest_viable_fee_bps(number, drift, params), regime


def test_the_words_of_the_glossary_stand_in_order_and_once():
    words = [row[0].lower() for row in table_rows("docs/glossary.md", "word")[1:]]
    assert words == sorted(words)
    assert len(words) == len(set(words))


@pytest.mark.parametrize("page", sorted((REPO / "docs" / "runbooks").glob("*.md")), ids=name)
def test_every_code_a_runbook_names_is_said_by_something(page):
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in tracked() if path.suffix in (".py", "") and path.is_file()
    )
    codes = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", page.read_text(encoding="utf-8"))) - REASONS.keys()
    assert [code for code in sorted(codes) if code not in source] == []
