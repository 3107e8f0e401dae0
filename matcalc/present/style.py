"""How the input was typed, as far as the result should look like it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from matcalc.algebra import normal
from matcalc.algebra.ir import Node, Product, Sum, Symbol
from matcalc.algebra.ir import postorder as node_postorder
from matcalc.algebra.normal import transpose
from matcalc.algebra.products import primitive
from matcalc.errors import assert_never
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
    postorder,
)
from matcalc.tables.functions import ALIASES, NOTATIONS


@dataclass
class Style:
    """What the result inherits from the way the input was typed.

    ``order``     names by first appearance
    ``sums``      the sums that were typed: node -> its terms in the order of typing
    ``turned``    1 x 1 chains: were they (first) typed as the transpose of their normal form?
    ``factors``   the scalar and element-wise products that were typed: their bases -> those in
                  the order of typing
    ``traces``    the traces that were typed: node -> the argument as typed
    ``norms``     v'v where norm(v) was typed, tr(V' V) where norm(V) was
    ``means``     mean(...) was typed, so that sum(x) / n is written so
    ``decimal``   decimals were typed; ``divisors`` is the product of the integers typed after "/"
    ``reserved``  names that are variables of the problem (``I`` among them hides the identity)
    """

    order: dict[str, int] = field(default_factory=dict)
    sums: dict[Node, tuple[Node, ...]] = field(default_factory=dict)
    turned: dict[Node, bool] = field(default_factory=dict)
    factors: dict[frozenset[Node], tuple[Node, ...]] = field(default_factory=dict)
    traces: dict[Node, Node] = field(default_factory=dict)
    norms: set[Node] = field(default_factory=set)
    means: bool = False
    decimal: bool = False
    divisors: int = 1
    reserved: frozenset[str] = frozenset()
    _negatives: set[Node] = field(default_factory=set)  # of the sums

    def remember_sum(self, node: Node, terms: tuple[Node, ...]) -> None:
        """Let a sum be written as these terms in this order."""
        self.sums[node] = terms
        self._negatives.add(normal.neg(node))

    def orientation(self, node: Node) -> int:
        """1 for a sum that was typed, -1 for the negative of one, else 0."""
        return 1 if node in self.sums else -1 if node in self._negatives else 0

    def observe(self, root: Tree, nodes: Mapping[Tree, Node]) -> None:
        """Learn from a tree and the node of each of its parts."""
        for tree in postorder(root):
            match tree:
                case Name():
                    self.order.setdefault(tree.name, len(self.order))
                case Number():
                    self.decimal = self.decimal or tree.value.denominator > 1
                case Multiply():
                    pairs = zip(tree.ops, tree.factors, strict=True)
                    divisors = [f for op, f in pairs if op == "/" and isinstance(f, Number)]
                    for divisor in divisors:
                        if divisor.value.denominator == 1 and self.divisors < 10**12:
                            self.divisors *= divisor.value.numerator or 1
                    if tree in nodes:
                        self._orient(tree, nodes[tree])
                        self._remember_factors(tree, nodes)
                case Call(function="mean"):
                    self.means = True
                case Call(function=name) if NOTATIONS["‖#1‖"] in (name, ALIASES.get(name)):
                    node = nodes.get(tree)
                    if isinstance(node, Product) and not node.chain:
                        self.norms.update(base for base, e in node.scalars if e is normal.HALF)
                case Call(function="tr") if tree in nodes and tree.args[0] in nodes:
                    inside = nodes[tree.args[0]]  # a scalar is its own trace
                    apart = isinstance(inside, Sum) or normal.is_block(inside)
                    if not apart and not inside.shape.is_scalar:
                        self.traces.setdefault(nodes[tree], inside)
                case Add():
                    node = nodes.get(tree)
                    if isinstance(node, Sum) and node.terms:
                        self._remember(node, [nodes[term] for term in tree.terms])
                case Call() | Negative() | Power() | Transpose() | Block():
                    pass
                case _:
                    assert_never(tree)

    def _orient(self, tree: Multiply, node: Node) -> None:
        """Note whether the (only) 1 x 1 chain in a product was typed the other way round."""
        chains = [node] if isinstance(node, Product) and node.chain else []
        if isinstance(node, Product) and not node.chain:
            chains = [b for b, _ in node.scalars if isinstance(b, Product) and b.chain]
        if len(chains) != 1 or not chains[0].shape.is_scalar:
            return
        chain = chains[0]
        names = [part.name for part in postorder(tree) if isinstance(part, Name)]
        here = _names(b for b, _ in chain.chain)
        there = _names(transpose(b) for b, _ in reversed(chain.chain))
        typed = [name for name in names if name in here]
        turned = typed[: len(here)] != here and typed[: len(there)] == there
        self.turned.setdefault(chain, turned)

    def _remember_factors(self, tree: Multiply, nodes: Mapping[Tree, Node]) -> None:
        """Note in which order scalar factors, or those of an element-wise product, were typed."""
        scalars: dict[Node, None] = {}
        entries: dict[Node, None] = {}
        for factor in tree.factors:
            node = nodes[factor]
            if not node.shape.is_scalar:
                inside = normal.outside(node)[1] if isinstance(node, Product) else node
                entries |= self._in_order(base for base, _ in normal.entry_powers(inside))
            elif isinstance(node, Product) and not node.chain:
                scalars |= self._in_order(base for base, _ in node.scalars)
            else:
                scalars |= self._in_order([node])
        for bases in (scalars, entries):
            if len(bases) > 1:
                self.factors.setdefault(frozenset(bases), tuple(bases))

    def _in_order(self, found: Iterable[Node]) -> dict[Node, None]:
        """The bases of a factor in the order in which they were typed."""
        bases = tuple(primitive(b)[1] if isinstance(b, Sum) else b for b in found)
        return dict.fromkeys(self.factors.get(frozenset(bases), bases))

    def with_perturbation(self, name: str, perturbation: str) -> Style:
        """A style of its own for an expansion; the perturbation sorts right after its variable."""
        order = {n: 2 * place for n, place in self.order.items()}
        order[perturbation] = order.get(name, 0) + 1
        return replace(
            self,
            order=order,
            sums=dict(self.sums),
            turned=dict(self.turned),
            factors=dict(self.factors),
            traces=dict(self.traces),
            norms=set(self.norms),
            _negatives=set(self._negatives),
        )

    def _remember(self, node: Sum, terms: Sequence[Node]) -> None:
        units: list[Node] = []
        for term in terms:
            if isinstance(term, Sum):
                units += [unit for unit, _ in term.terms]
            elif term.shape.is_scalar and not node.shape.is_scalar:  # broadcast
                units.append(normal.split(normal.mul(term, normal.ones_matrix(node.shape)))[1])
            else:
                units.append(normal.split(term)[1])
        if node not in self.sums:
            self.remember_sum(node, tuple(units))

    def is_decimal(self, value: Fraction) -> bool:
        """Should this number be written as a decimal?"""
        rest = value.denominator
        for prime in (2, 5):
            while rest % prime == 0:
                rest //= prime
        return self.decimal and rest == 1 and bool(self.divisors % value.denominator)


def _names(nodes: Iterable[Node]) -> list[str]:
    """The names of nodes, in order, as far as those are symbols or made of sums of symbols."""
    return [n.name for node in nodes for n in node_postorder(node) if isinstance(n, Symbol)]
