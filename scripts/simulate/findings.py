"""What was found to be wrong: once each, with the time."""

from typing import NamedTuple

from scripts.simulate.world import World


class Violation(NamedTuple):
    invariant: str  # id of the safety catalogue, I1 … I9
    at_ms: int
    what: str

    def text(self) -> str:
        return f"{self.invariant} at {self.at_ms / 1000:.1f} s: {self.what}"


class Findings:
    def __init__(self, world: World) -> None:
        self.violations: list[Violation] = []
        self._world = world
        self._said: set[object] = set()

    def say(self, invariant: str, what: str, about: object = None) -> None:
        """Each finding once; ``about`` names it where its text tells how long it lasts."""
        key = about if about is not None else what
        if (invariant, key) not in self._said:
            self._said.add((invariant, key))
            self.violations.append(Violation(invariant, self._world.elapsed_ms, what))
