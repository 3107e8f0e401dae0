"""Patterns matched against nodes, modulo what the normal form knows.

A pattern is itself a node in normal form, built by the very constructors from placeholder symbols
(``hole``).  A placeholder matches one or more neighbours of a chain (none, the identity, where it
is declared square), what is left of a sum, or a whole argument; scalar factors go into the first
placeholder that can take them.  Terms match in any order, a scalar chain in both directions, what
is inside a trace in every rotation, what is inside a determinant transposed or not.

``proposals`` may propose too much: who uses a binding compares ``instance(pattern, binding)`` with
what was to be matched, by identity, so that a match is right by construction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import permutations
from typing import ClassVar

from matcalc.algebra import normal
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, fold, make_symbol
from matcalc.errors import assert_never
from matcalc.language.sizes import SCALAR, Dim, Shape

Pair = tuple[Node, Node]
Term = tuple[Node, Fraction]


@dataclass(frozen=True)
class Binding:
    """What the placeholders and the sizes of a pattern stand for."""

    names: Mapping[str, Node] = field(default_factory=dict)
    sizes: Mapping[str, Dim] = field(default_factory=dict)

    def bound(self, hole: Node, value: Node) -> Binding | None:
        """With one more placeholder bound; None where the shapes do not agree."""
        assert isinstance(hole, Symbol)
        sized = self.sized(hole.shape, value.shape)
        return sized and Binding({**sized.names, hole.name: value}, sized.sizes)

    def sized(self, pattern: Shape, shape: Shape) -> Binding | None:
        """With the sizes of a pattern's shape bound; None where they do not agree."""
        sizes = dict(self.sizes)
        for one, other in zip(pattern, shape, strict=True):
            name = _single(one)
            if name is None:
                known = _size(one, sizes)
                if known is not other and one.names <= sizes.keys():
                    return None
            elif sizes.setdefault(name, other) is not other:
                return None
        return Binding(self.names, sizes)


@cache
def _single(dim: Dim) -> str | None:
    """The name that a size consists of."""
    if len(dim.terms) == 1 and dim.terms[0][1] == 1 and len(dim.terms[0][0]) == 1:
        return dim.terms[0][0][0]
    return None


def _size(dim: Dim, sizes: Mapping[str, Dim]) -> Dim | None:
    """A size of the pattern in sizes of the subject, None where a name is not bound yet."""
    name = _single(dim)
    if name is not None:
        return sizes.get(name)
    if not dim.names <= sizes.keys():
        return None
    total = Dim.of(0)
    for names, k in dim.terms:
        part = Dim.of(k)
        for name in names:
            part = part * sizes[name]
        total = total + part
    return total


def hole(name: str, shape: Shape, facts: frozenset[str] = frozenset()) -> Symbol:
    """A placeholder."""
    return make_symbol(name, shape, facts, "hole")


def is_hole(node: Node) -> bool:
    return isinstance(node, Symbol) and node.role == "hole"


@cache
def unknowns(pattern: Node) -> frozenset[str]:
    """The names of the placeholders in a pattern."""
    if isinstance(pattern, Symbol):
        return frozenset({pattern.name}) if is_hole(pattern) else frozenset()
    return frozenset().union(*map(unknowns, pattern.children))


@cache
def _numbers(pattern: Node) -> frozenset[str]:
    """The sizes that a pattern uses as numbers."""
    if isinstance(pattern, Symbol):
        return frozenset({pattern.name}) if pattern.role == "dimension" else frozenset()
    return frozenset().union(*map(_numbers, pattern.children))


def is_bound(pattern: Node, binding: Binding) -> bool:
    """Is it known what the pattern stands for?"""
    return unknowns(pattern) <= binding.names.keys() and _numbers(pattern) <= binding.sizes.keys()


