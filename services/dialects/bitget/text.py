"""Numbers as the wire writes them: plain decimal text, empty where the venue leaves a field empty."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

ZERO = Decimal(0)


class NotReadable(ValueError):
    """A field is missing or not of its form; the text says which."""


def plain(value: Decimal) -> str:
    """No exponent: 1E+2 is written 100."""
    return format(value, "f")


def decimal_of(row: Mapping[str, Any], field: str, default: Decimal | None = None) -> Decimal:
    """A finite decimal. ``default`` stands for a missing or empty field; without one such a field is not readable."""
    value = row.get(field)
    if value is None or value == "":
        if default is None:
            raise NotReadable(f"{field} is empty")
        return default
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise NotReadable(f"{field}={value!r} is not a number") from None
    if not number.is_finite():
        raise NotReadable(f"{field}={value!r} is not a finite number")
    return number


def int_of(row: Mapping[str, Any], field: str, default: int | None = None) -> int:
    value = row.get(field)
    if value is None or value == "":
        if default is None:
            raise NotReadable(f"{field} is empty")
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise NotReadable(f"{field}={value!r} is not a whole number") from None


def str_of(row: Mapping[str, Any], field: str, default: str | None = None) -> str:
    value = row.get(field)
    if value is None or value == "":
        if default is None:
            raise NotReadable(f"{field} is empty")
        return default
    return str(value)
