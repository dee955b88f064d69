"""docs/reference/capabilities.md: rows of the capability inventory, what each is here, and what shows it."""

from collections.abc import Mapping

from scripts.desk.capability import Capability
from scripts.desk.capability_proofs import CAPABILITIES, GROUPS
from scripts.desk.places import REPO
from scripts.desk.proof_tests import is_there, shown

Groups = Mapping[str, Mapping[str, Capability]]


def missing_tests() -> list[str]:
    """Tests that are named as a proof and do not exist."""
    named = {test for capability in CAPABILITIES.values() for test in capability.proofs}
    return sorted(test for test in named if "::" in test and not is_there(test))


def missing_places() -> list[str]:
    """Modules that are named and do not exist."""
    return sorted({place for one in CAPABILITIES.values() for place in one.where if not (REPO / place).exists()})


def capabilities_page(header: str, groups: Groups = GROUPS) -> str:
    lines = [header, "# Capabilities\n"]
    lines.append(
        "Rows of the capability inventory: what each is in this desk, where it is written, the tests and commands\n"
        "that show it, and what of the row is deliberately not here. A row counts as met when its purpose and its\n"
        "evidence are, also where the design has another mechanism. That a test passes is what `make test` is for.\n"
    )
    lines.append(f"{_summary(groups)}\n")
    for title, rows in groups.items():
        lines.append(f"## {title}\n")
        lines.append("| id | capability | what it is here | where | proved by | deliberately not here |")
        lines.append("| --- | --- | --- | --- | --- | --- |")
        lines.extend(_row(row, capability) for row, capability in rows.items())
        lines.append("")
    return "\n".join(lines)


def _summary(groups: Groups) -> str:
    rows = {row: capability for group in groups.values() for row, capability in group.items()}
    unproven = [row for row, capability in rows.items() if not capability.proofs]
    return f"{len(rows) - len(unproven)} of {len(rows)} have a proof. Not proven: {', '.join(unproven) or 'none'}."


def _row(row: str, capability: Capability) -> str:
    where = "<br>".join(f"[{place}](../../{place})" for place in capability.where)
    proofs = "<br>".join(map(shown, capability.proofs)) or "**not proven**"
    cells = (row, capability.title, capability.here, where, proofs, capability.not_here)
    return f"| {' | '.join(cells)} |"
