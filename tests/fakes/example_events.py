"""One example of every kind of event, and a strategy for any: both built from the types, so a new kind needs nothing
here."""

import types
import typing
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st

from services.contracts.events import Event

EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z


def example(kind: type[Event]) -> Event:
    """Every field filled, the same on every run."""
    return kind(**{field.name: _value(field.name, field.type) for field in msgspec.structs.fields(kind)})


def any_event(kind: type[Event]) -> st.SearchStrategy[Event]:
    return st.builds(kind, **{field.name: _strategy(field.type) for field in msgspec.structs.fields(kind)})


def _value(name: str, annotation: Any) -> Any:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return _value(name, next(part for part in arguments if part is not type(None)))
    if origin is typing.Literal:
        return arguments[0]
    if origin is list:
        return [_value(name, arguments[0])]
    if origin is dict:
        return {"key": _value(name, arguments[1])}
    if name == "event_id":
        return "019b7500-0000-7000-8000-000000000001"
    if annotation is int:
        return EPOCH_MS if name.endswith(("_ms", "epoch")) else 7
    return {str: f"<{name}>", Decimal: Decimal("60123.40"), bool: True}[annotation]


def _strategy(annotation: Any) -> st.SearchStrategy[Any]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([st.none() if part is type(None) else _strategy(part) for part in arguments])
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin is list:
        return st.lists(_strategy(arguments[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(st.text(max_size=5), _strategy(arguments[1]), max_size=3)
    return {
        str: st.text(max_size=12),
        int: st.integers(-(2**63), 2**63 - 1),
        bool: st.booleans(),
        Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    }[annotation]
