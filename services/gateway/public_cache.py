"""Who waits for which public question, and the answers that are still good."""

from typing import NamedTuple

from services.common import venue


class Kept(NamedTuple):
    answer: venue.Answer
    until_mono_ms: int


class PublicAnswers:
    def __init__(self) -> None:
        self.waiting: dict[venue.Request, list[int]] = {}
        self.kept: dict[venue.Request, Kept] = {}
