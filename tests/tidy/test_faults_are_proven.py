"""The fault catalogue names what exists: tests, drill rows, faults of virtual time, switches of the venue."""

import re

from scripts.desk.drill_rows import ROWS
from scripts.desk.fault_proofs import FAULTS, PROOFS
from scripts.desk.reference_faults import faults_page, missing_tests, not_proven
from scripts.simulate.faults import CATALOGUE as SIMULATED
from services.simulation.faults import CATALOGUE as SWITCHES

NUMBERS = (range(1, 17), range(20, 30), range(30, 48), range(50, 61), range(70, 79))


def test_the_catalogue_is_complete():
    assert list(FAULTS) == [f"F{number:02}" for numbers in NUMBERS for number in numbers]


def test_every_test_named_as_a_proof_exists():
    assert missing_tests() == []


def test_rows_campaigns_and_switches_name_faults_of_the_catalogue():
    named = {one for row in ROWS for one in row.fault_id.split()}
    named |= {fault.fault_id for fault in SIMULATED.values() if fault.fault_id.startswith("F")}
    named |= {one for ids in SWITCHES.values() for one in ids.split()} | set(PROOFS)
    assert named <= set(FAULTS), named - set(FAULTS)


def test_what_has_no_proof_says_so_on_the_page():
    page = faults_page("")
    said = set(re.findall(r"^\| (F\d\d) .*\*\*not proven\*\* \|$", page, re.M))
    assert said == set(not_proven())
    assert all(f"| {fault_id} |" in page for fault_id in FAULTS)
