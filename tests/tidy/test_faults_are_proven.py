"""The fault catalogue names what exists: tests, drill rows, faults of virtual time, switches of the venue."""

import re

from scripts.desk.drill_rows import ROWS
from scripts.desk.fault_catalogue import ABSENT, FAULTS
from scripts.desk.fault_proofs import PROOFS
from scripts.desk.places import REPO
from scripts.desk.reference_faults import faults_page, missing_tests, not_proven, proofs_of
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


def test_every_fault_has_a_proof_or_concerns_a_part_that_is_not_here():
    assert not_proven() == []
    assert [fault_id for fault_id in ABSENT if proofs_of(fault_id)] == []
    page = faults_page("")
    said = set(re.findall(r"^\| (F\d\d) .*\| no such part in this desk: .* \|$", page, re.M))
    assert said == set(ABSENT)


def test_a_part_that_is_said_not_to_be_here_is_named_nowhere_in_the_code():
    """Once it is built, its faults want a proof."""
    catalogue = REPO / "scripts" / "desk" / "fault_catalogue.py"
    rooms = [REPO / room for room in ("services", "controllers", "scripts", "requirements")]
    files = [path for room in rooms for path in room.rglob("*") if path.suffix in (".py", ".in") and path != catalogue]
    assert len(files) > 300
    found = {
        (fault_id, str(path.relative_to(REPO)))
        for path in files
        for fault_id, absent in ABSENT.items()
        if any(word in path.read_text(encoding="utf-8").lower() for word in absent.words)
    }
    assert found == set()
