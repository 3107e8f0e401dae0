"""Common factors taken out, by what the printed forms measure.

Bottom-up and memoised.  In a sum, every factor that two or more terms share (a scalar base, the
first or last factor of the chain, a factor of an element-wise product, a linear head) names a
group; from a group its common scalars and its longest common left, then right, window are
extracted, and the candidate that makes the printed form shortest is taken, until none does.  Ties
are broken by structure, never by the order in which nodes were made.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from matcalc.algebra import normal
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, fold
from matcalc.algebra.rewrite import expand, rebuild
from matcalc.algebra.rules import shorten
from matcalc.errors import assert_never
from matcalc.language.sizes import SCALAR, Shape

Term = tuple[Node, Fraction]
Key = tuple[str, Node, Node]
Extracted = tuple[Node, Callable[[Node], Node]]  # what is left of a group, and what stands around

_MANY = 40  # from here on all disjoint groups are taken in one round
_LOOKAHEAD, _BEAM = 8, 4  # up to so many terms, so many ways are followed to their end
_ROUNDS = 4
_HOPELESS = 8  # an expansion so many times longer is not factored
_FEW = 6  # up to here a candidate is judged by what is left of it, factored in its turn


class Cost(Protocol):
    """What nodes measure in print: as whole results, as parts, as terms without their sign.

    The forms are those of ``present``, which is above this layer, and of the problem.
    """

    @property
    def whole(self) -> Callable[[Node], int]: ...
    @property
    def part(self) -> Callable[[Node], int]: ...
    @property
    def term(self) -> Callable[[Node], int]: ...


def simplify(node: Node, cost: Cost, keep: Container[Node] = ()) -> Node:
    """The shorter of the factored form and the factored form of the expansion.

    The sums in ``keep`` (those that were typed) stay as they are unless the expansion is shorter.
    """
    factoring = Factoring(cost)
    best = factoring.factor(node, keep)
    expanded = expand(node)
    if expanded is not None and cost.whole(expanded) <= _HOPELESS * cost.whole(best):
        other = factoring.factor(expanded, keep)
        if cost.whole(other) < cost.whole(best):
            best = other
    forms = [node, best] if expanded is None else [node, expanded, best]
    for form in dict.fromkeys(forms):
        other = shorten(form, cost.whole)
        if other is not form and cost.whole(other) < cost.whole(best):
            best = min(other, factoring.factor(other, keep), key=cost.whole)
    other = factoring.multiply_out(best, keep)
    if other is not best:
        best = min(best, other, factoring.factor(other, keep), key=cost.whole)
    return best


class Factoring:
    """Takes common factors out of sums; the same sum comes up on many ways, so each is kept."""

    def __init__(self, cost: Cost) -> None:
        self.cost = cost
        self._factored: dict[Node, Node] = {}
        self._tried: dict[tuple[Key, tuple[Term, ...]], tuple[int, Node] | None] = {}

    def factor(self, root: Node, keep: Container[Node] = ()) -> Node:
        """The root with common factors taken out of every sum but those in ``keep``."""

        def combine(node: Node, done: dict[Node, Node]) -> Node:
            if node in keep:
                return node
            fresh = rebuild(node, done)
            return self._factored_node(fresh) if fresh not in keep else fresh

        best = fold(root, combine, {})
        for _ in range(_ROUNDS):  # what was left of a large group may itself have common factors
            again = fold(best, combine, {})
            if again is best or self.cost.whole(again) >= self.cost.whole(best):
                break
            best = again
        return best

    def multiply_out(self, root: Node, keep: Container[Node] = ()) -> Node:
        """The root with products as factored sums where these are shorter.

        Such are u' (I - 1 1'/n) with 1' u = 0, which shows only when u is written out.
        """

        def combine(node: Node, done: dict[Node, Node]) -> Node:
            fresh = rebuild(node, done)
            if fresh in keep or not isinstance(fresh, Product):
                return fresh
            expanded = expand(fresh, _FEW, {fresh})
            if expanded is None or expanded is fresh:
                return fresh
            return min(fresh, self._factored_node(expanded), key=self.cost.part)

        return fold(root, combine, {})

    def _factored_node(self, node: Node) -> Node:
        if not isinstance(node, Sum):
            return node
        known = self._factored.get(node)
        if known is None:
            if node.shape.is_row and not node.shape.is_scalar:
                known = normal.transpose(self._factored_node(normal.transpose(node)))
            else:
                known = self._without_common_factors(node)
            self._factored[node] = known
        return known

    def _without_common_factors(self, node: Sum) -> Node:
        measure = self._measure
        if len(node.terms) <= _LOOKAHEAD:
            candidates = self._ranked(node.terms, node.shape)[:_BEAM]
            nexts = [_taken(node.terms, [c], node.shape) for c in candidates]
            ways = [self._factored_node(way) for way in nexts if measure(way) < measure(node)]
            return min(ways, key=lambda way: (self.cost.part(way), way.digest), default=node)
        terms = node.terms
        while candidates := self._ranked(terms, node.shape):
            chosen, used = [], set[int]()
            for candidate in candidates if len(terms) > _MANY else candidates[:1]:
                if not used.intersection(candidate.members):
                    used.update(candidate.members)
                    chosen.append(candidate)
            again = _taken(terms, chosen, node.shape)
            if measure(again) >= measure(normal.linear(terms, node.shape)):
                break
            if not isinstance(again, Sum) or len(again.terms) <= _LOOKAHEAD:
                return self._factored_node(again)
            terms = again.terms
        return normal.linear(terms, node.shape)

    def _measure(self, node: Node) -> tuple[int, int]:
        """What every extraction makes smaller, so that factoring ends."""
        return self.cost.part(node), len(node.terms) if isinstance(node, Sum) else 1

    # --- candidates -------------------------------------------------------------------------------

    def _ranked(self, terms: Sequence[Term], shape: Shape) -> list[_Candidate]:
        return sorted(self._candidates(terms, shape), key=lambda c: (-c.gain, c.rank))

    def _candidates(self, terms: Sequence[Term], shape: Shape) -> Iterator[_Candidate]:
        groups: dict[Key, list[int]] = {}
        for i, (term, _) in enumerate(terms):
            for key in dict.fromkeys(_keys(term)):
                groups.setdefault(key, []).append(i)
        place = {term: i for i, (term, _) in enumerate(terms)}
        for key, members in groups.items():
            restored = _restored(terms, place, key, members, shape)
            if restored is not None:
                taken, group = restored
                yield from self._candidate(key, taken, group, shape)
        seen: set[tuple[str, tuple[int, ...]]] = set()
        for key, members in groups.items():
            if len(members) < 2 or ((key[0], tuple(members)) in seen and key[0] != "entry"):
                continue
            seen.add((key[0], tuple(members)))
            group = [terms[i] for i in members]
            if len(members) < len(terms) and all(_is_monomial(term) for term, _ in group):
                continue  # a polynomial is not written in Horner's way
            yield from self._candidate(key, members, group, shape)

    def _candidate(
        self, key: Key, members: Sequence[int], group: Sequence[Term], shape: Shape
    ) -> Iterator[_Candidate]:
        """The group, if it becomes shorter; it comes up again when others have been taken."""
        tried = key, tuple(group)
        if tried not in self._tried:
            self._tried[tried] = self._extracted(key, group, shape)
        found = self._tried[tried]
        if found is not None and found[0] > 0:
            yield _Candidate(found[0], tuple(members), found[1])

    def _extracted(self, key: Key, group: Sequence[Term], shape: Shape) -> tuple[int, Node] | None:
        """A group with what the key names (and whatever else is common) taken out, and the gain.

        What is left is factored in its turn if it is shorter than the group, so that this ends.
        """
        found = _extract(key, group, shape)
        if found is None:
            return None
        inner, around = found
        before = self.cost.term(normal.linear(group, shape))
        if isinstance(inner, Sum) and len(inner.terms) <= _FEW and self.cost.part(inner) < before:
            inner = self._factored_node(inner)
        node = around(inner)
        return before - self.cost.term(node) + (key[0] == "identity"), node


def _taken(terms: Sequence[Term], chosen: Sequence[_Candidate], shape: Shape) -> Node:
    """The sum with the terms of each group replaced by the group's product."""
    used = {i for candidate in chosen for i in candidate.members}
    rest = [term for i, term in enumerate(terms) if i not in used]
    return normal.linear([*rest, *((c.node, Fraction(1)) for c in chosen)], shape)


