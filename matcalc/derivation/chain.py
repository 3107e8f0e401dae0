"""The chain rule along the intermediate variables of an expression.

An intermediate variable is a scalar or a column through which everything flows that f has of x: one
that the user defined (``where y = H x``), or the argument of a function.  Along such a chain
f = g(u), u = h(y), y = k(x) the derivative is the product of the Jacobians.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from matcalc.algebra import normal
from matcalc.algebra.factor import simplify
from matcalc.algebra.ir import Apply, Node, Product, Symbol, dependents, make_symbol, postorder
from matcalc.algebra.rewrite import substitute
from matcalc.calculus.derive import once
from matcalc.derivation.writing import Writing
from matcalc.dimensions.problem import Problem
from matcalc.errors import MatcalcError
from matcalc.tables.functions import FUNCTIONS

_MOST = 8  # links that are worth writing out
_LARGE = 400  # nodes of an expression in which it is worth looking for them


@dataclass(frozen=True)
class Link:
    """outer = formula(inner): names, formula, its Jacobian in the names and in the variables."""

    outer: str
    inner: str
    formula: Node
    local: Node
    jacobian: Node


def chain_links(problem: Problem, F: Node, X: Symbol, writing: Writing) -> list[Link]:
    """The links from the outermost to the innermost.

    Empty where X is a matrix, where there is no intermediate variable, or where the Jacobian of a
    link has no closed form.
    """
    if not X.shape.is_column or not F.shape.is_column:
        return []
    if sum(1 for _, _ in zip(postorder(F), range(_LARGE + 1), strict=False)) > _LARGE:
        return []
    try:
        return _links(list(_stages(problem, F, X)), writing)
    except MatcalcError:  # no closed form for what is in between
        return []


@dataclass(frozen=True)
class _Stage:
    """A value as a function of a symbol (a defined name, or X), and what that symbol stands for."""

    value: Node
    symbol: Symbol
    meaning: Node


def _stages(problem: Problem, F: Node, X: Symbol) -> Iterator[_Stage]:
    """F by a definition through which all of X enters, and that by X; else F by X."""
    value = problem.node(bare=[X.name])
    if value is F:  # it is not in a second derivative
        defined = problem.defined_nodes(bare=[X.name])
        for name in reversed(list(defined)):
            meaning, symbol = defined[name], problem.symbol(name, bare=True)
            if X not in dependents(meaning, X) or not meaning.shape.is_column:
                continue
            outer = problem.node(bare=[X.name, name])
            if isinstance(symbol, Symbol) and _only_through(outer, symbol, X):
                yield _Stage(outer, symbol, meaning)
                yield _Stage(meaning, X, X)
                return
    yield _Stage(F, X, X)


def _only_through(outer: Node, symbol: Symbol, X: Symbol) -> bool:
    return (
        X not in dependents(outer, X)
        and outer is not symbol
        and (symbol in dependents(outer, symbol))
    )


def _links(stages: Sequence[_Stage], writing: Writing) -> list[Link]:
    links: list[Link] = []
    outer_name = "f"
    for stage in stages:
        meaning: dict[Node, Node] = {stage.symbol: stage.meaning}
        inner = _intermediates(stage.value, stage.symbol)
        nodes = [stage.value, *inner, stage.symbol]
        for outer, node in pairwise(nodes):
            name = writing.name(node)
            symbol = node if isinstance(node, Symbol) else make_symbol(name, node.shape)
            formula = substitute(outer, {node: symbol})
            local = simplify(once(formula, symbol), writing.cost)
            jacobian = simplify(
                substitute(substitute(local, {symbol: node}), meaning), writing.cost
            )
            links.append(Link(outer_name, name, formula, local, jacobian))
            outer_name = name
    return links if len(links) > 1 else []


def _intermediates(F: Node, X: Symbol) -> list[Node]:
    """The arguments of functions on the way from F to X, from the outside in."""
    moving = dependents(F, X)
    found: dict[Node, None] = {}
    for node in postorder(F):
        if isinstance(node, Apply) and node in moving and _is_function(node):
            args = node.args[1:] if node.head == "call" else node.args
            for arg in args:
                worthy = arg is not X and arg.shape.is_column and not _affine(arg, moving)
                if arg in moving and worthy:
                    found.setdefault(arg)
    kept = [node for node in found if node is not F and not _reaches(F, X, node, moving)]
    return kept[::-1] if len(kept) <= _MOST else []


def _is_function(node: Apply) -> bool:
    return node.head in FUNCTIONS or node.head == "call"


def _affine(node: Node, moving: set[Node]) -> bool:
    """A sum or multiple of one moving function: 1 + exp(u) is no variable worth a name."""
    parts = [child for child in node.children if child in moving]
    if len(parts) != 1 or isinstance(node, Apply):
        return False
    linear = not isinstance(node, Product) or not node.chain
    if isinstance(node, Product) and any(e is not normal.ONE for _, e in node.scalars):
        return False
    return linear and isinstance(parts[0], Apply) and _is_function(parts[0])


def _reaches(F: Node, X: Symbol, wall: Node, moving: set[Node]) -> bool:
    """Does X occur in F other than inside ``wall``?"""
    stack, seen = [F], {wall}
    while stack:
        node = stack.pop()
        if node is X:
            return True
        if node in seen or node not in moving:
            continue
        seen.add(node)
        stack.extend(node.children)
    return False
