"""Marks a test as the proof of a limit or rule of the gateway, by its name in the registry.

docs/reference/controls.md lists the proofs it finds; a tidy test refuses a limit without one.
"""

from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])


def proves(*names: str) -> Callable[[Test], Test]:
    """``names`` are limit or rule names of services/gateway/limits/registry.py."""

    def mark(test: Test) -> Test:
        test.proves = names  # type: ignore[attr-defined]
        return test

    return mark
