"""The law table at work: rows compiled to patterns, and applied.

A row is read once, on first use, by the language's own parser; its sides become nodes built from
placeholders by the normalising constructors, and ``matching`` finds them.  A law is applied

  by name   where it is asked for: ``apply`` (a derivation, ``simplify`` with ``using``)
  by cost   wherever that makes the whole expression shorter: ``shorten`` and ``vanishes``

in either direction; the laws of two neighbours in a chain are for the constructor of products.
That a matrix is invertible, where a law needs it, must be declared or already be required by the
expression itself: no application adds a condition.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

from matcalc.algebra import always, normal
from matcalc.algebra.interpret import formula
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, postorder
from matcalc.algebra.matching import (
    Binding,
    Exhausted,
    Pair,
    Search,
    Term,
    chain_proposals,
    instance,
    is_hole,
    parts,
    proposals,
    rotations,
    scalar_proposals,
    summands,
    terms_of,
    unknowns,
)
from matcalc.algebra.properties import has
from matcalc.algebra.rewrite import expand, substitute
from matcalc.algebra.rows import called, placeholders, read
from matcalc.errors import MatcalcError, assert_never
from matcalc.language.measure import measure
from matcalc.language.sizes import SCALAR, Shape
from matcalc.tables.laws import LAWS, Law

_INVERTED = re.compile(r"inv\(I |/ \(1 ")  # a sum with I or 1, inverted
_WITH_IDENTITY = "inverse of a sum with I"
_ROUNDS = 6  # so many laws in a row make an expression shorter
_STEPS = 20_000  # of the search for laws in one expression: about half a second
_LARGE = 64  # nodes; in larger expressions no law is looked for


@dataclass(frozen=True)
class Rule:
    """One direction of a law: where ``pattern`` is found, ``result`` may stand.

    ``shortens``  the result, as the row writes it, is no longer than the pattern
    """

    law: Law
    pattern: Node
    result: Node
    shortens: bool
    holes: Mapping[str, Symbol]
    outline: frozenset[str]


# --- rows -----------------------------------------------------------------------------------------


def forget() -> None:
    """The rows are read again: what was made of them is forgotten."""
    rules.cache_clear()
    always.forget()


@cache
def rules(name: str) -> tuple[Rule, ...]:
    """A law in both directions, as far as one side determines the other."""
    law = LAWS[name]
    holes, dims = placeholders(law)
    made = []
    sides = (formula(law.left), formula(law.right))
    for left, right in (sides, sides[::-1]):
        pattern, other = read(left, holes, dims), read(right, holes, dims)
        if unknowns(other) <= unknowns(pattern) and not is_hole(pattern):
            shortens = measure(right) <= measure(left)
            made.append(Rule(law, pattern, other, shortens, holes, _outline(pattern)))
    return tuple(made)


def _by_cost(nodes: Iterable[Node], shown: frozenset[str]) -> Iterator[Rule]:
    """The laws tried in an expression of these nodes, in the direction that does not lengthen them.

    A law is not even read where its longer side has a function that does not occur, or inverts a
    sum with I or 1 as nothing that is ``shown`` does.
    """
    present = {node.head for node in nodes if isinstance(node, Apply)} | {"inv"}
    for law in LAWS.values():
        if law.by == "cost":
            length = max(len(law.left), len(law.right))
            longer = (side for side in (law.left, law.right) if len(side) == length)
            if any(
                present >= called(side) and (_WITH_IDENTITY in shown or not _INVERTED.search(side))
                for side in longer
            ):
                yield from (rule for rule in rules(law.name) if rule.shortens)


def _outline(node: Node) -> frozenset[str]:
    """What is seen of a node from above: a node must show all that a pattern shows."""
    match node:
        case Apply() if node.args:
            inside = node.args[0]
            if normal.inside_trace(node) is not None:
                return _outline(inside)
            kind = "a sum" if isinstance(inside, Sum) else "no sum"
            return frozenset({f"{node.head} of {kind}", *_with_identity(node.head, inside)})
        case Sum():
            return frozenset({"a sum"}).union(*(_outline(term) for term, _ in node.terms))
        case Product():
            found = set()
            for base, e in node.scalars + node.chain:
                if isinstance(base, Sum):
                    inverse = isinstance(e, Number) and e.value < 0
                    kind = "inverse" if inverse else "factor"
                    found |= {f"{kind} of a sum", *_with_identity(kind, base)}
                elif isinstance(base, Apply) and base.shape.is_scalar:
                    found.add(f"factor {base.head}")
            return frozenset(found)
        case Number() | Symbol() | Apply():
            return frozenset()
        case _:
            assert_never(node)


def _with_identity(kind: str, node: Node) -> tuple[str, ...]:
    """What is said of a sum one of whose terms is I or 1."""
    if isinstance(node, Sum) and any(
        t is normal.ONE or normal.is_identity(t) for t, _ in node.terms
    ):
        return (f"{kind} of a sum with I",)
    return ()


def _is_telling(node: Node) -> bool:
    """Without such a node no law is tried, and none is read."""
    match node:
        case Apply():
            return node.head in ("det", "logdet")
        case Product():
            sums = (pair for pair in node.scalars if isinstance(pair[0], Sum))
            return any(isinstance(e, Number) and e.value < 0 for _, e in (*node.chain, *sums))
        case Number() | Symbol() | Sum():
            return False
        case _:
            assert_never(node)


# --- conditions -----------------------------------------------------------------------------------


class Required:
    """What an expression already requires: the bases of its inverses, what it takes the log of."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.bases: set[Node] = set()
        self.inverses = _inverted(nodes)
        for node in nodes:
            match node:
                case Product():
                    for base, e in node.scalars + node.chain:
                        if not (isinstance(e, Number) and e.value > 0):
                            inside = normal.inside_det(base) or base
                            self.bases |= {base, inside, normal.transpose(inside)}
                case Apply(head="logdet" | "log"):
                    self.bases |= {node.args[0], normal.transpose(node.args[0])}
                case Number() | Symbol() | Sum() | Apply():
                    pass
                case _:
                    assert_never(node)

    def invertible(self, node: Node) -> bool:
        """Is a matrix known to be invertible, or a scalar not to be zero?"""
        if node in self.bases:
            return True
        c, scalars, chain = parts(node)
        return c != 0 and all(map(self._factor, (base for base, _ in scalars + chain)))

    def _factor(self, base: Node) -> bool:
        if base in self.bases or (normal.positive(base) and base.shape.is_scalar):
            return True
        if isinstance(base, Apply) and base.head == "transpose":
            return self._factor(base.args[0])
        return isinstance(base, Symbol) and "invertible" in base.facts

    def covers(self, made: Node) -> bool:
        """Has another form no more inverses of matrices?"""
        return len(_inverted(list(postorder(made)))) <= len(self.inverses)

    def missing(self, rule: Rule, binding: Binding) -> list[tuple[Node, str]]:
        """What the law requires of the placeholders and is not known: nodes and facts."""
        return [
            (binding.names[name], fact)
            for name, hole in rule.holes.items()
            for fact in hole.facts
            if not self.known(fact, binding.names[name])
        ]

    def known(self, fact: str, node: Node) -> bool:
        """Is a fact declared, evident, or, that a matrix is invertible, required already?"""
        return has(node, fact) or (fact == "invertible" and self.invertible(node))


