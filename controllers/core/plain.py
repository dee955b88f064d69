"""Frozen values to and from JSON-able plain ones, by their type hints. Nothing is rounded: a Decimal becomes its text.

``to_plain`` knows NamedTuples, Decimals, tuples, dicts with text keys, str, int, bool and None. ``from_plain`` reads
what it wrote, fills a field that is missing from the field's default (an older writer) and ignores one it does not
know (a newer writer).
"""

import types
import typing
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal


class PlainError(ValueError):
    """``path: what was found, what is allowed``."""


def to_plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        if names is None:
            return [to_plain(item) for item in value]
        return {name: to_plain(item) for name, item in zip(names, value, strict=True)}
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    raise PlainError(f"{type(value).__name__} has no plain form")


def from_plain(kind: Any, data: Any, path: str = "$") -> Any:
    """Build a value of type ``kind``. Raises PlainError with the path of what is wrong."""
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _from_union(kind, data, path)
    if origin is Literal:
        if data not in typing.get_args(kind):
            raise PlainError(f"{path}: {data!r} is not one of {typing.get_args(kind)}")
        return data
    if origin is tuple:
        return _from_list(kind, data, path)
    if origin is dict:
        if not isinstance(data, dict):
            raise PlainError(f"{path}: expected an object, found {type(data).__name__}")
        item_kind = typing.get_args(kind)[1]
        return {str(key): from_plain(item_kind, item, f"{path}.{key}") for key, item in data.items()}
    if hasattr(kind, "_fields"):
        return _from_object(kind, data, path)
    return _from_scalar(kind, data, path)


def _from_union(kind: Any, data: Any, path: str) -> Any:
    options = typing.get_args(kind)
    if data is None and type(None) in options:
        return None
    for option in options:
        if option is type(None):
            continue
        try:
            return from_plain(option, data, path)
        except PlainError:
            continue
    raise PlainError(f"{path}: {data!r} fits none of {options}")


def _from_list(kind: Any, data: Any, path: str) -> Any:
    if not isinstance(data, list):
        raise PlainError(f"{path}: expected a list, found {type(data).__name__}")
    args = typing.get_args(kind)
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(from_plain(args[0], item, f"{path}[{index}]") for index, item in enumerate(data))
    if len(data) != len(args):
        raise PlainError(f"{path}: expected {len(args)} items, found {len(data)}")
    return tuple(from_plain(arg, item, f"{path}[{i}]") for i, (arg, item) in enumerate(zip(args, data, strict=True)))


def _from_object(kind: Any, data: Any, path: str) -> Any:
    if not isinstance(data, dict):
        raise PlainError(f"{path}: expected an object, found {type(data).__name__}")
    hints = _hints(kind)
    values = {name: from_plain(hints[name], data[name], f"{path}.{name}") for name in kind._fields if name in data}
    missing = [name for name in kind._fields if name not in values and name not in kind._field_defaults]
    if missing:
        raise PlainError(f"{path}: {', '.join(missing)} missing")
    return kind(**values)


def _from_scalar(kind: Any, data: Any, path: str) -> Any:
    if kind is Decimal:
        try:
            number = Decimal(data) if isinstance(data, str) else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite():
            raise PlainError(f"{path}: expected a finite decimal as text, found {data!r}")
        return number
    if kind is bool or kind is str:
        if not isinstance(data, kind):
            raise PlainError(f"{path}: expected {kind.__name__}, found {data!r}")
        return data
    if kind is int:
        if isinstance(data, bool) or not isinstance(data, int):
            raise PlainError(f"{path}: expected int, found {data!r}")
        return data
    raise PlainError(f"{path}: {kind!r} has no plain form")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
