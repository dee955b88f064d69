"""Randomness: one named stream per concern, all derived from one seed.

A stream is seeded with text, which Python hashes with SHA-512, so it does not depend on PYTHONHASHSEED; and because
every concern has its own, adding one does not shift another.
"""

import random


class Streams:
    """``life`` counts restarts of a durable venue: a new life draws new numbers, a repeated run the same."""

    def __init__(self, seed: int, life: int = 0) -> None:
        self.seed = seed
        self.life = life

    def of(self, *names: str) -> random.Random:
        return random.Random("|".join((str(self.seed), str(self.life), *names)))