def _inverted(nodes: Sequence[Node]) -> set[Node]:
    """The matrices, transposed or not, that are inverted."""
    found = set()
    for node in nodes:
        if isinstance(node, Product):
            for base, e in node.chain:
                if not base.shape.is_scalar and isinstance(e, Number) and e.value < 0:
                    found.add(min(base, normal.transpose(base), key=lambda M: M.digest))
    return found


# --- one place ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Application:
    """A law at a place: ``before`` became ``after``; ``missing`` conditions must be empty."""

    law: Law
    node: Node
    before: Node
    after: Node
    made: Node
    missing: tuple[tuple[Node, str], ...] = ()


def at(rule: Rule, node: Node, required: Required, anyhow: bool = True) -> Iterator[Application]:
    """What becomes of a node when the law is applied to it, or to a part of a product or a sum.

    With ``anyhow``, those places are found as well where a condition is missing.
    """
    seen = {node}
    for place in _places(rule.pattern, node):
        missing = tuple(required.missing(rule, place.binding))
        if missing and not anyhow:
            continue
        try:
            value = instance(rule.result, place.binding)
            made = place.filled(value)
        except MatcalcError:  # a zero would be inverted
            continue
        if made not in seen:
            seen.add(made)
            yield Application(rule.law, node, place.before, value, made, missing)