@dataclass(frozen=True)
class _Candidate:
    gain: int
    members: tuple[int, ...]
    node: Node

    @property
    def rank(self) -> bytes:
        return self.node.digest


def _restored(
    terms: Sequence[Term],
    place: dict[Node, int],
    key: Key,
    members: Sequence[int],
    shape: Shape,
) -> tuple[list[int], list[Term]] | None:
    """Terms that add up to a sum which is a factor of another: E - E W = E (I - W)."""
    base = key[1]
    if not isinstance(base, Sum) or key[2] is not normal.ONE or base.shape != shape:
        return None
    spread = [place.get(term, -1) for term, _ in base.terms]
    if not spread or any(i < 0 or i in members for i in spread):
        return None
    c, *others = {terms[i][1] / c for i, (_, c) in zip(spread, base.terms, strict=True)}
    if others:
        return None
    return [*members, *spread], [(base, c), *(terms[i] for i in members)]


def _is_monomial(term: Node) -> bool:
    """A product of powers of scalar symbols."""
    if isinstance(term, Product):
        return not term.chain and all(isinstance(b, Symbol) for b, _ in term.scalars)
    return isinstance(term, Symbol | Number) and term.shape.is_scalar


def _keys(term: Node) -> Iterator[Key]:
    """What a term could share with another."""
    nothing = normal.ONE
    match term:
        case Product():
            if term.shape.is_scalar and term.chain:
                yield ("scalar", term, nothing)
                for chain in _orientations(term):
                    yield ("left", *chain[0])
                    yield ("right", *chain[-1])
                return
            for b, _ in term.scalars:
                yield ("scalar", b, nothing)
                if len(term.scalars) == 1 and isinstance(b, Product):
                    yield from _keys(b)
            if not term.chain and not term.shape.is_scalar:
                yield ("identity", nothing, nothing)
            if term.chain:
                yield ("left", *term.chain[0])
                yield ("right", *term.chain[-1])
                if len(term.chain) == 1 and term.chain[0][1] is nothing:
                    yield from _entry_keys(term.chain[0][0])
        case Number():
            return
        case Symbol() | Sum() | Apply():
            if term.shape.is_scalar:
                yield ("scalar", term, nothing)
            else:
                yield ("left", term, nothing)
                yield ("right", term, nothing)
                yield from _entry_keys(term)
        case _:
            assert_never(term)


