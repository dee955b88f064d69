"""How long to wait before a process that died is started again."""

FIRST_S = 0.5
LONGEST_S = 30.0
FORGIVEN_AFTER_S = 60.0  # a life this long starts the count anew


def restart_delay_s(deaths_in_a_row: int) -> float:
    """0.5 s after the first death, doubling to 30 s. The first is short: a bot without its gateway pulls its quotes."""
    assert deaths_in_a_row >= 1
    return min(FIRST_S * (1 << min(deaths_in_a_row - 1, 10)), LONGEST_S)


def deaths_in_a_row(previous: int, lived_s: float) -> int:
    return 1 if lived_s >= FORGIVEN_AFTER_S else previous + 1