@dataclass(frozen=True)
class Place:
    """What a pattern matched, and what stands around it: coefficient, terms or factors."""

    binding: Binding
    before: Node
    coefficient: Fraction = Fraction(1)
    terms: tuple[Term, ...] = ()
    left: tuple[Node, ...] = ()
    right: tuple[Node, ...] = ()
    traced: bool = False
    turned: bool = False

    def filled(self, value: Node) -> Node:
        """The node with ``value`` there."""
        if self.left or self.right:
            value = normal.mul(*self.left, value, *self.right)
        terms = [(value, Fraction(1)), *self.terms]
        made = normal.scale(self.coefficient, normal.linear(terms, value.shape))
        if self.turned:
            made = normal.transpose(made)
        return normal.trace(made) if self.traced else made


def _places(pattern: Node, node: Node) -> Iterator[Place]:
    """Where a pattern is in a node or in its transpose."""
    yield from _upright(pattern, node)
    if not node.shape.is_scalar and isinstance(node, Sum | Product):
        for place in _upright(pattern, normal.transpose(node)):
            yield replace(place, turned=True)


def _upright(pattern: Node, node: Node) -> Iterator[Place]:
    if isinstance(pattern, Sum):
        if isinstance(node, Sum):
            yield from _in_sum(pattern, node)
    elif isinstance(pattern, Product) and not (pattern.chain and pattern.shape.is_scalar):
        if isinstance(node, Product):
            yield from _in_product(pattern, node)
        elif (inside := normal.inside_trace(node)) is not None:
            for turned in rotations(inside):
                if isinstance(turned, Product):
                    for place in _in_product(pattern, turned):
                        yield replace(place, traced=True)
    else:
        for binding in proposals(pattern, node, Binding()):
            if instance(pattern, binding) is node:
                yield Place(binding, node)


def _in_sum(pattern: Sum, node: Sum) -> Iterator[Place]:
    """Some of the terms, up to a common factor."""
    ratios = {k / c for _, k in node.terms for _, c in pattern.terms}
    for ratio in sorted(ratios, key=lambda r: (abs(r - 1), r)):
        subject = normal.scale(1 / ratio, node)
        start = Binding().sized(pattern.shape, node.shape)
        for binding in summands(pattern, subject, start, partly=True) if start else ():
            found = instance(pattern, binding)
            terms, used = terms_of(subject), terms_of(found)
            rest = tuple(term for term in terms if term not in used)
            if len(used) > 1 and len(rest) == len(terms) - len(used):
                yield Place(binding, normal.scale(ratio, found), ratio, rest)


def _in_product(pattern: Product, node: Product) -> Iterator[Place]:
    """Some neighbours of a chain, with some of the scalar factors."""
    c, scalars, chain = parts(node)
    if node.chain and node.shape.is_scalar:
        c, scalars, chain = Fraction(1), (), node.chain
    for i, j in _windows(pattern, chain):
        start: Binding | None = Binding()
        rows = chain[i][0].shape.rows if pattern.chain else SCALAR.rows
        if pattern.chain:
            start = Binding().sized(pattern.shape, Shape(rows, chain[j - 1][0].shape.cols))
        for some, _ in scalar_proposals(pattern, c, scalars, start) if start else ():
            for binding in chain_proposals(pattern.chain, chain[i:j], normal.ONE, rows, some):
                found = instance(pattern, binding)
                k, used, window = parts(found)
                if window == chain[i:j] and all(pair in scalars for pair in used):
                    rest = [normal.power(b, e) for b, e in scalars if (b, e) not in used]
                    left = [normal.power(b, e) for b, e in chain[:i]]
                    right = [normal.power(b, e) for b, e in chain[j:]]
                    yield Place(binding, found, c / k, (), (*rest, *left), tuple(right))


