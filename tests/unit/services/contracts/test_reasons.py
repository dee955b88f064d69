from services.contracts import reasons


def test_every_code_is_spelled_in_capitals_once_with_a_meaning_and_a_next_step() -> None:
    rows = [row for rows in reasons._FAMILIES.values() for row in rows]
    assert len(rows) == len(reasons.REASONS), "a code stands twice"
    for code, meaning, next_step in rows:
        assert code == code.upper().replace(" ", "_")
        assert meaning and next_step


def test_the_codes_of_the_allow_list_are_registered() -> None:
    required = [
        "HA_LOCK_LOST",
        "FLAT_ALL_EXECUTED",
        "GAP_HALT",
        "PARTIAL_FILL",
        "RISK_ADAPT_APPLIED",
        "CORR_BLOCK",
        "NUCLEAR_LOCKED",
        "NUCLEAR_RESUMED",
        "RATE_LIMIT_EXCEEDED",
        "COOLDOWN_ACTIVE",
        "NOTIONAL_LIMIT",
        "DAILY_LOSS_LIMIT",
        "SPREAD_SPIKE",
        "PRICE_IMPACT_HIGH",
        "KILL_SWITCH_ACTIVE",
        "NORMAL_STATE",
        "DD_PORTFOLIO_BREACH",
        "DD_SYMBOL_BREACH",
        "REDUCE_RISK_ALLOWED",
        "CANCEL_ALWAYS_ALLOWED",
        "DRAWDOWN_LIMIT",
        "MANUAL",
        "ERROR",
        "EXEC_QTY_BELOW_MIN_QTY",
        "EXEC_L2_STALE",
        "NOT_LEADER",
    ]
    assert [code for code in required if not reasons.is_registered(code)] == []


def test_a_text_names_code_value_and_limit() -> None:
    assert reasons.text("ORDER_VALUE_LIMIT", value=1200, limit=1000) == "ORDER_VALUE_LIMIT: value=1200, limit=1000"


def test_an_unregistered_code_says_where_to_add_it() -> None:
    assert "reasons.py" in reasons.next_step("NEVER_HEARD_OF")


def test_no_code_that_was_published_is_renamed_or_taken_away(check_golden) -> None:
    """RSK-04: readers of old files, runbooks and other people's scripts know them. One code a line; a new one is added
    to the file with pytest --update-golden, a line that goes away wants a reason."""
    check_golden("contracts/reason_codes.txt", "\n".join(sorted(reasons.REASONS)) + "\n")
