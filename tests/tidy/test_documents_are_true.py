"""Documents name files that exist and link to pages that exist."""

import re

import pytest

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