def _windows(pattern: Product, chain: Sequence[Pair]) -> list[tuple[int, int]]:
    """The pieces of a chain that may match: long enough, with an inverse of a sum if need be."""
    if not pattern.chain:
        return [(0, 0)]
    least = sum(not (is_hole(b) and b.shape.is_square) for b, _ in pattern.chain)
    wanted = sum(isinstance(b, Sum) and e is normal.MINUS_ONE for b, e in pattern.chain)
    places = [i for i, (b, e) in enumerate(chain) if isinstance(b, Sum) and e is normal.MINUS_ONE]
    return [
        (i, j)
        for i in range(len(chain))
        for j in range(i + max(least, 1), len(chain) + 1)
        if sum(i <= place < j for place in places) >= wanted
    ]


# --- by name --------------------------------------------------------------------------------------


def apply(name: str, root: Node) -> Application | None:
    """A law applied once, from left to right if possible, to the outermost place where it fits."""
    nodes = list(postorder(root))[::-1]
    required = Required(nodes)
    refused: Application | None = None
    for rule in rules(name):
        for node in nodes:
            for found in at(rule, node, required):
                whole = replace(found, made=_replaced(root, node, found.made))
                if not found.missing:
                    return whole
                refused = refused or whole
    return refused


def _replaced(root: Node, node: Node, made: Node) -> Node:
    return made if node is root else substitute(root, {node: made})


def applied(name: str, node: Node, names: Mapping[str, Node]) -> Node | None:
    """What a law makes of a node, read with these values of its placeholders; None if it is not so.

    For a caller that knows how the node is to be taken apart; the law is used from left to right.
    """
    rule = rules(name)[0]
    binding: Binding | None = Binding()
    for key, value in names.items():
        binding = binding and binding.bound(rule.holes[key], value)
    if binding is None or instance(rule.pattern, binding) is not node:
        return None
    return instance(rule.result, binding)


# --- by cost --------------------------------------------------------------------------------------


def shorten(root: Node, cost: Callable[[Node], int]) -> Node:
    """The root after the laws that make it shorter, one after the other."""
    best = root
    try:
        with Search(_STEPS):
            for _ in range(_ROUNDS):
                found = min(
                    _shorter(best, cost), key=lambda node: (cost(node), node.digest), default=None
                )
                if found is None:
                    break
                best = found
    except Exhausted:  # in an expression in which a law could be almost anywhere
        return best
    return best


def _shorter(root: Node, cost: Callable[[Node], int]) -> Iterator[Node]:
    """What one application of a law makes of the root, where that is shorter."""
    nodes = list(postorder(root))
    if len(nodes) > _LARGE:
        return
    if not any(map(_is_telling, nodes)):
        return
    shown = [(node, _outline(node)) for node in nodes]
    required, now = Required(nodes), cost(root)
    for rule in _by_cost(nodes, frozenset().union(*(outline for _, outline in shown))):
        for node, outline in shown:
            if not rule.outline <= outline:
                continue
            for found in at(rule, node, required, anyhow=False):
                try:
                    made = _replaced(root, node, found.made)
                except MatcalcError:
                    continue
                if cost(made) < now and required.covers(made):
                    yield made


def vanishes(node: Node, cost: Callable[[Node], int]) -> bool:
    """Is a difference zero by distributing, collecting and the laws?"""
    expanded = expand(node)
    forms = [node] if expanded is None else [node, expanded]
    return any(normal.is_zero(shorten(form, cost)) for form in forms)
