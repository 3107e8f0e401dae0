"""matcalc: a matrix-derivative calculator.

>>> import matcalc
>>> str(matcalc.diff("x'Q x + b'x", "x"))
"x' (Q + Q') + b'"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcalc.api import (
        Derivative,
        Expansion,
        Simplified,
        diff,
        perturb,
        shape,
        simplify,
        taylor,
    )
    from matcalc.errors import MatcalcError

__version__ = "0.1.0"
__all__ = [
    "Derivative",
    "Expansion",
    "MatcalcError",
    "Simplified",
    "diff",
    "perturb",
    "shape",
    "simplify",
    "taylor",
]


def __getattr__(name: str) -> Any:
    """The API is loaded when it is first used: ``import matcalc`` costs nothing."""
    if name == "MatcalcError":
        from matcalc.errors import MatcalcError

        return MatcalcError
    if name in __all__:
        from matcalc import api

        return getattr(api, name)
    raise AttributeError(f"module 'matcalc' has no attribute {name!r}")
