"""Scalar algebra by SymPy: expressions of scalars alone are simplified by it.

The only module that turns nodes into SymPy expressions and back.  SymPy is imported inside the
functions, since importing it costs more than everything else that a derivative takes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from inspect import CO_GENERATOR
from types import FrameType
from typing import Any

from matcalc.algebra import normal
from matcalc.algebra.factor import Cost
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, fold, postorder
from matcalc.errors import assert_never
from matcalc.tables.functions import FUNCTIONS

Trace = Callable[[FrameType, str, Any], Any] | None

_LARGEST = 250  # nodes that SymPy is asked about
_LONGEST = 10**9  # number that SymPy is asked about
_DIGITS = 30  # to which a number is evaluated to find its sign
_CALLS = 250_000  # of functions for each simplification: about a fifth of a second

_BACK = {
    row.sympy: row.name
    for row in FUNCTIONS.values()
    if row.is_elementwise and row.sympy.isidentifier()
}


def is_scalar(root: Node) -> bool:
    """Is everything in the expression a scalar (and is there a variable in it)?"""
    nodes = list(postorder(root))
    return all(n.shape.is_scalar for n in nodes) and any(isinstance(n, Symbol) for n in nodes)


def tidy(root: Node, cost: Cost) -> Node:
    """The shortest of the expression and of what SymPy makes of it within its budget.

    Of forms of one length that with the fewest functions that were not there.
    """
    if not is_scalar(root) or sum(1 for _ in postorder(root)) > _LARGEST:
        return root
    import sympy
    import sympy.physics.units  # simplify loads it, several times slower while calls are counted
    from sympy.core.cache import clear_cache

    clear_cache()  # what was asked earlier would stretch the budget
    functions = _functions(root)
    candidates = [root]
    for simplification in (sympy.simplify, sympy.factor, sympy.together, sympy.expand):
        with _budget():
            symbols: dict[Any, Node] = {}
            expression = to_sympy(root, symbols)
            if expression is None or _has_long_numbers(expression):
                return root
            candidate = from_sympy(simplification(expression), symbols)
            if candidate is not None:
                candidates.append(candidate)
    return min(candidates, key=lambda c: (cost.whole(c), len(_functions(c) - functions)))


def _functions(root: Node) -> set[str]:
    return {node.head for node in postorder(root) if isinstance(node, Apply)}


def sign(node: Node) -> int | None:
    """-1, 0 or 1 where every entry of a node has that sign at all points, else None."""
    if normal.is_zero(node):
        return 0
    if normal.positive(node):
        return 1
    if normal.positive(normal.neg(node)):
        return -1
    if not node.shape.is_scalar or _has_variables(node):
        return None
    expression = to_sympy(node, {})
    value = None if expression is None else expression.evalf(_DIGITS)
    if value is None or not value.is_real:
        return None
    return 0 if abs(value) < 10 ** (5 - _DIGITS) else int(value / abs(value))


def _has_variables(node: Node) -> bool:
    return any(isinstance(n, Symbol) and n is not normal.PI for n in postorder(node))


def _has_long_numbers(expression: Any) -> bool:
    """Are there numbers that SymPy might factor for ever, in loops without a call?"""
    import sympy

    numbers = expression.atoms(sympy.Rational)
    return any(max(abs(number.p), number.q) > _LONGEST for number in numbers)


class _OverBudget(Exception):
    """SymPy has called more functions than an answer is worth."""


@contextmanager
def _budget() -> Iterator[None]:
    """Leave the block after so many calls of functions.

    Calls are counted, not seconds, so that an answer depends neither on the machine nor on what
    else it does; SymPy has no limit of its own, and no size of an expression tells how long it will
    take.  Its caches are emptied then, since they have what was left half done.
    """
    calls, importing, before = 0, 0, sys.gettrace()

    def count(frame: FrameType, event: str, arg: object) -> Trace:
        nonlocal calls, importing
        if frame.f_code.co_name == "<module>":  # SymPy loads parts of itself when first needed
            importing += 1
            frame.f_trace_lines = False
            return loaded
        calls += not importing
        # what is raised while a generator is closed or a weak reference dies is lost
        over = calls > _CALLS and not importing
        if over and not frame.f_code.co_flags & CO_GENERATOR and _is_sympy(frame):
            raise _OverBudget
        return None

    def loaded(frame: FrameType, event: str, arg: object) -> Trace:
        nonlocal importing
        importing -= event == "return"
        return loaded

    sys.settrace(count)
    try:
        yield
    except _OverBudget:
        from sympy.core.cache import clear_cache

        clear_cache()
    finally:
        sys.settrace(before)


def _is_sympy(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith("sympy.")


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
            case Apply(args=(arg,)) if normal.is_elementwise(node) and FUNCTIONS[node.head].sympy:
                return _function(FUNCTIONS[node.head].sympy, done[arg])
            case Product() | Apply():
                raise _NoCounterpart
            case _:
                assert_never(node)

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
        return normal.exp(normal.ONE)
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
        return normal.elementwise(name, args[0])
    if isinstance(expression, sympy.polygamma) and args[0] in (normal.ZERO, normal.ONE):
        return normal.elementwise("digamma" if args[0] is normal.ZERO else "trigamma", args[1])
    raise _NoCounterpart
