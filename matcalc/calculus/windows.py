"""Laws of products at work on factors side by side.

The normal form collects and turns factors; who still has them one by one lets the names of a law
stand for windows, factors that are neighbours, and arranges those as the row says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from matcalc.algebra import normal
from matcalc.algebra.interpret import formula
from matcalc.algebra.ir import Node
from matcalc.language.tree import Add, Call, Multiply, Name, Transpose, Tree

Window = tuple[Node, ...]


@dataclass(frozen=True)
class Arrangement:
    """A product of names, each transposed or not, or the trace of one."""

    factors: tuple[tuple[str, bool], ...]
    traced: bool

    def named(self, *windows: Window) -> dict[str, Window]:
        """What the names stand for where the factors are these."""
        pairs = zip(self.factors, windows, strict=True)
        return {name: turned(window) if flip else window for (name, flip), window in pairs}

    def of(self, windows: Mapping[str, Window]) -> Window:
        """The factors where the names stand for these."""
        return tuple(
            node
            for name, flip in self.factors
            for node in (turned(windows[name]) if flip else windows[name])
        )


def turned(window: Window) -> Window:
    """The transpose of a product."""
    return tuple(normal.transpose(node) for node in reversed(window))


@cache
def arrangements(side: str) -> tuple[Arrangement, ...]:
    """The terms of one side of a law."""
    tree = formula(side)
    terms, signs = (tree.terms, tree.signs) if isinstance(tree, Add) else ((tree,), (1,))
    found = []
    for term, sign in zip(terms, signs, strict=True):
        product = term.args[0] if isinstance(term, Call) else term
        assert isinstance(product, Multiply) and sign == 1, f"{side} is no sum of products"
        found.append(Arrangement(tuple(map(_factor, product.factors)), isinstance(term, Call)))
    return tuple(found)


def _factor(factor: Tree) -> tuple[str, bool]:
    bare = factor.arg if isinstance(factor, Transpose) else factor
    assert isinstance(bare, Name)
    return bare.name, bare is not factor
