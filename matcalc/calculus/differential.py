"""The differential: df, linear in dX, by the product rule.

``differential(F, X, dX)`` is the first-order part of F(X + dX) - F(X), as an IR node in which dX
occurs exactly once in each product.  The rule of a function comes from its row in the function
table, that of a product from the law table; here are only those of sums, each occurrence perturbed
on its own, and of powers.  Nothing is expanded, so the result is a DAG about as large as the
expression.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from matcalc.algebra import normal
from matcalc.algebra.interpret import Reader, formula, row_formula
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, fold
from matcalc.calculus.windows import Window, arrangements
from matcalc.errors import MatcalcError, assert_never
from matcalc.language.sizes import Shape
from matcalc.language.syntax import parse
from matcalc.language.tree import Tree
from matcalc.tables.functions import FUNCTIONS, Function
from matcalc.tables.laws import LAWS

_POWERS_WRITTEN_OUT = 64


def differential(F: Node, X: Symbol, dX: Node) -> Node:
    """dF for a perturbation dX of X, of the shape of F.

    Raises MatcalcError (unsupported) where the table has no derivative.
    """
    return _Differential(X, dX).of(F)


def differentials(F: Node, X: Symbol, dX: Node) -> dict[Node, Node]:
    """The differential of every part of F that depends on X."""
    work = _Differential(X, dX)
    work.of(F)
    return {node: d for node, d in work.done.items() if d is not None}


class _Differential:
    def __init__(self, X: Symbol, dX: Node) -> None:
        self.X, self.dX = X, dX
        self.done: dict[Node, Node | None] = {}

    def of(self, F: Node) -> Node:
        found = fold(F, lambda node, _: self._node(node), self.done, _needs)
        return normal.zero(F.shape) if found is None else found

    def _node(self, node: Node) -> Node | None:
        if node is self.X:
            return self.dX
        if all(self.done[child] is None for child in _needs(node)):
            return None
        match node:
            case Sum():
                terms = ((self.done[t], c) for t, c in node.terms)
                found = normal.linear(((d, c) for d, c in terms if d is not None), node.shape)
            case Product():
                found = self._product(node)
            case Apply():
                found = self._apply(node)
            case Number() | Symbol():
                raise AssertionError(f"{type(node).__name__} has no children")
            case _:
                assert_never(node)
        return None if normal.is_zero(found) else found

    def _product(self, node: Product) -> Node:
        coefficient = normal.number(node.coefficient)
        scalars = [normal.power(b, e) for b, e in node.scalars]
        chain = [normal.power(b, e) for b, e in node.chain]
        if not chain and not node.shape.is_scalar:
            chain = [normal.identity(node.shape.rows)]
        factors = [coefficient, *scalars, *chain]
        terms: list[Node] = []
        for i, (b, e) in enumerate(node.scalars + node.chain, start=1):
            if self.done[b] is None and self.done[e] is None:
                continue
            before, here, after = tuple(factors[:i]), factors[i], tuple(factors[i + 1 :])
            for d in self._power(b, e):
                tail = _changed(A=(here,), dA=(d,), B=after)
                terms.append(normal.mul(*_changed(A=before, B=(here, *after), dB=tail)))
        return normal.add(*terms) if terms else normal.zero(node.shape)

    def _power(self, b: Node, e: Node) -> list[Node]:
        """The terms of d(b^e)."""
        db = self.done[b]
        if e is normal.ONE:
            return [] if db is None else [db]
        if b.shape.is_scalar:
            return self._entry_power(b, e)
        k = normal.integer(e)
        if k is None or abs(k) > _POWERS_WRITTEN_OUT:
            raise MatcalcError(
                "unsupported",
                "the derivative of a matrix power with a symbolic or very large exponent is a sum "
                "of that many terms; it has a closed form only as the trace of the power alone",
                hint="use a number up to 64 for the exponent, or tr(X^k)",
            )
        assert db is not None
        if k < 0:  # (b^-1)^-k
            inverse = normal.power(b, normal.MINUS_ONE)
            db, b, k = _formula(FUNCTIONS["inv"], (b,), (db,), b.shape), inverse, -k
        powers = [normal.power(b, normal.number(i)) for i in range(k)]
        return [normal.mul(powers[i], db, powers[k - 1 - i]) for i in range(k)]

    def _apply(self, node: Apply) -> Node:
        if (power := _traced_power(node)) is not None:
            return self._trace_of_power(*power)
        parts = [self.done[arg] for arg in node.args]
        if _moves_linearly(node, parts):
            terms = [
                normal.apply(node.head, (*node.args[:i], d, *node.args[i + 1 :]), node.shape)
                for i, d in enumerate(parts)
                if d is not None
            ]
            return normal.add(*terms)
        match node.head:
            case "block":
                blocks = [
                    normal.zero(arg.shape) if d is None else d
                    for arg, d in zip(node.args, parts, strict=True)
                ]
                return normal.apply("block", blocks, node.shape)
            case "epow":
                return normal.add(*self._entry_power(*node.args))
            case "call":
                f = node.args[0]
                assert isinstance(f, Symbol) and parts[1] is not None
                return _value(f, node.args[1], parts[1])
            case "jacobian":
                raise MatcalcError(
                    "unsupported",
                    "the second derivative of an abstract function has no notation",
                    hint="write the function out, or ask for the first order only",
                )
        return self._table(node, parts)

    def _trace_of_power(self, b: Node, k: Node) -> Node:
        """d tr(b^k) = k tr(b^(k-1) db), for any integer k: db commutes under the trace."""
        db = self.done[b]
        assert db is not None
        down = normal.power(b, normal.sub(k, normal.ONE))
        return normal.mul(k, normal.trace(normal.mul(down, db)))

    def _entry_power(self, b: Node, e: Node) -> list[Node]:
        """The terms of d(b .^ e)."""
        db, de = self.done[b], self.done[e]
        terms = []
        if db is not None:
            down = normal.epow(b, normal.sub(e, normal.ONE))
            terms.append(normal.mul(e, normal.hadamard(down, db)))
        if de is not None:
            log = normal.log(b)
            terms.append(normal.mul(de, normal.hadamard(normal.epow(b, e), log)))
        return terms

    def _table(self, node: Apply, parts: list[Node | None]) -> Node:
        row = FUNCTIONS[node.head]
        if row.is_elementwise and row.derivative:
            (arg,), (d,) = node.args, parts
            assert d is not None
            return normal.hadamard(entry_derivative(row, arg), d)
        if row.differential:
            return _formula(row, node.args, parts, node.shape)
        raise MatcalcError(
            "unsupported",
            f"{row.name} has no derivative in closed form here",
            hint="`matcalc functions` lists those that have one",
        )


def _formula(
    row: Function, args: Sequence[Node], parts: Sequence[Node | None], value: Shape
) -> Node:
    """The ``differential`` of a row, where the differentials of its arguments are ``parts``."""
    changes = {
        f"d{name}": normal.zero(arg.shape) if d is None else d
        for name, arg, d in zip(row.parameters, args, parts, strict=True)
    }
    return row_formula(row, row.differential, args, value, **changes)


@cache
def stated(side: str, where: tuple[str, ...]) -> Tree:
    """A side of a law of abstract functions, which are declared."""
    return parse(side, where).tree


def _changed(**windows: Window) -> Window:
    """The term of the product rule in which the factor changes of which the change is given."""
    (term,) = (
        term
        for term in arrangements(LAWS["product"].right)
        if all(name in windows for name, _ in term.factors)
    )
    return term.of(windows)


def _value(f: Symbol, x: Node, dx: Node) -> Node:
    """The change of the value of an abstract function."""
    law = LAWS["perturb"]
    return Reader({"f": f, "x": x, "dx": dx}, {}).read(stated(law.right, law.where))


def entry_derivative(row: Function, arg: Node) -> Node:
    """The derivative of an element-wise function at every entry of ``arg``."""
    names = {row.parameters[0]: arg}
    slope = Reader(names, {}, entrywise=True).read(formula(row.derivative))
    if slope.shape == arg.shape:
        return slope
    return normal.mul(slope, normal.ones_matrix(arg.shape))


def is_multilinear(node: Node) -> bool:
    """Is a node a function that is linear in each of its arguments?"""
    return normal.is_linear(node) or (
        isinstance(node, Apply) and node.head in ("transpose", "hadamard")
    )


def _moves_linearly(node: Apply, parts: Sequence[Node | None]) -> bool:
    """Is a node linear in each of its arguments that change?"""
    row = FUNCTIONS.get(node.head)
    if row is None:
        return is_multilinear(node)
    return all(row.is_linear_in(i) for i, d in enumerate(parts) if d is not None)


def _needs(node: Node) -> tuple[Node, ...]:
    """The nodes whose differentials that of a node is made of."""
    return _traced_power(node) or node.children


def _traced_power(node: Node) -> tuple[Node, Node] | None:
    """(A, k) for tr(A^k) with k not a number."""
    inside = normal.inside_trace(node)
    if not isinstance(inside, Product) or len(inside.chain) != 1:
        return None
    base, e = inside.chain[0]
    bare = inside.coefficient == 1 and not inside.scalars
    return (base, e) if bare and not isinstance(e, Number) else None