def _entry_keys(node: Node) -> Iterator[Key]:
    if isinstance(node, Apply):
        if normal.is_linear(node) and not node.shape.is_scalar:
            if len(node.args) == 1:  # vec A and vec B are of a kind if A and B are
                yield (f"{node.head} 0", normal.zero(node.args[0].shape), normal.ONE)
            elif len(node.args) == 2:  # A ⊗ B and A ⊗ C
                yield (f"{node.head} 1", node.args[0], normal.ONE)
                yield (f"{node.head} 0", node.args[1], normal.ONE)
        if node.shape.is_column or node.head in ("hadamard", "epow"):
            for base, _ in normal.entry_powers(node):
                if not normal.is_ones(base):
                    yield ("entry", base, normal.ONE)
            return
    if node.shape.is_column:
        yield ("entry", node, normal.ONE)


def _orientations(term: Product) -> tuple[normal.Chain, ...]:
    scalars, there = normal.transposed_chain(term.chain)
    if scalars.powers or scalars.coefficient != 1 or len(there) != len(term.chain):
        return (term.chain,)
    return (term.chain, there)


def _extract(key: Key, group: Sequence[Term], shape: Shape) -> Extracted | None:
    """The group as one node with what the key names (and all else that is common) taken out."""
    kind = key[0]
    if kind[-1].isdigit():
        return _extract_argument(int(kind[-1]), group, shape)
    if kind == "entry":
        return _extract_entry(key[1], group, shape)
    if kind == "identity":
        return _extract_identity(group, shape)
    if shape.is_scalar and kind != "scalar":
        return _extract_oriented(key, group)
    parts = [_parts(term, c) for term, c in group]
    common = _common_scalars([p[1] for p in parts])
    left, right = _common_windows([p[2] for p in parts])
    if not common and not left and not right:
        return None
    inner_shape = _inner_shape(left, right, shape)
    rest: list[Term] = []
    for c, scalars, chain in parts:
        kept = {b: normal.sub(e, common.get(b, normal.ZERO)) for b, e in scalars.items()}
        middle = chain[len(left) : len(chain) - len(right)]
        rest.append((_assemble(kept, middle, inner_shape), c))
    factors = [normal.power(b, e) for b, e in common.items()]
    return normal.linear(rest, inner_shape), _between([*factors, *_nodes(left)], _nodes(right))


