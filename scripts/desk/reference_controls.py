"""docs/reference/controls.md: every limit and rule of the gateway, its figure, the control it answers, and its proof.

The proof is found, never typed: tests say `@proves("<limit or rule>")`, and this page reads them from the source.
"""

import ast
from decimal import Decimal
from typing import NamedTuple

from scripts.desk.places import REPO
from services.contracts.reasons import next_step
from services.gateway.limits.policy import Policy, load_policy
from services.gateway.limits.registry import LIMITS, RULES, SCOPES, Limit

POLICY = REPO / "data" / "policies" / "limits.yml"
TESTS = REPO / "tests" / "unit" / "services" / "gateway"


class Proof(NamedTuple):
    path: str  # from the repository
    test: str


def proofs() -> dict[str, list[Proof]]:
    """Limit or rule name -> the tests that say they prove it."""
    found: dict[str, list[Proof]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for name in _proved(node):
                found.setdefault(name, []).append(Proof(str(path.relative_to(REPO)), node.name))
    return found


def controls_page(header: str) -> str:
    policy, found = load_policy(POLICY), proofs()
    lines = [header, "# Pre-trade controls of the gateway\n"]
    lines.append(
        "For one order the tightest figure of bot, account, venue and desk holds; all orders are counted at once."
        " Control ids: K1-K8 from the Knight Capital order, RTS6 articles of Regulation 2017/589, I1-I12 invariants.\n"
    )
    lines.append("## Limits with a figure (data/policies/limits.yml)\n")
    lines.append("| limit | unit | figures | control | refused with | what | proved by |")
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    for limit in LIMITS:
        cells = (
            f"`{limit.name}`",
            limit.unit,
            _figures(policy, limit),
            ", ".join(limit.controls),
            f"`{limit.reason}`",
            limit.meaning,
            _proof_cell(found.get(limit.name, [])),
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines.append("\n## Rules without a figure\n")
    lines.append("| rule | control | refused with | what | next step | proved by |")
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for rule in RULES:
        row = (
            rule.name,
            ", ".join(rule.controls),
            f"`{rule.reason}`",
            rule.meaning,
            next_step(rule.reason),
            _proof_cell(found.get(rule.name, [])),
        )
        lines.append(f"| {' | '.join(row)} |")
    lines.append("\n## Instruments\n")
    lines.append("| pair | largest order, base |\n| --- | --- |")
    lines.extend(f"| {pair} | {figures.order_qty_base_max} |" for pair, figures in policy.instruments.items())
    return "\n".join(lines) + "\n"


def _figures(policy: Policy, limit: Limit) -> str:
    figures: list[str] = []
    for scope in SCOPES:
        value = policy.by_scope.get(scope, {}).get(limit.name)
        if value is not None:
            figures.append(f"{scope} {_plain(value)}")
    return ", ".join(figures)


def _plain(value: Decimal) -> str:
    return format(value, "f")


def _proof_cell(tests: list[Proof]) -> str:
    return "<br>".join(f"`{proof.test}`" for proof in tests) or "**nothing**"


def _proved(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    names: list[str] = []
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "proves":
            names.extend(str(argument.value) for argument in decorator.args if isinstance(argument, ast.Constant))
    return names
