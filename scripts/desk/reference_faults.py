"""docs/reference/faults.md: every fault of the catalogue, what injects it, and what shows that the desk stands it.

Nothing there is typed by hand: the catalogue comes from fault_catalogue.py, proofs from fault_proofs.py, drill rows
from drill_rows.py, faults of virtual time from scripts/simulate, the venue's switches from services/simulation.
"""

from scripts.desk.drill_rows import QUICK, ROWS
from scripts.desk.drill_watch import PATIENCE_MS
from scripts.desk.fault_catalogue import ABSENT, FAULTS, GROUPS, Proof
from scripts.desk.fault_elsewhere import ELSEWHERE
from scripts.desk.fault_proofs import PROOFS
from scripts.desk.proof_tests import is_there, shown
from scripts.simulate.faults import CATALOGUE as SIMULATED
from services.simulation.faults import CATALOGUE as SWITCHES

CAMPAIGN = "tests/simulation/test_desk_in_virtual_time.py::test_no_invariant_breaks_under_the_faults_of_a_seed"
HOST_TEST = "tests/e2e/test_host_faults.py::test_the_row_passes"
ORDER = ("host", "process", "simulation", "logic")


def proofs_of(fault_id: str) -> list[Proof]:
    """Drill rows and campaigns by their own tables, then the tests; the nearest to the real thing first."""
    found = [
        Proof("host", f"quoting {row.bound_s:g} s", f"desk drill host --rows {row.name}")
        for row in ROWS
        if fault_id in row.fault_id.split()
    ]
    found += [
        Proof("simulation", "no invariant broken", f"desk simulate --faults {fault.name}")
        for fault in SIMULATED.values()
        if fault.fault_id == fault_id
    ]
    found += PROOFS.get(fault_id, ())
    return sorted(found, key=lambda proof: ORDER.index(proof.tier))


def switches_of(fault_id: str) -> list[str]:
    return [name for name, ids in SWITCHES.items() if fault_id in ids.split()]


def missing_tests() -> list[str]:
    """Tests that are named as a proof and do not exist."""
    named = {proof.test for proofs in PROOFS.values() for proof in proofs} | {row.test for row in ELSEWHERE}
    return sorted(test for test in named | {CAMPAIGN, HOST_TEST} if "::" in test and not is_there(test))


def not_proven() -> list[str]:
    """Faults without a proof that concern a part of this desk."""
    return [fault_id for fault_id in FAULTS if not proofs_of(fault_id) and fault_id not in ABSENT]


def faults_page(header: str) -> str:
    lines = [header, "# Faults\n"]
    lines.append(
        "Tiers: `host` is the real Hummingbot behind the real gateway, `process` real processes of the desk,\n"
        "`simulation` the whole desk in virtual time, `logic` one state machine, store or client by itself. This page\n"
        "holds no results; `desk report faults` prints the table with the last result of each test (`make test`),\n"
        "drill row (`make drills`) and fault of virtual time (`desk simulate`) of this machine. A switch is what\n"
        "`POST /sim/faults` of the simulated venue takes; that a fault can be produced is not a proof that the desk\n"
        "stands it.\n"
    )
    lines.append(f"{summary()}\n")
    for group, faults in GROUPS.items():
        lines.append(f"## {group}\n")
        lines.append("| fault | meaning | switch | tier | bound | proved by |\n| --- | --- | --- | --- | --- | --- |")
        for fault_id, meaning in faults.items():
            lines.extend(_rows(fault_id, meaning))
        lines.append("")
    lines.extend(_host_section())
    return "\n".join(lines)


def summary() -> str:
    unproven, absent = not_proven(), [fault_id for fault_id in ABSENT if not proofs_of(fault_id)]
    proven = len(FAULTS) - len(unproven) - len(absent)
    said = f"{proven} of {len(FAULTS)} have a proof; {len(absent)} concern a part that this desk does not have"
    return f"{said} ({', '.join(absent)}). Not proven: {', '.join(unproven) or 'none'}."


def _rows(fault_id: str, meaning: str) -> list[str]:
    switches = ", ".join(f"`{name}`" for name in switches_of(fault_id))
    proofs = proofs_of(fault_id)
    if not proofs:
        absent = ABSENT.get(fault_id)
        said = f"no such part in this desk: {absent.part}" if absent else "**not proven**"
        return [f"| {fault_id} | {meaning} | {switches} | | | {said} |"]
    rows = []
    for number, proof in enumerate(proofs):
        first = (fault_id, meaning, switches) if number == 0 else ("", "", "")
        rows.append(f"| {' | '.join(first)} | {proof.tier} | {proof.bound} | {shown(proof.test)} |")
    return rows


def _host_section() -> list[str]:
    patience_s = PATIENCE_MS // 1000
    lines = ["## What the stock Hummingbot does, and this desk does not\n"]
    lines.append(
        f"A row of `desk drill host` passes when no order is unknown for {patience_s} s, no cancel is without effect\n"
        f"{patience_s} s after the fault is over, no level is quoted twice, the bot quotes again within the bound,\n"
        "and position and fills are equal at venue, gateway and bot.\n"
    )
    lines.append("| row | fault | injected | the stock Hummingbot | quoting again within | in `make test` |")
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for row in ROWS:
        quick = "yes" if row.name in QUICK else ""
        cells = (f"`{row.name}`", row.fault_id, row.injected, row.stock, f"{row.bound_s:g} s", quick)
        lines.append(f"| {' | '.join(cells)} |")
    lines.append("\n| the stock Hummingbot | here | proved by |\n| --- | --- | --- |")
    lines.extend(f"| {row.stock} | {row.here} | {shown(row.test)} |" for row in ELSEWHERE)
    return [*lines, ""]
