"""The arithmetic of the entries: SymPy expressions of scalars, for proofs.

The same interface as ``scalars.Numbers``, and matrices of symbols that have the declared
properties. Absolute values, signs and steps are written with one function sgn, of derivative zero
and square one, which holds almost everywhere and keeps entries rational in it.  Abstract
functions are families of SymPy functions, one for each component and multi-index of
differentiation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from matcalc.tables.functions import Function
from matcalc.verify.matrix import Entry, Matrix
from matcalc.verify.sample import Variable, follow, form, rows_of
from matcalc.verify.scalars import Eigenpair, Formulas, OutsideDomain


class Unprovable(ValueError):
    """SymPy cannot (or would take too long to) decide."""


class Symbols:
    """The arithmetic of ``scalars.Numbers`` over SymPy expressions."""

    def __init__(self) -> None:
        import sympy

        self.sympy = sympy
        self.zero: Entry = sympy.Integer(0)
        self.one: Entry = sympy.Integer(1)
        self.pi: Entry = sympy.pi
        self.formulas = Formulas(_Namespace(), self)

    def number(self, text: str) -> Entry:
        return self.sympy.Rational(text)

    def convert(self, value: Any) -> Entry:
        return self.sympy.sympify(value)

    def integer(self, entry: Entry) -> int | None:
        return int(entry) if entry.is_Integer else None

    def regular(self, X: Matrix) -> Matrix:
        return X

    def dot(self, row: Sequence[Entry], column: Sequence[Entry]) -> Entry:
        return self.sympy.Add(*(a * b for a, b in zip(row, column)))

    def divide(self, a: Entry, b: Entry) -> Entry:
        if b == 0:
            raise OutsideDomain("division by zero")
        return a / b

    def power(self, base: Entry, exponent: Entry) -> Entry:
        return base**exponent

    def apply(self, row: Function, *entries: Entry) -> Entry:
        """An element-wise function, by its ``sympy`` column."""
        if not row.sympy:
            raise Unprovable(f"SymPy has no {row.name}")
        if "{0}" not in row.sympy:
            return getattr(self.sympy, row.sympy)(*entries)
        names = dict(zip(row.parameters, entries, strict=True))
        return eval(row.sympy.format(*names), vars(self.sympy), names)

    def call(self, row: Function, args: Sequence[Matrix], sizes: Sequence[int] = ()) -> Matrix:
        """A function of whole matrices, by its ``mpmath`` column."""
        try:
            return self.formulas.call(row, args, sizes)
        except TypeError as error:  # max of symbols
            raise Unprovable(f"{row.name} needs to compare entries") from error

    def real(self, entry: Entry) -> Entry:
        """|u| = sgn(u) u and the like, with a sgn whose derivative is zero."""
        sympy, sgn = self.sympy, sgn_class()
        entry = sympy.sympify(entry)
        if not entry.has(sympy.Abs, sympy.sign, sympy.Heaviside, sympy.Max, sympy.Min):
            return entry
        entry = entry.replace(sympy.Abs, lambda u: sgn(u) * u)
        entry = entry.replace(sympy.sign, sgn)
        entry = entry.replace(sympy.Heaviside, lambda u, *_: (1 + sgn(u)) / 2)
        entry = entry.replace(sympy.Max, lambda u, v: (u + v + sgn(u - v) * (u - v)) / 2)
        return entry.replace(sympy.Min, lambda u, v: (u + v - sgn(u - v) * (u - v)) / 2)

    def det(self, X: Matrix) -> Entry:
        """By the first row; the sizes are two and three."""
        if X.rows == 1:
            return X.entries[0]
        if X.rows > 4:
            raise Unprovable("the determinants are too large for SymPy")
        terms = ((-1) ** j * X[0, j] * self.det(_minor(X, 0, j)) for j in range(X.cols))
        return self.sympy.Add(*terms)

    def inverse(self, X: Matrix) -> Matrix:
        """The adjugate over the determinant."""
        d = self.det(X)
        if d == 0:
            raise OutsideDomain("the inverse of a singular matrix")
        if X.rows == 1:
            return Matrix(1, 1, (1 / d,))

        def entry(i: int, j: int) -> Entry:
            return (-1) ** (i + j) * self.det(_minor(X, j, i)) / d

        return Matrix.build(X.rows, X.rows, entry)

    def of_matrix(self, name: str, X: Matrix) -> Matrix:
        raise Unprovable(f"{name} has no formula in the entries")

    def eigen(self, A: Matrix) -> list[Eigenpair]:
        raise Unprovable("eigenvalues have no formula in the entries")

    def free(self, name: str, shape: tuple[int, int], **assumptions: bool) -> Matrix:
        """A matrix of independent symbols."""

        def entry(i: int, j: int) -> Entry:
            return self.sympy.Symbol(f"{name}_{i + 1}_{j + 1}", real=True, **assumptions)

        return Matrix.build(*shape, entry)

    def matrix(self, name: str, info: Variable, sizes: Mapping[str, int]) -> Any:
        """A matrix of symbols that has the declared properties, or an abstract function."""
        rows, cols = (dim.value(dict(sizes)) for dim in info.shape)
        if info.kind == "function":
            return lambda x: Matrix.build(rows, 1, lambda i, _: _component(name, i, ())(*x))
        facts = rows_of(info.facts)
        X = self.free(name, (rows, cols), **{row.name: True for row in facts if row.entry})
        recipe = form(facts, rows) if rows == cols else ()
        if recipe is None:
            raise Unprovable(f"{name} has no entries in closed form")
        return follow(recipe, X, self)

    def jacobian(self, name: str, info: Variable, sizes: Mapping[str, int]) -> Any:
        """Df of an abstract f: the partial derivatives of its components, themselves abstract."""
        rows, cols = (dim.value(dict(sizes)) for dim in info.shape)
        return lambda x: Matrix.build(rows, cols, lambda i, j: _component(name, i, (j,))(*x))


class _Namespace:
    """SymPy under the names that the ``mpmath`` column uses."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        import sympy

        if name == "fsum":
            return lambda terms: sympy.Add(*terms)
        function: Callable[..., Any] = getattr(sympy, name)
        return function


def _minor(X: Matrix, i: int, j: int) -> Matrix:
    def entry(p: int, q: int) -> Entry:
        return X[p + (p >= i), q + (q >= j)]

    return Matrix.build(X.rows - 1, X.cols - 1, entry)


@cache
def _component(name: str, i: int, by: tuple[int, ...]) -> Any:
    """Component i of an abstract function, differentiated ``by`` its arguments (they commute)."""
    import sympy

    def fdiff(self: Any, argindex: int = 1) -> Any:
        return _component(name, i, tuple(sorted((*by, argindex - 1))))(*self.args)

    title = "_".join([name, str(i), *map(str, by)])
    return type(title, (sympy.Function,), {"fdiff": fdiff, "is_extended_real": True})


@cache
def sgn_class() -> Any:
    """The sign as a function whose derivative is zero and whose square is one."""
    import sympy

    def evaluate(cls: Any, u: Any) -> Any:
        if u.is_positive or u.is_negative:
            return sympy.Integer(1 if u.is_positive else -1)
        return -cls(-u) if u.could_extract_minus_sign() else None

    methods = {"eval": classmethod(evaluate), "fdiff": lambda self, argindex=1: sympy.Integer(0)}
    return type("sgn", (sympy.Function,), {**methods, "is_extended_real": True})
