"""THE LAYOUT TABLE: how a derivative is written down, a row per layout, a cell per pair of shapes.

D is a derivative in its plain form: by a scalar that of every entry, of the shape of F; of a scalar
the gradient, of the shape of X; else the Jacobian of vec F by vec X, pq x mn for F p x q and X
m x n.  A cell says what is made of D, and the equation that the answer then fulfils.  Both the
calculus and the judge run the cells.

"numerator" and "denominator" are those of Wikipedia, "Matrix calculus", whose tables end with a
matrix by a scalar.  Beyond them "numerator" is the Jacobian of vec F by vec X (J. R. Magnus and H.
Neudecker, Matrix Differential Calculus, 9.4), "denominator" its transpose; so "denominator" is the
transpose of "numerator" throughout, that of a matrix by a scalar as well.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """What is made of D for a pair of shapes.

    ``form``      in matcalc's own language, of D; it is its own inverse
    ``label``     how it is said, of the {layout} and the variable {x}
    ``equation``  what defines the answer {D}: of {df} and {dx}, which may be those of vec F, vec X
    ``letter``    what the answer is called where it is read off, and ``so`` is said of it
    """

    form: str
    label: str
    equation: str
    letter: str
    so: str

    def defined(self, D: str, df: str, dx: str) -> str:
        """The equation, for an answer that is written so."""
        return self.equation.format(D=D, df=df, dx=dx)


_ENTRIES = Cell("D", "entry by entry", "{df} = {D} {dx}", "f'", "")
_ENTRIES_TURNED = Cell(
    "D'",
    "{layout}, transposed",
    "{df} = {D}' {dx}",
    "g",
    "g is the derivative, transposed",
)
_ROW = Cell("D'", "{layout}, a row", "{df} = {D} {dx}", "g", "the row g is the derivative")
_COLUMN = Cell("D", "{layout}, a column", "{df} = {D}' {dx}", "g", "the column g is the gradient")
_SHAPE = Cell(
    "D",
    "{layout}, the shape of {x}",
    "{df} = tr({D}' {dx})",
    "G",
    "G is the derivative, of the shape of {x}",
)
_SHAPE_TURNED = Cell(
    "D'",
    "{layout}, the shape of {x}'",
    "{df} = tr({D} {dx})",
    "G",
    "G is the derivative, of the shape of {x}'",
)
_JACOBIAN = Cell("D", "{layout}", "{df} = {D} {dx}", "J", "J is the Jacobian")
_JACOBIAN_TURNED = Cell(
    "D'",
    "{layout}, the transpose of the Jacobian",
    "{df} = {D}' {dx}",
    "J",
    "J is the transpose of the Jacobian",
)


@dataclass(frozen=True)
class Layout:
    """One row.

    ``by_scalar``         anything by a scalar
    ``scalar_by_column``  a scalar by a column
    ``scalar_by_matrix``  a scalar by a matrix, or by a row
    ``otherwise``         of vectors and matrices by vectors and matrices
    """

    name: str
    doc: str
    by_scalar: Cell
    scalar_by_column: Cell
    scalar_by_matrix: Cell
    otherwise: Cell

    def cell(self, value: tuple[bool, bool], variable: tuple[bool, bool]) -> Cell:
        """The cell for two shapes, given as whether there is one row, and one column."""
        if all(variable):
            return _ENTRIES if all(value) else self.by_scalar
        if all(value):
            return self.scalar_by_column if variable[1] else self.scalar_by_matrix
        return self.otherwise


_ROWS = (
    Layout("jacobian", "a scalar by a vector is a row", _ENTRIES, _ROW, _SHAPE, _JACOBIAN),
    Layout("gradient", "a scalar by a vector is a column", _ENTRIES, _COLUMN, _SHAPE, _JACOBIAN),
    Layout(
        "numerator",
        "a scalar by a vector is a row, by a matrix of the shape of its transpose",
        _ENTRIES,
        _ROW,
        _SHAPE_TURNED,
        _JACOBIAN,
    ),
    Layout(
        "denominator",
        "the transpose of numerator",
        _ENTRIES_TURNED,
        _COLUMN,
        _SHAPE,
        _JACOBIAN_TURNED,
    ),
)

LAYOUTS = {row.name: row for row in _ROWS}
#: how a derivative is written: as the matrix of a linear map, or as that map, dF = A dX B
FORMS = ("kron", "differential")
#: the layout in which nothing is turned
PLAIN = "gradient"
