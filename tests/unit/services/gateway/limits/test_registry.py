"""A limit without a test is not a control."""

from scripts.desk.reference_controls import controls_page, proofs
from services.contracts.reasons import is_registered
from services.gateway.limits.gate import CHECKS
from services.gateway.limits.registry import LIMITS, RULES


def test_every_limit_and_rule_has_a_test_that_says_it_proves_it():
    names = {limit.name for limit in LIMITS} | {rule.name for rule in RULES}
    assert names == set(proofs())


def test_every_refusal_has_a_registered_reason():
    unknown = [row.reason for row in (*LIMITS, *RULES) if not is_registered(row.reason)]
    assert unknown == []


def test_every_check_of_the_chain_says_what_it_is_for():
    assert [check.__name__ for check in CHECKS if not check.__doc__] == []


def test_every_control_of_rts6_article_15_that_is_pre_trade_has_a_limit():
    named = {control for row in (*LIMITS, *RULES) for control in row.controls}
    wanted = {f"RTS6-15({n})" for n in ("2", "3", "4", "5", "6")} | {f"RTS6-15(1)({letter})" for letter in "abcd"}
    assert wanted <= named
    assert {"K1", "K3", "K5", "K8"} <= named


def test_the_page_names_every_limit_with_its_figure():
    page = controls_page("")
    assert "**nothing**" not in page
    assert "bot 1000, account 1000, venue 1000, desk 1000" in page
