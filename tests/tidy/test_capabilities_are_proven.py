"""The table of capabilities names what exists, and says where something is not proven."""

import re

from scripts.desk.capability import Capability
from scripts.desk.capability_proofs import CAPABILITIES, GROUPS, LISTED
from scripts.desk.reference_capabilities import capabilities_page, missing_places, missing_tests


def test_every_row_that_is_listed_is_in_the_table_once():
    assert set(LISTED) <= set(CAPABILITIES)
    assert sum(map(len, GROUPS.values())) == len(CAPABILITIES)


def test_every_test_named_as_a_proof_exists():
    assert missing_tests() == []


def test_every_module_named_exists():
    assert missing_places() == []


def test_a_row_without_a_proof_says_so():
    page = capabilities_page("")
    said = set(re.findall(r"^\| (\w+-\d\d) .*\*\*not proven\*\* \|", page, re.M))
    assert said == {row for row, capability in CAPABILITIES.items() if not capability.proofs}
    assert all(f"| {row} |" in page for row in CAPABILITIES)
    empty = capabilities_page("", {"Orders": {"ORD-99": Capability("t", "h", (), ())}})
    assert "| ORD-99 | t | h |  | **not proven** |  |" in empty
    assert "0 of 1 have a proof. Not proven: ORD-99." in empty


def test_every_listed_row_has_a_proof():
    assert [row for row in LISTED if not CAPABILITIES[row].proofs] == []


def test_every_row_says_what_and_where_it_is_here():
    assert [row for row, one in CAPABILITIES.items() if not (one.title and one.here and one.where)] == []
