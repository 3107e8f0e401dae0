"""Scalar algebra by SymPy: expressions of scalars alone are simplified by it.

The only module that turns nodes into SymPy expressions and back.  SymPy is imported inside the
functions, since importing it costs more than everything else that a derivative takes.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from matcalc.algebra import heads, normal
from matcalc.algebra.cost import cost
from matcalc.algebra.functions import FUNCTIONS
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, fold, postorder

# beyond these sizes SymPy's simplification would take too long
_LARGEST = 120  # nodes, each counted as often as it is written
_HIGHEST = 24  # degree

_BACK = {row.sympy: row.name for row in FUNCTIONS.values() if row.sympy.isidentifier()}


def is_scalar(root: Node) -> bool:
    """Is everything in the expression a scalar (and is there a variable in it)?"""
    nodes = list(postorder(root))
    return all(n.shape.is_scalar for n in nodes) and any(isinstance(n, Symbol) for n in nodes)


def tidy(root: Node) -> Node:
    """The shortest of the expression and of what SymPy makes of it."""
    if not is_scalar(root) or _is_large(root):
        return root
    import sympy

    symbols: dict[Any, Node] = {}
    expression = to_sympy(root, symbols)
    if expression is None:
        return root
    best = root
    for simplification in (sympy.simplify, sympy.factor, sympy.together, sympy.expand):
        candidate = from_sympy(simplification(expression), symbols)
        if candidate is not None and cost(candidate) < cost(best):
            best = candidate
    return best


def _is_large(root: Node) -> bool:
    """Too long, or of too high a degree: nested powers multiply theirs."""

    def length(node: Node, done: dict[Node, int]) -> int:
        return 1 + sum(done[child] for child in node.children)

    if fold(root, length, {}) > _LARGEST:
        return True

    def degree(node: Node, done: dict[Node, Fraction]) -> Fraction:
        match node:
            case Sum():
                return max((done[t] for t, _ in node.terms), default=Fraction(0))
            case Product():
                powers = [(done[b], getattr(e, "value", 1)) for b, e in node.scalars]
                return sum((abs(d * k) for d, k in powers), Fraction(0))
            case Symbol() | Apply():
                return max((done[c] for c in node.children), default=Fraction(1))
        return Fraction(0)

    return fold(root, degree, {}) > _HIGHEST


def to_sympy(root: Node, symbols: dict[Any, Node]) -> Any | None:
    """A scalar expression in SymPy, or None where it has no name for a function.

    ``symbols`` collects the SymPy symbols and what they stand for.
    """
    import sympy

    def combine(node: Node, done: dict[Node, Any]) -> Any:
        match node:
            case Number():
                return sympy.Rational(node.value.numerator, node.value.denominator)
            case Symbol():
                if node is normal.PI:
                    return sympy.pi
                made = sympy.Symbol(
                    node.name,
                    real=True,
                    positive=True if "positive" in node.facts else None,
                    integer=True if "integer" in node.facts else None,
                )
                symbols[made] = node
                return made
            case Sum():
                return sympy.Add(*(_rational(c) * done[t] for t, c in node.terms))
            case Product(chain=()):
                powers = (sympy.Pow(done[b], done[e]) for b, e in node.scalars)
                return sympy.Mul(_rational(node.coefficient), *powers)
            case Apply() if node.head in FUNCTIONS and FUNCTIONS[node.head].sympy:
                return _function(FUNCTIONS[node.head].sympy, done[node.args[0]])
        raise _NoCounterpart

    try:
        return fold(root, combine, {})
    except _NoCounterpart:
        return None


class _NoCounterpart(Exception):
    """A function that one of the two systems does not have."""


def _rational(c: Fraction) -> Any:
    import sympy

    return sympy.Rational(c.numerator, c.denominator)


def _function(name: str, arg: Any) -> Any:
    import sympy

    if name.isidentifier():
        return getattr(sympy, name)(arg)
    x = sympy.Symbol("_x")
    return sympy.sympify(name.format("_x"), locals={"_x": x}).subs(x, arg)


def from_sympy(expression: Any, symbols: dict[Any, Node]) -> Node | None:
    """A SymPy expression as a node, or None where the function table lacks a function."""
    try:
        return _read(expression, symbols)
    except _NoCounterpart:
        return None


def _read(expression: Any, symbols: dict[Any, Node]) -> Node:
    import sympy

    if expression in symbols:
        return symbols[expression]
    if expression is sympy.pi:
        return normal.PI
    if expression is sympy.E:
        return heads.elementwise("exp", normal.ONE)
    if expression.is_Rational:
        return normal.number(Fraction(int(expression.p), int(expression.q)))
    args = [_read(arg, symbols) for arg in expression.args]
    if expression.is_Add:
        return normal.add(*args)
    if expression.is_Mul:
        return normal.mul(*args)
    if expression.is_Pow:
        return normal.power(args[0], args[1])
    name = _BACK.get(type(expression).__name__)
    if name is not None and len(args) == 1:
        return heads.elementwise(name, args[0])
    if isinstance(expression, sympy.polygamma) and args[0] in (normal.ZERO, normal.ONE):
        return heads.elementwise("digamma" if args[0] is normal.ZERO else "trigamma", args[1])
    raise _NoCounterpart
