"""IR -> surface tree: the normal form written as a person would.

The normal form has no taste: sums are sorted by digest and primitive, transposes sit at the leaves.
Here sums get back the order and the orientation in which they were typed, a transpose is taken out
where that is shorter (``(X B + B X)'``), negative powers become inverses and quotients, v'v to
the power 1/2 becomes norm(v), ones' v becomes sum(v).  The tree reads back to the same node.

Shared nodes give shared trees, which is how repeated subexpressions are found and named.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from matcalc.algebra import heads, normal
from matcalc.algebra.cost import common_coefficient, cost, turned_chain
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, fold
from matcalc.algebra.normal import transpose
from matcalc.errors import assert_never
from matcalc.language import tree as t
from matcalc.language.sizes import SCALAR, Shape
from matcalc.language.tree import Tree
from matcalc.present.patterns import (
    cheaper_outside,
    exponential_parts,
    is_constant,
    is_root_of_constant,
    magnitude,
    negative,
    norm_inside,
    oriented,
    plain_cost,
    positive,
    sum_parts,
    summed,
    with_means,
)
from matcalc.present.style import Style
from matcalc.present.trees import Pieces, Written, positive_first
from matcalc.tables.functions import FUNCTIONS


class Presenter(Pieces):
    """Turns nodes into trees; keeps the shape of every tree it makes in ``shapes``."""

    def __init__(self, style: Style) -> None:
        super().__init__(style)
        self.done: dict[Node, Written] = {}
        self.bare = "I" not in style.reserved
        self.whole: Node | None = None

    def present(self, node: Node) -> Tree:
        """The tree of a whole result."""
        self.whole = node
        return self._signed(self._written(node))

    def unsigned(self, node: Node) -> Tree:
        """The tree of a node or of its negative, whichever is written without a sign."""
        return self._written(node).tree

    def _written(self, node: Node) -> Written:
        return fold(node, lambda n, _: self._combine(n), self.done, self._needs)

    def _typed(self, node: Node) -> bool:
        return node in self.style.sums

    def _flips(self, node: Node) -> bool:
        """Is the transpose of a sum written, and transposed?"""
        if node.shape.is_scalar or not isinstance(node, Sum) or not node.terms:
            return False
        turned = transpose(node)
        if turned is node or self._has_common_number(node):
            return False
        here = self._typed(node) or self._typed(normal.neg(node))
        there = self._typed(turned) or self._typed(normal.neg(turned))
        if here != there:
            return there
        if any(is_constant(term) for term, _ in node.terms):  # only a column broadcasts
            return node.shape.is_row
        assert isinstance(turned, Sum)
        saved = plain_cost(node) - plain_cost(turned) - 1
        return saved > 1 or (saved > 0 and turned.primes == 0 and node is not self.whole)

    def _needs(self, node: Node) -> Iterable[Node]:
        if self._flips(node):
            return (transpose(node),)
        return self._parts(node)

    def _parts(self, node: Node) -> Iterable[Node]:
        """The nodes whose trees the tree of a node is made of."""
        match node:
            case Sum():
                if self._has_common_number(node):
                    node = positive(node)
                    return [normal.scale(1 / common_coefficient([c for _, c in node.terms]), node)]
                return [term for term, _ in node.terms if term is not normal.ONE]
            case Product():
                found: list[Node] = []
                for base, e in node.scalars:
                    inside = norm_inside(base, e)
                    found.append(base if inside is None else inside)
                    found.append(magnitude(e))
                turned = turned_chain(node)
                if turned is not None:
                    return [*found, turned]
                for base, e in oriented(node, self.style):
                    found.append(base)
                    found.append(magnitude(e))
                if node.shape.is_scalar and node.chain:
                    found += sum_parts(node)
                return found
            case Apply(head="epow"):
                return (node.args[0], magnitude(node.args[1]))
            case Apply(head="hadamard"):
                return [n for b, e in heads.entry_powers(node) for n in (b, magnitude(e))]
            case Apply(head="call" | "jacobian"):
                return node.args[1:]
            case Apply(head="tr"):
                return (self._traced(node),)
            case Number() | Symbol() | Apply():
                return node.children
            case _:
                assert_never(node)

    def _combine(self, node: Node) -> Written:
        if self._flips(node):
            sign, inner = self.done[transpose(node)]
            return Written(sign, self._transposed(inner))
        return self._build(node)

    def _build(self, node: Node) -> Written:
        match node:
            case Number():
                return Written(-1 if node.value < 0 else 1, self._number(abs(node.value)))
            case Symbol():
                return Written(1, self._name(node))
            case Sum():
                return self._sum(node)
            case Product():
                return self._product(node)
            case Apply():
                return self._apply(node)
            case _:
                assert_never(node)

    def _sum(self, node: Sum) -> Written:
        if not node.terms:
            return Written(1, self._constant("zeros", node.shape))
        typed = self._typed(node)
        sign = 1
        if not typed and self._typed(normal.neg(node)):
            node, sign, typed = negative(node), -1, True
        if not typed and all(c < 0 for _, c in node.terms):
            node, sign = negative(node), -1
        if self._has_common_number(node):
            whole = common_coefficient([c for _, c in node.terms])
            inner = self._written(normal.scale(1 / whole, node))
            factors, ops = self._splice(self._number(whole))
            made = self._multiply([*factors, inner.tree], [*ops, " "], node.shape)
            return Written(sign * inner.sign, made)
        tree = self._sum_tree(node, typed)
        if typed or not isinstance(tree, t.Add):
            return Written(sign, tree)
        leading = self._leading(tree)
        return Written(sign * leading.sign, leading.tree)

    def _has_common_number(self, node: Sum) -> bool:
        """Is it shorter to write 2 (a - b), and was it not typed otherwise?"""
        if not node.terms or self._typed(node) or self._typed(normal.neg(node)):
            return False
        return cheaper_outside([c for _, c in node.terms], self.style)

    def _sum_tree(self, node: Node, typed: bool) -> Tree:
        assert isinstance(node, Sum)
        items = [self._term(term, c, node) for term, c in node.terms]
        place = {unit: i for i, unit in enumerate(self.style.sums[node])} if typed else {}
        found = [
            (place.get(unit, 10**6), item)
            for (unit, _), item in zip(node.terms, items, strict=True)
        ]
        grouped = self._group(node, found)
        if typed:
            pairs = [item for _, item in sorted(grouped, key=lambda pair: pair[0])]
        else:
            pairs = positive_first(self._sorted([item for _, item in grouped], node.shape))
        tree = self._add(pairs, node.shape) if len(pairs) > 1 else self._signed(Written(*pairs[0]))
        if typed:
            self.fixed.add(tree)
        return tree

    def _term(self, term: Node, c: Fraction, parent: Sum) -> tuple[int, Tree]:
        """A term with its coefficient, as sign and tree."""
        sign = 1 if c > 0 else -1
        if term is normal.ONE:
            return sign, self._number(abs(c))
        written = self._term_tree(term, parent)
        sign *= written.sign
        turned = self._absorb(written.tree) if sign < 0 else None
        if turned is not None:
            return 1, self._scaled(abs(c), turned)
        return sign, self._scaled(abs(c), written.tree)

    def _term_tree(self, term: Node, parent: Sum) -> Written:
        others = (other for other, _ in parent.terms)
        if isinstance(term, Product) and not term.chain and not term.shape.is_scalar:
            fixed = self.bare and not all(isinstance(o, Product) and not o.chain for o in others)
            if fixed:
                return self._product(term, bare_identity=True)
        elif parent.shape.is_column and is_constant(term) and not all(map(is_constant, others)):
            scalar = heads.outside(term)[0] if isinstance(term, Product) else normal.ONE
            return self._written(scalar)
        return self.done[term]

    def _group(
        self, node: Sum, items: list[tuple[int, tuple[int, Tree]]]
    ) -> list[tuple[int, tuple[int, Tree]]]:
        """Terms of equal |coefficient| under one factor, 2 (A + B) + C, where that is shorter."""
        by_size: dict[Fraction, list[int]] = {}
        for i, (term, c) in enumerate(node.terms):
            if abs(c) != 1 and term is not normal.ONE:
                by_size.setdefault(abs(c), []).append(i)
        taken: set[int] = set()
        made: list[tuple[int, tuple[int, Tree]]] = []
        for size, members in by_size.items():
            if not 1 < len(members) < len(items):
                continue
            terms = [(node.terms[i][0], node.terms[i][1] / size) for i in members]
            part = normal.linear(terms, node.shape)
            if isinstance(part, Sum):
                sign = -1 if all(c < 0 for _, c in part.terms) else 1
                part = positive(part)
                inner = self._sum_tree(part, self._typed(part))
                taken.update(members)
                place = min(items[i][0] for i in members)
                made.append((place, (sign, self._scaled(size, inner))))
        return made + [item for i, item in enumerate(items) if i not in taken]

    def _product(self, node: Product, bare_identity: bool = False) -> Written:
        sign = -1 if node.coefficient < 0 else 1
        above: list[Tree] = []
        below: list[Tree] = []
        scalars, means = with_means(node.scalars) if self.style.means else (node.scalars, [])
        for mean in means:
            s, tree = self._written(mean)
            sign *= s
            above.append(self._call("mean", [tree], SCALAR))
        typed = self.style.factors.get(frozenset(base for base, _ in scalars))
        roots: dict[bool, list[Node]] = {True: [], False: []}
        for base, e in sorted(scalars, key=lambda p: typed.index(p[0]) if typed else 0):
            negative = isinstance(e, Number) and e.value < 0
            if is_root_of_constant(base, e):
                roots[negative].append(base)
                continue
            s, tree = self._scalar_power(base, e)
            sign *= s
            (below if negative else above).append(tree)
        if typed is None:
            above.sort(key=self._factor_key)
            below.sort(key=self._factor_key)
        for negative, bases in roots.items():  # sqrt(2) sqrt(pi) is sqrt(2 pi)
            if bases:
                inside = self._written(normal.mul(*bases)).tree
                (below if negative else above).append(self._call("sqrt", [inside], SCALAR))
        if node.shape.is_scalar and node.chain:
            return self._scalar_chain(node)
        turned = turned_chain(node)
        if turned is not None:
            written = self.done[turned]
            chain, chain_sign = [self._transposed(written.tree)], written.sign
        else:
            chain, chain_sign = self._chain(node.chain)
        sign *= chain_sign
        if not node.chain and not node.shape.is_scalar:
            eye = t.Name("I") if bare_identity else None
            chain = [
                self._made(eye, node.shape)
                if eye
                else self._call("eye", [self.dim(node.shape.rows)], node.shape)
            ]
        c = abs(node.coefficient)
        trees = [*above, *chain]
        tree = self._quotient(c, trees, below, node.shape)
        if not node.shape.is_scalar:  # terms sort by their matrix factors
            places = [place for part in chain for place in self.positions[part]]
            self.positions[tree] = tuple(places[:12])
        return Written(sign, tree)

    def _scalar_power(self, base: Node, e: Node) -> tuple[int, Tree]:
        """base^|e| for a number e, base^e for a symbolic one; with the sign of the whole."""
        inside = norm_inside(base, e)
        if isinstance(e, Number):
            k = abs(e.value)
            if inside is not None:
                norm = self._call("norm", [self.done[inside].tree], SCALAR)
                return 1, self._raised(norm, 2 * k)
            sign, tree = self.done[base]
            if k.denominator > 1:
                tree, sign = self._signed(Written(sign, tree)), 1
                if k == Fraction(1, 2):
                    return 1, self._call("sqrt", [tree], SCALAR)
            return sign if k.numerator % 2 else 1, self._raised(tree, k)
        tree = self._signed(self.done[base])
        exponent = self._signed(self.done[e])
        return 1, self._made(t.Power(tree, exponent), SCALAR, [tree, exponent])

    def _chain(self, chain: normal.Chain) -> tuple[list[Tree], int]:
        sign = 1
        trees: list[Tree] = []
        i = 0
        while i < len(chain):
            base, e = chain[i]
            if normal.is_ones(base) and i + 1 < len(chain):
                row = chain[i + 1][0]
                if normal.is_ones(transpose(row)):
                    shape = Shape(base.shape.rows, row.shape.cols)
                    trees.append(self._constant("ones", shape))
                    i += 2
                    continue
            s, tree = self._matrix_power(base, e)
            sign *= s
            trees.append(tree)
            i += 1
        return trees, sign

    def _matrix_power(self, base: Node, e: Node) -> tuple[int, Tree]:
        sign, tree = self.done[base]
        k = normal.integer(e)
        if k is None:
            tree = self._signed(Written(sign, tree))
            exponent = self._signed(self.done[e])
            made = t.Power(tree.arg if isinstance(tree, t.Transpose) else tree, exponent)
            power = self._made(made, base.shape, [tree])
            return 1, self._transposed(power) if isinstance(tree, t.Transpose) else power
        sign = sign if k % 2 else 1
        if k > 0:
            return sign, self._raised(tree, Fraction(k))
        if isinstance(base, Symbol) and "orthogonal" in base.facts and k == -1:
            return sign, self._transposed(tree)
        if isinstance(tree, t.Transpose):
            return sign, self._transposed(self._raised(self._inverse(tree.arg), Fraction(-k)))
        return sign, self._raised(self._inverse(tree), Fraction(-k))

    def _scalar_chain(self, node: Product) -> Written:
        chain = node.chain
        first, last = chain[0][0], chain[-1][0]
        if normal.is_ones(transpose(first)) or normal.is_ones(last):
            return self._summation(node)
        trees, sign = self._chain(oriented(node, self.style))
        return Written(sign, self._multiply(trees, [" "] * len(trees), SCALAR))

    def _summation(self, node: Product) -> Written:
        """ones' v as sum(v), ones' (u .* v .* w) as u' (v .* w)."""
        inside = summed(node)
        if inside.shape.is_column and isinstance(inside, Apply) and inside.head == "hadamard":
            plain = [b for b, e in heads.entry_powers(inside) if e is normal.ONE]
            if plain:
                ways = sorted(plain, key=lambda b: (cost(transpose(b)), self._key_of(b)))
                u = ways[0]
                rest = heads.hadamard(inside, heads.epow(u, normal.MINUS_ONE))
                left, right = self._written(transpose(u)), self._written(rest)
                tree = self._multiply([left.tree, right.tree], ["", " "], SCALAR)
                return Written(left.sign * right.sign, tree)
        sign, tree = self._written(inside)
        if isinstance(tree, t.Transpose):
            tree = tree.arg
        return Written(sign, self._call("sum", [tree], SCALAR))

    def _key_of(self, node: Node) -> tuple[int, ...]:
        return self.positions[self.done[node].tree]

    def _apply(self, node: Apply) -> Written:
        match node.head:
            case "transpose":
                sign, tree = self.done[node.args[0]]
                return Written(sign, self._transposed(tree))
            case "hadamard" | "epow":
                return self._entries(node)
            case "ones":
                return Written(1, self._constant("ones", node.shape))
            case "call" | "jacobian":
                f = node.args[0]
                assert isinstance(f, Symbol)
                name = f.name if node.head == "call" else f"D{f.name}"
                arg = self._signed(self.done[node.args[1]])
                return Written(1, self._call(name, [arg], node.shape))
            case "unvec":
                arg = self._signed(self.done[node.args[0]])
                dims = [self.dim(node.shape.rows), self.dim(node.shape.cols)]
                return Written(1, self._call("unvec", [arg, *dims], node.shape))
        row = FUNCTIONS.get(node.head)
        if row is not None and row.parity:
            written = self.done[node.args[0]]
            if isinstance(written.tree, t.Add):  # f(-(a - b)) = f(a - b) or -f(a - b)
                sign = written.sign if row.parity < 0 else 1
                return Written(sign, self._call(node.head, [written.tree], node.shape))
        traced = [self._traced(node)] if node.head == "tr" else node.args
        name = "diag" if node.head == "diagonal" else node.head
        if row is not None and row.adjoint:  # linear: the sign comes out
            sign, arg = self.done[traced[0]]
            return Written(sign, self._call(name, [arg], node.shape))
        if node.head == "exp" and not node.shape.is_scalar:
            power = self._entry_exponential(node)
            if power is not None:
                return Written(1, power)
        args = [self._signed(self.done[arg]) for arg in traced]
        return Written(1, self._call(name, args, node.shape))

    def _entry_exponential(self, node: Apply) -> Tree | None:
        """exp(log(u) .* v) as u .^ v, exp(log(c) v) as c .^ v."""
        parts = exponential_parts(node.args[0])
        if parts is None:
            return None
        base, exponent = (self._signed(self._written(part)) for part in parts)
        return self._made(t.Power(base, exponent, True), node.shape, [base, exponent])

    def _traced(self, node: Apply) -> Node:
        """The argument of a trace, rotated the way it was typed."""
        typed = self.style.traces.get(node)
        return node.args[0] if typed is None else typed

    def _entries(self, node: Apply) -> Written:
        """u .* v ./ w, x .^ 2, 1 ./ x."""
        sign = 1
        above: list[Tree] = []
        below: list[Tree] = []
        powers = heads.entry_powers(node)
        typed = self.style.factors.get(frozenset(base for base, _ in powers))
        for base, e in sorted(powers, key=lambda p: typed.index(p[0]) if typed else 0):
            if isinstance(e, Number):
                s, tree = self.done[base]
                k = abs(e.value)
                if k.denominator > 1:
                    s, tree = 1, self._signed(Written(s, tree))
                sign *= s if k.numerator % 2 else 1
                if k == Fraction(1, 2):
                    tree = self._call("sqrt", [tree], node.shape)
                else:
                    tree = self._raised(tree, k, elementwise=True)
                (below if e.value < 0 else above).append(tree)
            else:
                tree = self._signed(self.done[base])
                exponent = self._signed(self.done[e])
                above.append(self._made(t.Power(tree, exponent, True), node.shape, [tree]))
        if typed is None:
            above.sort(key=lambda tree: self.positions[tree])
            below.sort(key=lambda tree: self.positions[tree])
        factors = above or [self._number(Fraction(1))]
        ops = [".*"] * len(factors)
        if below:
            factors.append(self._multiply(below, [".*"] * len(below), node.shape))
            ops.append("./")
        return Written(sign, self._multiply(factors, ops, node.shape))
