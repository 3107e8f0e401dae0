"""One table of output formats."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from matcalc.errors import MatcalcError

if TYPE_CHECKING:
    from matcalc.api import Simplified


def _text(answer: Simplified) -> str:
    return str(answer)


def _latex(answer: Simplified) -> str:
    from matcalc.render.latex import latex

    return latex(answer.tree, answer.shapes)


def _json(answer: Any) -> str:
    from matcalc.render.machine import as_dict, as_json, simplified_dict

    return as_json(as_dict(answer) if hasattr(answer, "wrt") else simplified_dict(answer))


def _numpy(answer: Any) -> str:
    from matcalc.render.numpy_code import numpy_code

    return numpy_code(answer)


def _sympy(answer: Any) -> str:
    from matcalc.render.sympy_code import sympy_code

    return sympy_code(answer)


FORMATS: dict[str, Callable[[Any], str]] = {
    "text": _text,
    "latex": _latex,
    "json": _json,
    "numpy": _numpy,
    "sympy": _sympy,
}


def render(answer: Simplified, form: str) -> str:
    """An answer in a format.  Raises MatcalcError (usage) for an unknown one."""
    if form not in FORMATS:
        raise MatcalcError("usage", f"unknown format {form!r}", hint=", ".join(FORMATS))
    return FORMATS[form](answer)