def instance(pattern: Node, binding: Binding) -> Node:
    """The pattern with its placeholders and sizes replaced."""

    def shape_of(shape: Shape) -> Shape:
        rows, cols = (_size(dim, binding.sizes) for dim in shape)
        assert rows is not None and cols is not None
        return Shape(rows, cols)

    def combine(node: Node, new: dict[Node, Node]) -> Node:
        match node:
            case Symbol(role="hole"):
                return binding.names[node.name]
            case Symbol(role="dimension") if node.name in binding.sizes:
                return normal.size(binding.sizes[node.name])
            case Sum():
                return normal.linear(((new[t], c) for t, c in node.terms), shape_of(node.shape))
            case Product():
                factors = [normal.number(node.coefficient)]
                factors += [normal.power(new[b], new[e]) for b, e in node.scalars + node.chain]
                if not node.chain and not node.shape.is_scalar:
                    factors.append(normal.identity(shape_of(node.shape).rows))
                return normal.mul(*factors)
            case Apply(head="ones"):
                return normal.ones(shape_of(node.shape).rows)
            case Apply(head="commutation"):
                found = [_size(normal.dimension(arg), binding.sizes) for arg in node.args]
                assert found[0] is not None and found[1] is not None
                return normal.commutation(found[0], found[1])
            case Apply():
                return normal.apply(node.head, [new[a] for a in node.args], shape_of(node.shape))
            case Number() | Symbol():
                return node
            case _:
                assert_never(node)

    return fold(pattern, combine, {})


def parts(node: Node) -> tuple[Fraction, tuple[Pair, ...], tuple[Pair, ...]]:
    """Coefficient, scalar factors and chain of any node."""
    match node:
        case Number():
            return node.value, (), ()
        case Product() if not (node.chain and node.shape.is_scalar):
            return node.coefficient, node.scalars, node.chain
        case Symbol() | Sum() | Product() | Apply():
            pass
        case _:
            assert_never(node)
    pair = ((node, normal.ONE),)
    return (Fraction(1), pair, ()) if node.shape.is_scalar else (Fraction(1), (), pair)


def together(chain: Sequence[Pair], rows: Dim) -> Node:
    """The product of a chain; of none, the identity."""
    return normal.mul(*(normal.power(b, e) for b, e in chain)) if chain else normal.identity(rows)


def terms_of(node: Node) -> list[Term]:
    """The terms of a sum, or the node as the only one."""
    return list(node.terms) if isinstance(node, Sum) else [normal.split(node)[::-1]]


# --- proposals ------------------------------------------------------------------------------------


def proposals(pattern: Node, subject: Node, before: Binding) -> Iterator[Binding]:
    """Bindings that may make the pattern the subject."""
    binding = before.sized(pattern.shape, subject.shape)
    if binding is None:
        return
    if isinstance(pattern, Symbol) and pattern.role == "dimension":
        dim = normal.dimension(subject)
        sizes = {pattern.name: dim, **binding.sizes}
        if sizes[pattern.name] is dim:
            yield Binding(binding.names, sizes)
        return
    if is_bound(pattern, binding):
        if instance(pattern, binding) is subject:
            yield binding
        return
    match pattern:
        case Symbol():
            bound = binding.bound(pattern, subject)
            if bound is not None:
                yield bound
        case Apply(head="transpose"):
            yield from proposals(pattern.args[0], normal.transpose(subject), binding)
        case Apply():
            if isinstance(subject, Apply) and subject.head == pattern.head:
                for args in _arguments(subject, pattern):
                    yield from all_proposals(pattern.args, args, binding)
        case Product():
            yield from _product(pattern, subject, binding)
        case Sum():
            yield from summands(pattern, subject, binding)
        case Number():
            pass
        case _:
            assert_never(pattern)


def all_proposals(
    patterns: Sequence[Node], subjects: Sequence[Node], before: Binding
) -> Iterator[Binding]:
    """Bindings that may make each pattern its subject."""
    if not patterns:
        yield before
        return
    for binding in proposals(patterns[0], subjects[0], before):
        yield from all_proposals(patterns[1:], subjects[1:], binding)


def _arguments(node: Apply, pattern: Apply) -> Iterator[Sequence[Node]]:
    """The arguments in every way that gives the same node, as far as they may match a pattern."""
    match node.head:
        case "hadamard":
            yield from permutations(node.args)
        case "block":
            rows = normal.block_rows(pattern)
            yield from normal.groupings(node, len(rows), len(rows[0]))
        case _:
            row = normal.row_of(node)
            traced = normal.inside_trace(node) is not None
            for args in ((arg,) for arg in rotations(node.args[0])) if traced else (node.args,):
                yield args
                if row is not None and row.transposable:
                    yield (normal.transpose(args[0]),)


