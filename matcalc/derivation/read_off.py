"""Reading off: what <G, dX> is for each pair of shapes, and what is said of it.

f by ...   scalar      vector x              matrix X
scalar     df = f' dt  df = g' dx            df = tr(G' dX)
vector     df = f' dt  df = J dx             vec df = J vec dX
matrix     df = f' dt  vec df = J dx         vec df = J vec dX

The derivative is in its plain form here; what is said is said of what the layout makes of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from matcalc.algebra import normal
from matcalc.algebra.ir import Node, Symbol
from matcalc.answer import Derivative
from matcalc.calculus.windows import arrangements
from matcalc.derivation.steps import times, traced, transposed
from matcalc.language.tree import Call, Tree
from matcalc.present.presenter import Presenter
from matcalc.tables.laws import LAWS
from matcalc.tables.layouts import Cell


@dataclass(frozen=True)
class ReadOff:
    """The last steps of a derivation."""

    result: Derivative
    cell: Cell
    variable: Symbol
    moving: Symbol
    presenter: Presenter

    def inner(self, D: Node, F: Node, moving: Node | None = None) -> Tree:
        """<D, dX>: the linear map whose matrix is D, applied to dX or what is given."""
        x, node = self.variable.shape, moving or self.moving
        dX = self.presenter.present(node)
        if x.is_scalar:
            return times(self._shown(D), dX)
        if F.shape.is_scalar:
            if not x.is_column:
                return self.trace(D, node)
            return times(self._shown(normal.transpose(D)), dX)
        if F.shape.is_vector and x.is_vector:
            column = times(self._shown(D), transposed(dX) if x.is_row else dX)
            return transposed(column) if F.shape.is_row else column
        column = times(self._shown(D), dX if x.is_column else Call("vec", (dX,)))
        if F.shape.is_column:
            return column
        return Call("unvec", (column, *(self.presenter.trees.dim(size) for size in F.shape)))

    def _shown(self, D: Node) -> Tree:
        return self.result.tree if D is self.result.node else self.presenter.present(D)

    def trace(self, G: Node, moving: Node) -> Tree:
        """tr(G' dX)."""
        (form,) = arrangements(LAWS["read-off"].left)
        factors = form.of({"G": (G,), "dX": (moving,)})
        assert normal.trace(normal.mul(*factors)) is normal.trace(
            normal.mul(normal.transpose(G), moving)
        )
        return traced(reduce(times, map(self.presenter.present, factors)))

    def words(self, F: Node) -> str:
        """Which identity determines the derivative."""
        x, dx, shape = self.variable.name, self.moving.name, self.variable.shape
        structure = self.result.structure
        if structure == "cookbook":
            return f"the entries of {x} on and below the diagonal are the variables (MC 138)"
        letter, so = self.cell.letter, self.cell.so.format(x=x)
        if self.result.order == 2 and shape.is_column and so and not F.shape.is_scalar:
            letter, so = "H", "H is the second derivative"
        flat = F.shape.is_vector or not self.result.by_vec
        moving = f"vec {dx}" if self.result.by_vec and not shape.is_column else dx
        said = self.cell.defined(letter, "df" if flat else "vec df", moving)
        every = dx if structure == "independent" else f"{structure} {dx}"
        return f"{said} for every {every}, so {so}" if so else said
