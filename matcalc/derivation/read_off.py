"""Reading off: what <G, dX> is for each pair of shapes, and what is said of it.

f by ...   scalar      vector x              matrix X
scalar     df = f' dt  df = g dx             df = tr(G' dX)
vector     df = f' dt  df = J dx             vec df = J vec dX
matrix     df = f' dt  vec df = J dx         vec df = J vec dX
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from matcalc.algebra import normal
from matcalc.algebra.ir import Node, Symbol
from matcalc.answer import Derivative
from matcalc.calculus.windows import arrangements
from matcalc.derivation.steps import times, traced, transposed
from matcalc.language.tree import Call, Name, Tree
from matcalc.present.presenter import Presenter
from matcalc.tables.laws import LAWS


@dataclass(frozen=True)
class ReadOff:
    """The last steps of a derivation."""

    result: Derivative
    variable: Symbol
    moving: Symbol
    presenter: Presenter

    @property
    def _is_gradient(self) -> bool:
        return self.result.layout == "gradient"

    def needs_vec(self, F: Node) -> bool:
        """Is the derivative the matrix of vec F by vec X?"""
        x = self.variable.shape
        flat = F.shape.is_scalar or (F.shape.is_vector and x.is_vector)
        return not (x.is_scalar or flat)

    def inner(self, G: Node, F: Node) -> Tree:
        """<G, dX>: the linear map whose matrix is G, applied to dX."""
        x, dX = self.variable.shape, Name(self.moving.name)
        whole = self.result.tree if G is self.result.node else self.presenter.present(G)
        if x.is_scalar:
            return times(whole, dX)
        if F.shape.is_scalar:
            if not x.is_column:
                return self.trace(G, self.moving)
            row = G.shape == x.T and not (G.shape == x and self._is_gradient)
            return times(whole if row else self.presenter.present(normal.transpose(G)), dX)
        if F.shape.is_vector and x.is_vector:
            column = times(whole, transposed(dX) if x.is_row else dX)
            return transposed(column) if F.shape.is_row else column
        column = times(whole, dX if x.is_column else Call("vec", (dX,)))
        if F.shape.is_column:
            return column
        return Call("unvec", (column, *(self.presenter.trees.dim(size) for size in F.shape)))

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
        if shape.is_scalar:
            return f"df = f' {dx}"
        if self.result.structure == "cookbook":
            return f"the entries of {x} on and below the diagonal are the variables (MC 138)"
        if F.shape.is_scalar and not shape.is_column:
            return f"df = tr(G' {dx}) for every {dx}, so G is the derivative, of the shape of {x}"
        if F.shape.is_scalar and self._is_gradient:
            return f"df = g' {dx} for every {dx}, so the column g is the gradient"
        if F.shape.is_scalar:
            return f"df = g {dx} for every {dx}, so the row g is the derivative"
        if self.result.order == 2 and shape.is_column:
            return f"df = H {dx} for every {dx}, so H is the second derivative"
        if F.shape.is_vector and shape.is_vector:
            return f"df = J {dx} for every {dx}, so J is the Jacobian"
        left = "df" if F.shape.is_vector else "vec df"
        right = dx if shape.is_column else f"vec {dx}"
        return f"{left} = J {right} for every {dx}, so J is the Jacobian"
