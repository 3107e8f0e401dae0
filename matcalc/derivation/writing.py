"""Nodes with a perturbation, written as a person would: A + X B + dX B, (A x - b)' A dx.

The presenter knows how the input was typed.  What has been perturbed was not typed; here its sums
get the order of the sum that was perturbed, its scalars the orientation with fewer transposes.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.algebra import normal
from matcalc.algebra.ir import Node, Product, Sum, Symbol, dependents, postorder
from matcalc.calculus.derive import taken_names
from matcalc.derivation.steps import replaced
from matcalc.dimensions.problem import Problem
from matcalc.language.sizes import Shape
from matcalc.language.text import text
from matcalc.language.tree import Name, Tree, fold, rebuilt
from matcalc.present.cost import Cost
from matcalc.present.presenter import Presenter

_SCALARS, _VECTORS, _MATRICES = "uvwzsrhgpq", "uvwzhrgpq", "YZMWVUPGHL"
_INVERSES, _REMAINDERS = "SVWPGH", "RNZMLE"


class Writing:
    """A presenter for what contains dX, and names for what deserves one."""

    def __init__(self, problem: Problem, X: Symbol, dX: Symbol) -> None:
        self.X, self.dX = X, dX
        self.style = problem.style.with_perturbation(X.name, dX.name)
        self.style.remember_sum(normal.add(X, dX), (X, dX))
        self.presenter = Presenter(self.style)
        self.cost = Cost(problem.style)
        self.taken = taken_names(problem) | {dX.name}
        self.names: dict[Node, str] = {}

    def tree(self, node: Node) -> Tree:
        """The node as a tree."""
        self.observe(node)
        return self.presenter.present(node)

    def observe(self, node: Node) -> None:
        """Note how the parts of a node that contain dX are to be written."""
        inside = dependents(node, self.dX)
        for part in postorder(node):
            if part in inside and not self.presenter.knows(part):
                if isinstance(part, Sum):
                    self._order(part)
                elif isinstance(part, Product) and part.shape.is_scalar and part.chain:
                    self._orient(part)
                elif normal.inside_trace(part) is not None:
                    self._rotate(part, inside)

    def text(self, node: Node) -> str:
        return text(self.tree(node))

    def _order(self, node: Sum) -> None:
        """A typed sum comes first, then what it changes by."""
        sums = self.style.sums
        for turn in (_same, normal.neg, normal.transpose, _turned):
            written = turn(node)
            assert isinstance(written, Sum)
            if written in sums:
                return
            moving = [t for t, _ in written.terms if self.dX in dependents(t, self.dX)]
            still = normal.linear((p for p in written.terms if p[0] not in moving), written.shape)
            if still in sums:
                moved = sorted(moving, key=self._key)
                self.style.remember_sum(written, (*sums[still], *moved))
                return

    def _key(self, node: Node) -> list[int]:
        order = self.style.order
        names = (n.name for n in postorder(node) if isinstance(n, Symbol))
        return [order.get(name, 10**6) for name in names]

    def _orient(self, node: Product) -> None:
        """The way round that takes fewer transposes, for dx at the end."""
        scalars, there = normal.transposed_chain(node.chain)
        if node in self.style.turned or scalars.coefficient != 1 or scalars.powers:
            return
        if normal.transpose(node.chain[0][0]) is not self.dX:
            return
        if self._primes(there) <= self._primes(node.chain):
            self.style.turned[node] = True

    def _rotate(self, trace: Node, inside: set[Node]) -> None:
        """tr(inv(X) dX): an inverse stands first."""
        (inner,) = trace.children
        if not isinstance(inner, Product) or trace in self.style.traces:
            return
        chain = inner.chain
        for i, (b, e) in enumerate(chain):
            if b not in inside and (normal.integer(e) or 0) < 0:
                turned = (normal.power(b, e) for b, e in chain[i:] + chain[:i])
                scalars = (normal.power(b, e) for b, e in inner.scalars)
                outside = (normal.number(inner.coefficient), *scalars)
                self.style.traces[trace] = normal.mul(*outside, *turned)
                return

    def _primes(self, chain: normal.Chain) -> int:
        return sum(text(self.presenter.present(b)).count("'") for b, _ in chain)

    # --- names ------------------------------------------------------------------------------------

    def name(self, node: Node) -> str:
        """A name for a part of the expression, the same whenever it is asked for."""
        if isinstance(node, Symbol):
            return node.name
        letters = _SCALARS if node.shape.is_scalar else _VECTORS
        return self._named(node, letters if node.shape.is_column else _MATRICES)

    def inverse_name(self, node: Node) -> str:
        return self._named(node, _INVERSES)

    def remainder_name(self, node: Node) -> str:
        return self._named(node, _REMAINDERS)

    def _named(self, node: Node, letters: Sequence[str]) -> str:
        if node not in self.names:
            free = (a for a in letters if a not in self.taken and f"d{a}" not in self.taken)
            fallback = f"u_{len(self.names) + 1}"
            self.names[node] = next(free, fallback)
            self.taken |= {self.names[node], f"d{self.names[node]}"}
        return self.names[node]

    def short(self, tree: Tree, named: Sequence[Node]) -> Tree:
        """A tree with the names of these nodes instead of them."""
        names = {id(self.tree(node)): Name(self.names[node]) for node in named}

        def combine(part: Tree, parts: Sequence[Tree]) -> Tree:
            return names.get(id(part)) or rebuilt(part, parts)

        return fold(tree, combine)


def typed_tree(problem: Problem, variable: str, shapes: dict[Tree, Shape]) -> Tree:
    """The expression as typed, with its definitions (but that of the variable) put in.

    ``shapes`` gets the shapes of all nodes.
    """
    typed = problem.typed
    shapes.update(typed.shapes)
    definitions: dict[str, Tree] = {}
    for name, tree in typed.definitions.items():  # dependencies come first
        if name != variable:
            definitions[name] = replaced(tree, definitions, shapes)
    return replaced(typed.tree, definitions, shapes)


def _same(node: Node) -> Node:
    return node


def _turned(node: Node) -> Node:
    return normal.neg(normal.transpose(node))
