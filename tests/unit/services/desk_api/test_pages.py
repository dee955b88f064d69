"""One frame serves every browser, and is never older than half a period."""

import json

from services.desk_api.logic import Board, BoardLimits
from services.desk_api.pages import BoardPages
from tests.fakes.page_server import HeldClock


def test_a_frame_is_built_once_per_half_period_however_many_look():
    clock = HeldClock(1_700_000_000_000)
    pages = BoardPages(
        Board(BoardLimits()),
        clock=clock,
        life="life",
        version="1",
        period_ms=500,
        blind_ms=lambda: 0,
        problem=lambda: "",
        metrics=lambda: (b"", ""),
    )
    first = pages.frame()
    clock.advance(249)
    assert pages.frame() is first
    clock.advance(1)
    assert json.loads(pages.frame())["mono_ms"] == json.loads(first)["mono_ms"] + 250
