"""Expansions: what the renderers need to know of them, and their LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from matcalc.language.tree import Tree
from matcalc.render.answer import WithTree
from matcalc.render.derivation import LINE, broken, signed
from matcalc.render.latex import latex
from matcalc.render.text import text


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


class ExpansionAnswer(WithTree, Protocol):
    """What is asked of an expansion."""

    @property
    def kind(self) -> str: ...
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
    def to(self, form: str) -> str: ...


def aligned(expansion: ExpansionAnswer) -> str:
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
