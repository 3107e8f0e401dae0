"""Expansions in every format: text, LaTeX, JSON, and a page for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from matcalc.errors import MatcalcError
from matcalc.language.tree import Tree
from matcalc.render.derivation import LINE, broken, signed
from matcalc.render.latex import latex
from matcalc.render.machine import SCHEMA, as_json, symbol_rows
from matcalc.render.text import text

if TYPE_CHECKING:
    from matcalc.language.infer import SymbolInfo


class OrderOf(Protocol):
    """The terms of one order."""

    @property
    def order(self) -> int: ...
    @property
    def tree(self) -> Tree: ...
    @property
    def text(self) -> str: ...
    @property
    def latex(self) -> str: ...


class ExpansionAnswer(Protocol):
    """What is asked of an expansion."""

    @property
    def kind(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def wrt(self) -> str: ...
    @property
    def perturbation(self) -> str: ...
    @property
    def orders(self) -> Sequence[OrderOf]: ...
    @property
    def left_out(self) -> Tree | None: ...
    @property
    def remainder(self) -> str: ...
    @property
    def tree(self) -> Tree: ...
    @property
    def symbols(self) -> Sequence[SymbolInfo]: ...
    @property
    def notes(self) -> Sequence[str]: ...


def render(expansion: ExpansionAnswer, form: str) -> str:
    """An expansion in a format.  Raises MatcalcError (usage) for an unknown one."""
    match form:
        case "text":
            return text(expansion.tree)
        case "latex":
            return _latex(expansion)
        case "json":
            return as_json(as_dict(expansion))
    raise MatcalcError(
        "usage", f"an expansion cannot be written as {form}", hint="text, latex or json"
    )


def as_dict(expansion: ExpansionAnswer) -> dict[str, Any]:
    """The document of an expansion."""
    return {
        "schema": SCHEMA,
        "input": {"expression": expansion.source, "wrt": expansion.wrt},
        "symbols": symbol_rows([expansion]),
        "perturbation" if expansion.kind == "perturb" else "at": expansion.perturbation,
        "orders": [
            {"order": part.order, "text": part.text, "latex": part.latex}
            for part in expansion.orders
        ],
        "remainder": expansion.remainder,
        "result": {"text": text(expansion.tree), "latex": _latex(expansion)},
        "notes": list(expansion.notes),
    }


def _latex(expansion: ExpansionAnswer) -> str:
    """One line, or one line for each order in an ``aligned`` block."""
    lines: list[str] = []
    for part in expansion.orders:
        first, *more = broken(part.tree, {})
        lines += [signed(first) if lines else first, *more]
    if expansion.left_out is not None:
        left_out = latex(expansion.left_out)
        tall = r"\left" in left_out or r"\frac" in left_out
        lines.append(rf"+ O\left({left_out}\right)" if tall else f"+ O({left_out})")
    if len(text(expansion.tree)) <= LINE:
        return " ".join(lines)
    body = " \\\\\n".join(f"& {line if i == 0 else '{}' + line}" for i, line in enumerate(lines))
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