def rotations(inside: Node) -> Iterator[Node]:
    """The argument of a trace in all its rotations."""
    chain = parts(inside)[2]
    yield inside
    for i in range(1, len(chain)):
        yield rotated(chain, i)


def rotated(chain: Sequence[Pair], i: int) -> Node:
    """The product of a chain that begins with what was factor i."""
    return together([*chain[i:], *chain[:i]], chain[i][0].shape.rows)


def _product(pattern: Product, subject: Node, before: Binding) -> Iterator[Binding]:
    c, scalars, chain = parts(subject)
    if pattern.chain and subject.shape.is_scalar:
        for i, (base, e) in enumerate(scalars):
            if e is normal.ONE and isinstance(base, Product) and base.chain:
                extra = normal.product(c, scalars[:i] + scalars[i + 1 :], (), SCALAR)
                for way in dict.fromkeys((base.chain, normal.transposed_chain(base.chain)[1])):
                    yield from chain_proposals(pattern.chain, way, extra, SCALAR.rows, before)
        return
    for binding, extra in scalar_proposals(pattern, c, scalars, before):
        if pattern.chain:
            yield from chain_proposals(pattern.chain, chain, extra, subject.shape.rows, binding)
        elif not chain:
            yield binding


def scalar_proposals(
    pattern: Product, c: Fraction, scalars: Sequence[Pair], before: Binding
) -> Iterator[tuple[Binding, Node]]:
    """Bindings of the scalar factors, and the factor that is left."""
    wanted = sorted(pattern.scalars, key=lambda pair: is_hole(pair[0]))

    def choose(
        wanted: Sequence[Pair], left: Sequence[Pair], binding: Binding
    ) -> Iterator[tuple[Binding, Node]]:
        rest = normal.product(c / pattern.coefficient, tuple(left), (), SCALAR)
        if not wanted:
            yield binding, rest
            return
        (base, e), *more = wanted
        if is_bound(base, binding):
            found = normal.power(instance(base, binding), e)
            pairs = parts(found)[1]
            if all(pair in left for pair in pairs):
                yield from choose(more, [p for p in left if p not in pairs], binding)
        elif is_hole(base):
            if e is normal.ONE or e is normal.MINUS_ONE:
                bound = binding.bound(base, normal.power(rest, e))
                if bound is not None:
                    yield bound, normal.ONE
        else:
            for i, (other, exponent) in enumerate(left):
                if exponent is e:
                    for bound in proposals(base, other, binding):
                        yield from choose(more, [*left[:i], *left[i + 1 :]], bound)

    yield from choose(wanted, scalars, before)


class Exhausted(Exception):
    """The search has taken as many steps as it may."""


class Search:
    """So many steps may be taken in the block; the number does not depend on the machine."""

    left: ClassVar[list[int]] = []

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def __enter__(self) -> None:
        self.left.append(self.steps)

    def __exit__(self, *error: object) -> None:
        self.left.pop()

    @classmethod
    def step(cls) -> None:
        """Raises Exhausted where there is a limit and it is reached."""
        if cls.left:
            cls.left[-1] -= 1
            if cls.left[-1] < 0:
                raise Exhausted


