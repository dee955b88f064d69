"""What a person sees of a run: a live table on a terminal, lines elsewhere. What is said is also logged.

A terminal that goes away, or a pipe that nobody reads any more, must not end a desk that trades: the screen goes dark.
"""

import sys
from collections.abc import Callable

from rich.console import Console, RenderableType
from rich.live import Live

from services.common.logs import get_logger


class Screen:
    """With ``as_json`` standard output belongs to the summary; lines go to standard error, on a terminal only."""

    def __init__(self, *, as_json: bool, on_terminal: bool) -> None:
        self.is_live = on_terminal and not as_json
        self.console = Console(stderr=as_json, width=None if on_terminal else 140)
        self._prints = not as_json or sys.stderr.isatty()
        self._live: Live | None = None
        self._log = get_logger("desk")

    def say(self, text: str, style: str | None = None) -> None:
        self._log.info("desk.said", text=text)
        if self._prints:
            console = self._live.console if self._live is not None else self.console
            self._draw(lambda: console.print(text, style=style, markup=False, highlight=False))

    def open(self) -> None:
        if self.is_live:
            self._live = Live(console=self.console, auto_refresh=False)
            self._draw(self._live.start)

    def show(self, render: Callable[[], RenderableType]) -> None:
        live = self._live
        if live is not None:
            self._draw(lambda: live.update(render(), refresh=True))

    def close(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            self._draw(live.stop)

    def print(self, renderable: RenderableType) -> None:
        if self._prints:
            self._draw(lambda: self.console.print(renderable))

    def _draw(self, act: Callable[[], object]) -> None:
        try:
            act()
        except OSError as error:
            self._prints = False
            self._live = None
            self._log.warning("desk.screen_lost", error=str(error))
