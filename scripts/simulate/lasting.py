"""How long something has been so, without a break."""

from collections.abc import Hashable, Iterable, Iterator


class Lasting:
    """Looked at again and again; a time that does not go back. What is not named once begins anew."""

    def __init__(self) -> None:
        self._since_ms: dict[Hashable, int] = {}

    def look(self, keys: Iterable[Hashable], now_ms: int) -> None:
        """All that is so now."""
        since_ms = self._since_ms
        self._since_ms = {key: since_ms.get(key, now_ms) for key in keys}

    def longer_than(self, bound_ms: int, now_ms: int, calm_since_ms: int) -> Iterator[tuple[Hashable, int]]:
        """(key, for how long) of what lasts longer, not counting the time before ``calm_since_ms``."""
        for key, since_ms in self._since_ms.items():
            lasts_ms = now_ms - max(since_ms, calm_since_ms)
            if lasts_ms > bound_ms:
                yield key, lasts_ms

    def clear(self) -> None:
        self._since_ms = {}
