"""What a number-generic kernel may do with its arguments: + - * /, one floor division by 1, min, max and comparisons.

The same function runs on Decimals (the exact, live path) and, compiled, on float64 (sweeps). Therefore: no literals
but small integers, no abs(), no Decimal(), nothing returned that is not of the caller's number type.
"""

from typing import Any, TypeAlias

# One of Decimal, float or int, the same for all arguments of one call. A type variable would say it too, but mypy does
# not know that Decimal * int is a Decimal for every member of it.
Number: TypeAlias = Any