def _between(left: Sequence[Node], right: Sequence[Node]) -> Callable[[Node], Node]:
    return lambda inner: normal.mul(*left, inner, *right)


def _nodes(chain: normal.Chain) -> list[Node]:
    return [normal.power(b, e) for b, e in chain]


def _parts(term: Node, c: Fraction) -> tuple[Fraction, dict[Node, Node], normal.Chain]:
    if isinstance(term, Product) and not (term.chain and term.shape.is_scalar):
        return c, dict(term.scalars), term.chain
    if term is normal.ONE:
        return c, {}, ()
    if term.shape.is_scalar:
        return c, {term: normal.ONE}, ()
    return c, {}, ((term, normal.ONE),)


def _common_scalars(all_scalars: list[dict[Node, Node]]) -> dict[Node, Node]:
    common: dict[Node, Node] = {}
    for base in sorted(set.intersection(*map(set, all_scalars)), key=lambda b: b.digest):
        exponents = [s[base] for s in all_scalars]
        if all(e is exponents[0] for e in exponents):
            common[base] = exponents[0]
        elif all(isinstance(e, Number) for e in exponents):
            values = [e.value for e in exponents if isinstance(e, Number)]
            low = min(values) if min(values) > 0 else max(values) if max(values) < 0 else None
            if low is not None:
                common[base] = normal.number(low)
    return common


def _common_windows(chains: list[normal.Chain]) -> tuple[normal.Chain, normal.Chain]:
    shortest = min(map(len, chains))
    first = chains[0]
    i = 0
    while i < shortest and all(chain[i] == first[i] for chain in chains):
        i += 1
    j = 0
    while j < shortest - i and all(chain[-1 - j] == first[-1 - j] for chain in chains):
        j += 1
    return first[:i], first[len(first) - j :]


def _inner_shape(left: normal.Chain, right: normal.Chain, shape: Shape) -> Shape:
    rows = left[-1][0].shape.cols if left else shape.rows
    cols = right[0][0].shape.rows if right else shape.cols
    return Shape(rows, cols)


def _assemble(scalars: dict[Node, Node], chain: normal.Chain, shape: Shape) -> Node:
    factors = [normal.power(b, e) for b, e in scalars.items() if e is not normal.ZERO]
    nodes = _nodes(chain)
    if not nodes and not shape.is_scalar:
        nodes = [normal.identity(shape.rows)]
    return normal.mul(*factors, *nodes) if factors or nodes else normal.ONE