def chain_proposals(
    pattern: Sequence[Pair], chain: Sequence[Pair], extra: Node, rows: Dim, before: Binding
) -> Iterator[Binding]:
    """The factors of a chain, left to right; ``extra`` is a scalar that is still to be placed."""
    Search.step()
    if not pattern:
        if not chain:
            yield before
        return
    base, e = pattern[0]
    bare = base.args[0] if isinstance(base, Apply) and base.head == "transpose" else base
    if is_bound(base, before):
        found = parts(normal.power(instance(base, before), e))[2]
        if tuple(chain[: len(found)]) == found:
            after = found[-1][0].shape.cols if found else rows
            yield from chain_proposals(pattern[1:], chain[len(found) :], extra, after, before)
    elif is_hole(bare):
        if not (e is normal.ONE or e is normal.MINUS_ONE):
            return
        for k in range(0 if base.shape.is_square else 1, len(chain) + 1 - _least(pattern[1:])):
            if len(pattern) > 1 and not _may_follow(pattern[1], chain[k:], before):
                continue
            if e is normal.MINUS_ONE and not all(_is_inverse(b, j) for b, j in chain[:k]):
                break
            window = normal.mul(extra, together(chain[:k], rows))
            if e is normal.MINUS_ONE and not window.shape.is_square:
                continue
            value = normal.power(window, e)
            bound = before.bound(bare, value if bare is base else normal.transpose(value))
            if bound is not None:
                after = chain[k - 1][0].shape.cols if k else rows
                yield from chain_proposals(pattern[1:], chain[k:], normal.ONE, after, bound)
    elif chain and chain[0][1] is e:
        subject = chain[0][0]
        turned = [normal.neg(subject)] if isinstance(base, Sum) else []
        for one in (subject, *turned):
            for bound in proposals(base, one, before):
                yield from chain_proposals(pattern[1:], chain[1:], extra, subject.shape.cols, bound)


def _least(pattern: Sequence[Pair]) -> int:
    """How many factors a chain must have."""
    return sum(not (is_hole(base) and base.shape.is_square) for base, _ in pattern)


def _may_follow(pair: Pair, chain: Sequence[Pair], binding: Binding) -> bool:
    """May a chain begin with what a pattern goes on with?  (A cheap test.)"""
    base, e = pair
    if not isinstance(base, Sum) or is_bound(base, binding):
        return True
    return bool(chain) and chain[0][1] is e and isinstance(chain[0][0], Sum)


def _may_be(pattern: Node, subject: Node) -> bool:
    """May a term be an instance of a pattern?  (A cheap test.)"""
    if not isinstance(pattern, Product) or subject.shape.is_scalar:
        return True
    if not any(isinstance(base, Sum) for base, _ in pattern.chain):
        return True
    return isinstance(subject, Product) and any(isinstance(b, Sum) for b, _ in subject.chain)


def _is_inverse(base: Node, e: Node) -> bool:
    """May a factor be read as an inverse?"""
    symbol = base.args[0] if isinstance(base, Apply) and base.head == "transpose" else base
    declared = isinstance(symbol, Symbol) and "invertible" in symbol.facts
    return declared or (isinstance(e, Number) and e.value < 0)


def _is_lone(term: Node) -> bool:
    """A placeholder, its transpose or its inverse: what takes the rest of a sum."""
    if isinstance(term, Apply) and term.head == "transpose":
        return is_hole(term.args[0])
    if isinstance(term, Product) and term.coefficient == 1:
        pairs = term.scalars + term.chain
        return len(pairs) == 1 and _is_lone(pairs[0][0])
    return is_hole(term)


def summands(
    pattern: Sum, subject: Node, before: Binding, partly: bool = False
) -> Iterator[Binding]:
    """The terms of a sum, in any order; ``partly`` where other terms may be left."""
    wanted = sorted(pattern.terms, key=lambda term: (_is_lone(term[0]), term[0].digest))

    def choose(wanted: Sequence[Term], left: Sequence[Term], binding: Binding) -> Iterator[Binding]:
        if not wanted:
            if partly or not left:
                yield binding
            return
        (term, c), *more = wanted
        if is_bound(term, binding):
            sized = binding.sized(term.shape, subject.shape)
            if sized is None:
                return
            found = terms_of(normal.scale(c, instance(term, sized)))
            if all(one in left for one in found):
                yield from choose(more, [one for one in left if one not in found], sized)
        elif _is_lone(term) and not more and not partly:
            if left:
                rest = normal.scale(1 / c, normal.linear(left, subject.shape))
                yield from proposals(term, rest, binding)
        else:
            for i, (one, k) in enumerate(left):
                if not _may_be(term, one):
                    continue
                for bound in proposals(term, normal.scale(k / c, one), binding):
                    yield from choose(more, [*left[:i], *left[i + 1 :]], bound)

    yield from choose(wanted, terms_of(subject), before)
