"""IR -> surface tree: the normal form written as a person would.

The normal form has no taste: sums are sorted by digest and primitive, transposes sit at the leaves.
Here sums get back the order and the orientation in which they were typed, a transpose is taken out
where that is shorter (``(X B + B X)'``), negative powers become inverses and quotients, v'v to
the power 1/2 becomes norm(v), ones' v becomes sum(v).  The tree reads back to the same node.

What a node becomes depends on the style alone, not on what was presented before it, so that the
same presenter tells what every form would cost (``present.cost``).  Shared nodes give shared trees,
which is how repeated subexpressions are found and named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import prod

from matcalc.algebra import normal
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, fold, make_product
from matcalc.algebra.normal import transpose
from matcalc.errors import MatcalcError, assert_never
from matcalc.language import tree as t
from matcalc.language.sizes import SCALAR, Shape
from matcalc.language.tree import Tree
from matcalc.present.patterns import (
    common_coefficient,
    exponential_parts,
    is_constant,
    is_root_of_constant,
    is_unit,
    magnitude,
    negative,
    norm_argument,
    norm_inside,
    plain_factors,
    positive,
    sum_parts,
    summed,
    with_means,
    without,
)
from matcalc.present.products import Products
from matcalc.present.style import Style
from matcalc.present.sums import Signed, Sums
from matcalc.present.trees import Trees, Written
from matcalc.tables.facts import transposes
from matcalc.tables.functions import FUNCTIONS, NOTATIONS

# what has to be saved for a transpose to be taken out
_OF_SUM = 2  # (A + B)' for A' + B'
_OF_PRODUCT = 3  # (B A)' for A' B': of transposes, and of what they measure


class Presenter:
    """Turns nodes into trees; keeps the shape of every tree it makes in ``shapes``."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self.trees = Trees(style)
        self.sums = Sums(self.trees)
        self.products = Products(self.trees)
        self.shapes = self.trees.shapes
        self.bare = "I" not in style.reserved
        self._done: dict[Node, Written] = {}
        self._asked: set[Node] = set()  # nodes all of whose needs are known
        self._upright: dict[Node, Written] = {}  # sums, untransposed
        self._turning: dict[Node, bool] = {}  # is it written as the transpose of its transpose?
        self._scaled: dict[Written, dict[Fraction, Signed]] = {}
        self._slight: set[Node] = set()  # sums that are turned where they are parts, not as wholes

    def present(self, node: Node) -> Tree:
        """The tree of a whole result."""
        written = self._written(node)
        return self.sums.signed(self._upright[node] if node in self._slight else written)

    def part(self, node: Node) -> Tree:
        """The tree of a node that is part of another."""
        return self.sums.signed(self._written(node))

    def unsigned(self, node: Node) -> Tree:
        """The tree of a node or of its negative, whichever is written without a sign."""
        return self._written(node).tree

    def knows(self, node: Node) -> bool:
        """Is it decided how a node is written?"""
        return node in self._done

    def _written(self, node: Node) -> Written:
        try:
            return fold(node, lambda n, _: self._combine(n), self._done, self._needs)
        except MatcalcError:  # what was asked for has not been done
            self._asked.clear()
            raise

    def _size(self, node: Node) -> int:
        return self.trees.size(self._done[node].tree)

    # --- what the tree of a node is made of -------------------------------------------------------

    def _needs(self, node: Node) -> Sequence[Node]:
        """The nodes to be written before a node (more of them once those are)."""
        if node in self._asked:
            return ()
        match node:
            case Sum():
                needs = self._needs_of_sum(node)
            case Product():
                needs = self._needs_of_product(node)
            case Number() | Symbol():
                needs = ()
            case Apply():
                needs = self._needs_of_function(node)
            case _:
                assert_never(node)
        if node in self._turning or not isinstance(node, Sum | Product):
            self._asked.add(node)
        return needs

    def _needs_of_function(self, node: Apply) -> Sequence[Node]:
        match node.head:
            case "epow":
                return (node.args[0], magnitude(node.args[1]))
            case "hadamard":
                return [n for b, e in normal.entry_powers(node) for n in (b, magnitude(e))]
            case "call" | "jacobian":
                return node.args[1:]
        if (inside := self._typed_norm(node)) is not None:
            return (inside,)
        return self._arguments(node)

    def _needs_of_sum(self, node: Sum) -> Sequence[Node]:
        if node in self._turning:
            return (transpose(node),) if self._turning[node] else self._terms(node)
        turned = transpose(node)
        if node.shape.is_scalar or turned is node or self._has_common_number(node):
            turns = False
        else:
            here, there = self.style.orientation(node), self.style.orientation(turned)
            if bool(here) != bool(there):
                turns = bool(there)
            elif any(is_constant(term) for term, _ in node.terms):
                turns = node.shape.is_row  # only a column broadcasts
            elif not isinstance(turned, Sum) or turned.primes >= node.primes:
                turns = False
            else:
                needs = [*self._terms(node), *self._terms(turned)]
                if any(term not in self._done for term in needs):
                    return needs
                turns = self._is_shorter_turned(node, turned)
        self._turning[node] = turns
        return self._needs_of_sum(node)

    def _is_shorter_turned(self, node: Sum, turned: Sum) -> bool:
        sizes = []
        for way in (node, turned):
            self._upright[way] = self._sum(way)
            sizes.append(self.trees.size(self.sums.signed(self._upright[way])))
        saved = sizes[0] - sizes[1] - 1
        every = all(isinstance(self._done[term].tree, t.Transpose) for term, _ in node.terms)
        if saved == _OF_SUM - 1 and (every or turned.primes == 0):
            self._slight.add(node)
        return saved >= _OF_SUM or node in self._slight

    def _terms(self, node: Sum) -> list[Node]:
        if self._has_common_number(node):
            return [self._primitive(node)]
        return [term for term, _ in node.terms if term is not normal.ONE]

    def _needs_of_product(self, node: Product) -> Sequence[Node]:
        found: list[Node] = []
        for base, e in node.scalars:
            inside = self._norm_inside(base, e)
            found += [base if inside is None else inside, magnitude(e)]
        if node.shape.is_scalar and node.chain:
            if (inside := self._typed_norm(node)) is not None:
                return [inside]
            found += sum_parts(node)
        turned = self._turned_chain(node)
        if turned is not None and self._turning.get(node, True):
            both = [way for base, _ in node.chain for way in (base, transpose(base))]
            if any(way not in self._done for way in both):
                return found + both
            saved = sum(self._size(base) - self._size(transpose(base)) for base, _ in node.chain)
            self._turning[node] = saved >= _OF_PRODUCT
            if self._turning[node]:
                return [*found, turned]
        self._turning[node] = False
        for base, e in self._oriented(node):
            found += [base, magnitude(e)]
        return found

    def _turned_chain(self, node: Product) -> Node | None:
        """The transpose of the chain if that has far fewer transposes in it, else None."""
        chain = node.chain
        primes = sum(b.primes for b, _ in chain)
        if len(chain) < 2 or node.shape.is_scalar or primes < _OF_PRODUCT:
            return None
        if primes - sum(transpose(b).primes for b, _ in chain) < _OF_PRODUCT:
            return None
        turned = transpose(make_product(Fraction(1), (), chain, node.shape))
        if not isinstance(turned, Product) or turned.scalars or len(turned.chain) != len(chain):
            return None
        return turned if turned.coefficient == 1 else None

    def _combine(self, node: Node) -> Written:
        match node:
            case Number():
                return Written(-1 if node.value < 0 else 1, self.trees.number(abs(node.value)))
            case Symbol():
                return Written(1, self.trees.name(node))
            case Sum():
                if self._turning[node]:
                    sign, inner = self._done[transpose(node)]
                    return Written(sign, self.trees.transposed(inner))
                return self._upright[node] if node in self._upright else self._sum(node)
            case Product():
                return self._product(node)
            case Apply():
                return self._apply(node)
            case _:
                assert_never(node)

    # --- sums -------------------------------------------------------------------------------------

    def _sum(self, node: Sum) -> Written:
        if not node.terms:
            return Written(1, self.trees.constant("zeros", node.shape))
        typed = self.style.orientation(node)
        if typed:
            return Written(typed, self._typed_sum(node if typed > 0 else negative(node)))
        sign = -1 if all(c < 0 for _, c in node.terms) else 1
        if self._has_common_number(node):
            whole = common_coefficient(c for _, c in node.terms)
            inner = self._done[self._primitive(node)]
            return Written(sign * inner.sign, self.products.scaled(whole, inner.tree))
        pairs = [pair for _, pair in self._pairs(positive(node))]
        written = self.sums.oriented(pairs, node.shape)
        return Written(sign * written.sign, written.tree)

    def _typed_sum(self, node: Sum) -> Tree:
        place = {unit: i for i, unit in enumerate(self.style.sums[node])}
        pairs = [pair for _, pair in sorted(self._pairs(node, place), key=lambda pair: pair[0])]
        tree = self.trees.add(pairs, node.shape)
        self.sums.typed.add(tree)
        return tree

    def _has_common_number(self, node: Sum) -> bool:
        """Is it shorter to write 2 (a - b) than 2 a - 2 b, and was it not typed otherwise?"""
        coefficients = [c for _, c in node.terms]
        if all(map(is_unit, coefficients)) or self.style.orientation(node):
            return False
        whole = common_coefficient(coefficients)
        if whole == 1:
            return False
        if any(map(self.style.is_decimal, coefficients)):
            return len({abs(c) for c in coefficients}) == 1
        width = self.trees.width
        counts = Counter(map(abs, coefficients))
        apart = sum(k * width(c) for c, k in counts.items())
        if width(whole) + sum(k * width(c / whole) for c, k in counts.items()) >= apart:
            return False
        grouped = sum(map(width, counts))  # 1/2 (a - b) - c is shorter than 1/2 (a - b - 2 c)
        return width(whole) + sum(width(c / whole) for c in counts) <= grouped

    def _primitive(self, node: Sum) -> Node:
        """The sum without the common number and a sign that all terms have."""
        node = positive(node)
        return normal.scale(1 / common_coefficient(c for _, c in node.terms), node)

    def _pairs(self, node: Sum, place: dict[Node, int] | None = None) -> list[tuple[int, Signed]]:
        """The terms as they are written, each with its place (in a sum that was typed)."""
        places = [(place or {}).get(unit, 10**6) for unit, _ in node.terms]
        terms = [self._term(term, c, node) for term, c in node.terms]
        return self._grouped(node, list(zip(places, terms, strict=True)))

    def _term(self, term: Node, c: Fraction, parent: Sum) -> Signed:
        """A term with its coefficient, as sign and tree."""
        if term is normal.ONE:
            return 1 if c > 0 else -1, self.trees.number(abs(c))
        unit = self._unit(term, parent)
        known = self._scaled.setdefault(unit, {})
        if c not in known:
            known[c] = self._with_coefficient(unit, c)
        return known[c]

    def _with_coefficient(self, unit: Written, c: Fraction) -> Signed:
        sign, tree = unit
        if c < 0:
            sign, c = -sign, -c
        turned = self.sums.opposite(tree) if sign < 0 else None
        if turned is not None:
            sign, tree = 1, turned
        return sign, self.products.scaled(c, tree)

    def _unit(self, term: Node, parent: Sum) -> Written:
        """A term without its coefficient; s I and s ones(n) as s where the shape is clear."""
        others = (other for other, _ in parent.terms)
        if isinstance(term, Product) and not term.chain and not term.shape.is_scalar:
            fixed = self.bare and not all(isinstance(o, Product) and not o.chain for o in others)
            if fixed:
                return self._product(term, bare_identity=True)
        elif parent.shape.is_column and is_constant(term) and not all(map(is_constant, others)):
            scalar = normal.outside(term)[0] if isinstance(term, Product) else normal.ONE
            return self._written(scalar)
        return self._done[term]

    def _grouped(self, node: Sum, items: list[tuple[int, Signed]]) -> list[tuple[int, Signed]]:
        """Terms of equal |coefficient| under one factor, 2 (A + B) + C, where that is shorter."""
        by_ratio: dict[tuple[int, int], list[int]] = {}
        for i, (term, c) in enumerate(node.terms):
            if not is_unit(c) and term is not normal.ONE:
                by_ratio.setdefault((abs(c.numerator), c.denominator), []).append(i)
        taken: set[int] = set()
        made: list[tuple[int, Signed]] = []
        for ratio, members in by_ratio.items():
            if not 1 < len(members) < len(items):
                continue
            size = Fraction(*ratio)
            terms = [(node.terms[i][0], node.terms[i][1] / size) for i in members]
            part = normal.linear(terms, node.shape)
            if isinstance(part, Sum):
                sign = -1 if all(c < 0 for _, c in part.terms) else 1
                inner = self._group(positive(part))
                taken.update(members)
                place = min(items[i][0] for i in members)
                made.append((place, (sign, self.products.scaled(size, inner))))
        return made + [item for i, item in enumerate(items) if i not in taken]

    def _group(self, part: Sum) -> Tree:
        if self.style.orientation(part) > 0:
            return self._typed_sum(part)
        return self.sums.positive_first([pair for _, pair in self._pairs(part)], part.shape)

    # --- products ---------------------------------------------------------------------------------

    def _product(self, node: Product, bare_identity: bool = False) -> Written:
        if node.shape.is_scalar and node.chain:
            return self._scalar_chain(node)
        sign, above, below = self._scalars(node)
        if node.coefficient < 0:
            sign = -sign
        chain: list[Tree] = []
        if self._turning.get(node):
            turned = self._turned_chain(node)
            assert turned is not None
            s, tree = self._done[turned]
            sign, chain = sign * s, [self.trees.transposed(tree)]
        elif node.chain:
            s, chain = self._chain(node.chain)
            sign *= s
        elif not node.shape.is_scalar:
            chain = [self.trees.identity(node.shape.rows, bare_identity)]
        tree = self.products.quotient(abs(node.coefficient), [*above, *chain], below, node.shape)
        if not node.shape.is_scalar:  # terms sort by their matrix factors
            self.trees.put(tree, [place for part in chain for place in self.trees.places(part)])
        return Written(sign, tree)

    def _scalars(self, node: Product) -> tuple[int, list[Tree], list[Tree]]:
        """The scalar factors of a product: a sign, those above and those below the line."""
        sign = 1
        above: list[Tree] = []
        below: list[Tree] = []
        scalars, means = with_means(node.scalars) if self.style.means else (node.scalars, [])
        for mean in means:
            s, tree = self._written(mean)
            sign *= s
            above.append(self.trees.call("mean", [tree], SCALAR))
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
            above.sort(key=self.products.key)
            below.sort(key=self.products.key)
        for negative, bases in roots.items():  # sqrt(2) sqrt(pi) is sqrt(2 pi)
            if bases:
                inside = self._written(normal.mul(*bases)).tree
                (below if negative else above).append(self.trees.raised(inside, Fraction(1, 2)))
        return sign, above, below

    def _scalar_power(self, base: Node, e: Node) -> Written:
        """base^|e| for a number e, base^e for a symbolic one; with the sign of the whole."""
        inside = self._norm_inside(base, e)
        if isinstance(e, Number):
            k = abs(e.value)
            if inside is not None:
                return Written(1, self._norm(inside, 2 * k))
            sign, tree = self._done[base]
            if k.denominator > 1:
                tree, sign = self.sums.signed(Written(sign, tree)), 1
            return Written(sign if k.numerator % 2 else 1, self.trees.raised(tree, k))
        return Written(1, self.trees.power(self.part(base), self.part(e)))

    def _norm_inside(self, base: Node, e: Node) -> Node | None:
        """V where a power of a scalar is written as one of norm(V)."""
        if normal.integer(e) is not None:
            return self._typed_norm(base)
        return norm_inside(base, e)

    def _typed_norm(self, node: Node) -> Node | None:
        """V where a node is written as norm(V)^2: if norm(V) was typed, and is no name's."""
        inside = norm_argument(node) if node in self.style.norms else None
        return inside if isinstance(inside, Sum | Product) else None

    def _norm(self, inside: Node, k: Fraction) -> Tree:
        """norm(V)^k."""
        tree = self._done[inside].tree
        tree = tree.arg if isinstance(tree, t.Transpose) else tree
        return self.trees.raised(self.trees.call(NOTATIONS["‖#1‖"], [tree], SCALAR), k)

    def _chain(self, chain: normal.Chain) -> tuple[int, list[Tree]]:
        sign = 1
        trees: list[Tree] = []
        i = 0
        while i < len(chain):
            base, e = chain[i]
            if normal.is_ones(base) and i + 1 < len(chain):
                row = chain[i + 1][0]
                if normal.is_ones(transpose(row)):
                    shape = Shape(base.shape.rows, row.shape.cols)
                    trees.append(self.trees.constant("ones", shape))
                    i += 2
                    continue
            s, tree = self._matrix_power(base, e)
            sign *= s
            trees.append(tree)
            i += 1
        return sign, trees

    def _matrix_power(self, base: Node, e: Node) -> Written:
        trees = self.trees
        sign, tree = self._done[base]
        k = normal.integer(e)
        if k is None:
            tree, exponent = self.part(base), self.part(e)
            if isinstance(tree, t.Transpose):
                return Written(1, trees.transposed(trees.power(tree.arg, exponent, placed=False)))
            return Written(1, trees.power(tree, exponent, placed=False))
        sign = sign if k % 2 else 1
        if k > 0:
            return Written(sign, trees.raised(tree, Fraction(k)))
        if isinstance(base, Symbol) and "inverse" in transposes(base.facts) and k == -1:
            return Written(sign, trees.transposed(tree))
        turned = isinstance(tree, t.Transpose)
        inverse = trees.inverse(tree.arg if isinstance(tree, t.Transpose) else tree)
        made = trees.raised(inverse, Fraction(-k))
        return Written(sign, trees.transposed(made) if turned else made)

    def _oriented(self, node: Product) -> normal.Chain:
        """The chain, a 1 x 1 chain the way it was typed."""
        if self.style.turned.get(node):
            scalars, there = normal.transposed_chain(node.chain)
            if scalars.coefficient == 1 and not scalars.powers:
                return there
        return node.chain

    def _scalar_chain(self, node: Product) -> Written:
        if (inside := self._typed_norm(node)) is not None:
            return Written(1, self._norm(inside, Fraction(2)))
        first, last = node.chain[0][0], node.chain[-1][0]
        if normal.is_ones(transpose(first)) or normal.is_ones(last):
            return self._summation(summed(node))
        sign, trees = self._chain(self._oriented(node))
        return Written(sign, self.trees.multiply(trees, [" "] * len(trees), SCALAR))

    def _summation(self, inside: Node) -> Written:
        """ones' v as sum(v), ones' (u .* v .* w) as u' (v .* w)."""
        plain = plain_factors(inside) if inside.shape.is_column else []
        if plain:
            places = self.trees.places
            u = min(plain, key=lambda b: (self._size(transpose(b)), places(self._done[b].tree)))
            left = self._done[transpose(u)]
            right = self._written(without(normal.entry_powers(inside), u))
            tree = self.trees.multiply([left.tree, right.tree], ["", " "], SCALAR)
            return Written(left.sign * right.sign, tree)
        sign, tree = self._done[inside]
        if isinstance(tree, t.Transpose):
            tree = tree.arg
        return Written(sign, self.trees.call("sum", [tree], SCALAR))

    # --- functions --------------------------------------------------------------------------------

    def _apply(self, node: Apply) -> Written:
        trees = self.trees
        match node.head:
            case "transpose":
                sign, tree = self._done[node.args[0]]
                return Written(sign, trees.transposed(tree))
            case "hadamard" | "epow":
                return self._entries(node)
            case "ones":
                return Written(1, trees.constant("ones", node.shape))
            case "block":
                return self._block(node)
            case "call" | "jacobian":
                f = node.args[0]
                assert isinstance(f, Symbol)
                name = f.name if node.head == "call" else f"D{f.name}"
                return Written(1, trees.call(name, [self.part(node.args[1])], node.shape))
        if (inside := self._typed_norm(node)) is not None:
            return Written(1, self._norm(inside, Fraction(2)))
        row = FUNCTIONS.get(node.head)
        if row is not None and row.parity:
            written = self._done[node.args[0]]
            if isinstance(written.tree, t.Add):  # f(-(a - b)) = f(a - b) or -f(a - b)
                sign = written.sign if row.parity < 0 else 1
                return Written(sign, trees.call(node.head, [written.tree], node.shape))
        name = row.written or row.name if row is not None else node.head
        if row is not None and row.is_linear:  # in each argument: the signs come out
            parts = [self._done[arg] for arg in self._arguments(node)]
            bound = row.shapes.sizes((*(arg.shape for arg in node.args), node.shape))
            dims = (trees.dim(bound[size]) for size in row.sizes)
            args = [*(part.tree for part in parts), *dims]
            return Written(prod(part.sign for part in parts), trees.call(name, args, node.shape))
        if node.head == "exp" and not node.shape.is_scalar:
            power = self._entry_exponential(node)
            if power is not None:
                return Written(1, power)
        plain = [self.part(arg) for arg in self._arguments(node)]
        return Written(1, trees.call(name, plain, node.shape))

    def _block(self, node: Apply) -> Written:
        """[A, B; C, D]; -[A, B; C, D] where every block has a sign."""
        parts = [self._done[block] for block in node.args if not normal.is_zero(block)]
        signed = all(part.sign < 0 and not isinstance(part.tree, t.Add) for part in parts)
        sign = -1 if signed else 1
        of = self.unsigned if sign < 0 else self.part
        rows = tuple(tuple(map(of, row)) for row in normal.block_rows(node))
        return Written(sign, self.trees.make(t.Block(rows), node.shape))

    def _entry_exponential(self, node: Apply) -> Tree | None:
        """exp(log(u) .* v) as u .^ v, exp(log(c) v) as c .^ v."""
        parts = exponential_parts(node.args[0])
        if parts is None:
            return None
        base, exponent = map(self.part, parts)
        made = t.Power(base, exponent, True)
        return self.trees.make(made, node.shape)

    def _arguments(self, node: Apply) -> Sequence[Node]:
        """The arguments; that of a trace rotated the way it was typed."""
        typed = self.style.traces.get(node)
        return node.args if typed is None else [typed]

    def _entries(self, node: Apply) -> Written:
        """u .* v ./ w, x .^ 2, 1 ./ x."""
        sign = 1
        above: list[Tree] = []
        below: list[Tree] = []
        powers = normal.entry_powers(node)
        typed = self.style.factors.get(frozenset(base for base, _ in powers))
        for base, e in sorted(powers, key=lambda p: typed.index(p[0]) if typed else 0):
            if isinstance(e, Number):
                s, tree = self._done[base]
                k = abs(e.value)
                if k.denominator > 1:
                    s, tree = 1, self.sums.signed(Written(s, tree))
                sign *= s if k.numerator % 2 else 1
                tree = self.trees.raised(tree, k, elementwise=True)
                (below if e.value < 0 else above).append(tree)
            else:
                base_tree, exponent = self.part(base), self.part(e)
                above.append(self.trees.power(base_tree, exponent, True, placed=False))
        if typed is None:
            above.sort(key=self.trees.places)
            below.sort(key=self.trees.places)
        factors = above or [self.trees.number(Fraction(1))]
        ops = [".*"] * len(factors)
        if below:
            factors.append(self.trees.multiply(below, [".*"] * len(below), node.shape))
            ops.append("./")
        return Written(sign, self.trees.multiply(factors, ops, node.shape))