def _extract_oriented(key: Key, group: Sequence[Term]) -> Extracted | None:
    """u' A v + u' B w of scalars: each chain turned so that it begins (or ends) with the key."""
    kind, pair = key[0], (key[1], key[2])
    end = 0 if kind == "left" else -1
    turned: list[tuple[Fraction, dict[Node, Node], normal.Chain]] = []
    for term, c in group:
        scalars: dict[Node, Node] = {}
        base = term
        if isinstance(term, Product) and not term.chain:
            scalars = dict(term.scalars)
            ((base, e),) = scalars.items()
            if e is not normal.ONE:
                return None
            scalars = {}
        if not isinstance(base, Product):
            return None
        chain = next((o for o in _orientations(base) if o[end] == pair), None)
        if chain is None:
            return None
        turned.append((c, scalars, chain))
    left, right = _common_windows([chain for _, _, chain in turned])
    if (kind == "left" and not left) or (kind == "right" and not right):
        return None
    if all(len(left) + len(right) >= len(chain) for _, _, chain in turned):
        return None
    inner_shape = _inner_shape(left, right, SCALAR)
    rest = [
        (_assemble(s, chain[len(left) : len(chain) - len(right)], inner_shape), c)
        for c, s, chain in turned
    ]
    return normal.linear(rest, inner_shape), _between(_nodes(left), _nodes(right))


def _extract_identity(group: Sequence[Term], shape: Shape) -> Extracted:
    """s I + t I = (s + t) I."""
    rest = [(normal.outside(term)[0], c) for term, c in group if isinstance(term, Product)]
    return normal.linear(rest, SCALAR), _between([], [normal.identity(shape.rows)])


def _extract_argument(i: int, group: Sequence[Term], shape: Shape) -> Extracted | None:
    """f(a) + f(b) = f(a + b) for an f that is linear in argument i, the others being the same."""
    rest: list[Term] = []
    for term, c in group:
        scalars: list[Node] = []
        if isinstance(term, Product):
            scalars = [normal.power(b, e) for b, e in term.scalars]
            term = term.chain[0][0]
        if not isinstance(term, Apply):
            return None
        rest.append((normal.mul(*scalars, term.args[i]), c))
        head, args = term.head, term.args
    inner = normal.linear(rest, rest[0][0].shape)
    return inner, lambda inside: normal.apply(head, (*args[:i], inside, *args[i + 1 :]), shape)


def _extract_entry(base: Node, group: Sequence[Term], shape: Shape) -> Extracted | None:
    """u .* v + u .* w = u .* (v + w), with all scalars and entry-wise factors in common."""
    coefficients = [c for _, c in group]
    all_scalars: list[dict[Node, Node]] = []
    all_entries: list[dict[Node, Node]] = []
    for term, _ in group:
        matrix = normal.outside(term)[1] if isinstance(term, Product) else term
        all_scalars.append(dict(term.scalars) if isinstance(term, Product) else {})
        all_entries.append(dict(normal.entry_powers(matrix)))
    scalars, entries = _common_scalars(all_scalars), _common_scalars(all_entries)
    if base not in entries:
        return None
    rest: list[Term] = []
    for c, mine, powers in zip(coefficients, all_scalars, all_entries, strict=True):
        outside = [normal.power(b, e) for b, e in _less(mine, scalars)]
        inside = [normal.epow(b, e) for b, e in _less(powers, entries)]
        rest.append((normal.mul(*outside, normal.hadamard(*inside)), c))
    factors = [normal.power(b, e) for b, e in scalars.items()]
    common = [normal.epow(b, e) for b, e in entries.items()]
    inner = normal.linear(rest, shape)
    return inner, lambda inside: normal.mul(*factors, normal.hadamard(*common, inside))


def _less(powers: dict[Node, Node], common: dict[Node, Node]) -> Iterator[tuple[Node, Node]]:
    """The powers that are left when the common ones are taken out."""
    for base, e in powers.items():
        yield base, normal.sub(e, common[base]) if base in common else e
