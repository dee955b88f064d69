"""When resting orders have nobody who looks after them. Pure."""


def why_silent(*, now_ms: int, monotonic_ms: int, book_heard_ms: int, last_plan_ms: int, age_ms_max: int) -> str | None:
    """A reason code when the market stream or the strategy has said nothing for longer than ``age_ms_max``.

    now_ms and book_heard_ms are wall time (0: not connected), monotonic_ms and last_plan_ms monotonic.
    """
    if now_ms - book_heard_ms > age_ms_max:
        return "ORDER_BOOK_STALE"
    if monotonic_ms - last_plan_ms > age_ms_max:
        return "HEARTBEAT_LOST"
    return None
