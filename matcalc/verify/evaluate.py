"""The value of an expression, by direct interpretation of its surface tree.

Independent of the core on purpose: it reads what was typed (or printed) from left to right, knows
no law, no derivative and no normal form, and so can judge them.  Every value is a
:class:`Matrix`; a scalar is 1 x 1, and a 1 x 1 factor is a scalar factor.  The entries are mpmath
numbers at the caller's precision, or whatever another ``scalars`` makes of them (``prove`` brings
SymPy).

:class:`Evaluation` is made once for an expression and called for many points; what does not depend
on the entry that a finite difference moves is computed once (``vary``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from matcalc.errors import assert_never
from matcalc.language.sizes import Shape
from matcalc.language.tree import (
    Add,
    Block,
    Call,
    Multiply,
    Name,
    Negative,
    Number,
    Power,
    Transpose,
    Tree,
)
from matcalc.tables.functions import meant
from matcalc.verify.matrix import Matrix, NotConforming, identity, stack
from matcalc.verify.scalars import Numbers, OutsideDomain, commutation

__all__ = ["Env", "Evaluation", "Matrix", "NotConforming", "OutsideDomain", "evaluate"]

Env = Mapping[str, Any]  # Matrix (or number, or lists) by variable; Matrix -> Matrix by function


def evaluate(
    tree: Tree,
    env: Env,
    shapes: Mapping[Tree, Shape] | None = None,
    definitions: Mapping[str, Tree] | None = None,
    sizes: Mapping[str, int] | None = None,
    scalars: Any = None,
) -> Matrix:
    """The value of ``tree`` where its variables are ``env`` and its dimension names ``sizes``.

    ``env`` holds a :class:`Matrix` for each variable and, for an abstract function f, Python
    functions from Matrix to Matrix under ``f`` and ``Df`` (its Jacobian).  A name in ``env`` hides
    a definition.  ``shapes`` is asked only for the size of a bare ``I``.

    Raises OutsideDomain where there is no real value, NotConforming where dimensions do not fit.
    """
    return Evaluation(tree, shapes, definitions, sizes, scalars)(env)


class Evaluation:
    """A tree with its definitions, in the order in which its nodes are evaluated."""

    def __init__(
        self,
        tree: Tree,
        shapes: Mapping[Tree, Shape] | None = None,
        definitions: Mapping[str, Tree] | None = None,
        sizes: Mapping[str, int] | None = None,
        scalars: Any = None,
    ) -> None:
        self.tree = tree
        self.shapes = shapes or {}
        self.definitions = definitions or {}
        self.sizes = sizes or {}
        self.scalars = scalars or Numbers()

    def __call__(self, env: Env) -> Matrix:
        """The value at one point."""
        return self._run(env, self._order(env), {})

    def vary(self, env: Env, names: Iterable[str]) -> Callable[[Env], Matrix]:
        """The value as a function of the variables ``names`` alone, the others as in ``env``."""
        order, moving = self._order(env), set(names)
        known: dict[Tree, Matrix] = {}
        self._run(env, order, known)
        varying: set[Tree] = set()
        for node in order:
            own = isinstance(node, Name) and node.name in moving
            if own or any(child in varying for child in self._children(node, env)):
                varying.add(node)
        fixed = {node: value for node, value in known.items() if node not in varying}
        steps = [node for node in order if node in varying]
        return lambda changed: self._run({**env, **changed}, steps, dict(fixed))

    def _children(self, node: Tree, env: Env) -> tuple[Tree, ...]:
        if isinstance(node, Name) and node.name in self.definitions and node.name not in env:
            return (self.definitions[node.name],)
        return node.children

    def _order(self, env: Env) -> list[Tree]:
        """Every node once, children (and what a name is defined as) before parents."""
        order: list[Tree] = []
        seen: set[Tree] = set()
        stack: list[tuple[Tree, bool]] = [(self.tree, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack += [(child, False) for child in reversed(self._children(node, env))]
        return order

    def _run(self, env: Env, order: Sequence[Tree], values: dict[Tree, Matrix]) -> Matrix:
        for node in order:
            values[node] = self._value(node, [values[c] for c in self._children(node, env)], env)
        return values[self.tree]

    def _value(self, node: Tree, args: Sequence[Matrix], env: Env) -> Matrix:
        match node:
            case Number(text=text):
                return Matrix(1, 1, (self.scalars.number(text),))
            case Name():
                return args[0] if args else self._name(node, env)
            case Negative():
                return -args[0]
            case Add(signs=signs):
                return self._sum(args, signs)
            case Multiply(ops=ops):
                return self._product(args, ops)
            case Power(elementwise=elementwise):
                return self._power(args[0], args[1], elementwise)
            case Transpose():
                return args[0].T
            case Block(rows=rows):
                parts = iter(args)
                return stack([[next(parts) for _ in row] for row in rows])
            case Call(function=function):
                return self._call(function, args, env)
            case _:
                assert_never(node)

    def _name(self, node: Name, env: Env) -> Matrix:
        if node.name in env:
            value = env[node.name]
            return value if isinstance(value, Matrix) else self._given(value)
        if node.name in self.sizes:
            return Matrix(1, 1, (self.scalars.number(str(self.sizes[node.name])),))
        if node.name == "I" and node in self.shapes:
            return self._identity(self.shapes[node].rows.value(dict(self.sizes)))
        if node.name == "pi":
            return Matrix(1, 1, (self.scalars.pi,))
        raise KeyError(node.name)

    def _given(self, value: Any) -> Matrix:
        return Matrix.of(value).map(self.scalars.convert)

    def _sum(self, terms: Sequence[Matrix], signs: Sequence[int]) -> Matrix:
        total = terms[0] if signs[0] > 0 else -terms[0]
        for term, sign in zip(terms[1:], signs[1:]):
            total = total + term if sign > 0 else total - term
        return total

    def _product(self, factors: Sequence[Matrix], ops: Sequence[str]) -> Matrix:
        value = factors[0]
        for factor, op in zip(factors[1:], ops[1:]):
            if op == "./" or (op == "/" and factor.is_scalar):
                value = value.zip(factor, self.scalars.divide)
            elif op == ".*":
                value = value.zip(factor, lambda a, b: a * b)
            elif op == "/":
                raise NotConforming("division by something that is not a scalar")
            else:
                value = value.times(factor, self.scalars.dot)
        return value

    def _power(self, base: Matrix, exponent: Matrix, elementwise: bool) -> Matrix:
        if elementwise or (base.is_scalar and exponent.is_scalar):
            return base.zip(exponent, self.scalars.power)
        if base.rows != base.cols or not exponent.is_scalar:
            raise NotConforming("a power of something that is neither square nor a scalar")
        k = self.scalars.integer(exponent.entries[0])
        if k is None:
            raise OutsideDomain("a power of a matrix whose exponent is no integer")
        return self._matrix_power(base, k)

    def _matrix_power(self, base: Matrix, k: int) -> Matrix:
        if k < 0:
            base, k = self.scalars.inverse(base), -k
        if k > 4096:
            raise OutsideDomain("a power too large to compute")
        value = self._identity(base.rows)
        while k:  # binary: base runs through base^1, base^2, base^4, ...
            if k & 1:
                value = value.times(base, self.scalars.dot)
            base, k = base.times(base, self.scalars.dot), k >> 1
        return value

    def _call(self, function: str, args: Sequence[Matrix], env: Env) -> Matrix:
        if function in env:
            return Matrix.of(env[function](*args))
        if function == "transpose":
            return args[0].T
        if function in ("eye", "ones", "zeros", "commutation"):
            return self._constant(function, [self._size(arg) for arg in args])
        row = meant(function, args[0].rank)
        if row.is_elementwise:
            entries = zip(*args, strict=True)
            values = tuple(self.scalars.apply(row, *entry) for entry in entries)
            return Matrix(args[0].rows, args[0].cols, values)
        sizes = [self._size(arg) for arg in args[row.arity :]]
        return Matrix.of(self.scalars.call(row, args[: row.arity], sizes))

    def _constant(self, function: str, sizes: Sequence[int]) -> Matrix:
        rows, cols = (*sizes, 1)[:2]
        if function == "eye":
            return self._identity(rows)
        if function == "commutation":
            return commutation(rows, cols, self.scalars.one, self.scalars.zero)
        entry = self.scalars.one if function == "ones" else self.scalars.zero
        return Matrix(rows, cols, (entry,) * (rows * cols))

    def _identity(self, n: int) -> Matrix:
        return identity(n, self.scalars.one, self.scalars.zero)

    def _size(self, arg: Matrix) -> int:
        n = self.scalars.integer(arg.entries[0])
        if n is None or n < 1:
            raise NotConforming("a size that is no positive integer")
        return int(n)
