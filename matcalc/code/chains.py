"""Chains of matrices: products associated in the cheapest order, inverses solved, not formed.

A matrix is a linear map, *applied* to an Op by :meth:`Chains.apply` without being formed: a sum
of products distributes over a vector where that is cheaper, an inverse is a ``solve``, an outer
product u v' a dot product.  A chain that ends in a vector is applied from that end; of matrices
alone, the order is found by dynamic programming.  Where both ends of a chain are vectors, or where
it has a boundary of size 1 in the middle, no product of two matrices is formed at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import partial

from matcalc.algebra import normal
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, postorder
from matcalc.algebra.normal import Chain
from matcalc.code.program import TYPICAL_SIZE, Dims, Op, Ops, extent, volume
from matcalc.errors import MatcalcError, assert_never
from matcalc.language.sizes import ONE as DIM_ONE
from matcalc.language.sizes import Shape
from matcalc.tables.facts import transposes
from matcalc.tables.functions import FUNCTIONS, POWERS

UNIT = Fraction(1)
LONGEST_SEARCH = 16  # factors of a chain whose best order is searched for
_MOST_DISTRIBUTED = 64  # applications that one application may be distributed to
_MOST_REPEATED = 8  # X^k v as k applications
_MOST_SOLVES = 16


def dims_of(shape: Shape) -> Dims:
    """The dimensions of the array: none for a scalar, one for a row or a column."""
    return tuple(dim for dim in shape if dim is not DIM_ONE)


class Chains:
    """Products of the nodes of one expression; ``values`` holds the Ops of their factors."""

    def __init__(self, root: Node) -> None:
        self.ops = Ops()
        self.values: dict[Node, Op] = {}
        self.costs: dict[Node, tuple[float, float]] = {}  # of applying to a vector, to a matrix
        self.spans: dict[Node, int] = {}  # in how many places an application ends up
        self._applied: dict[tuple[Node, Node, bool, Op], Op] = {}
        self._formed = _inverted(root)

    # --- scalar factors, and factors entry by entry ---------------------------------------------

    def factors(self, pairs: Iterable[tuple[Node, Node]]) -> tuple[list[Op], list[Op]]:
        """Powers, scalar or entry by entry, as factors above and below the line.

        (1 + exp(u))^-k is sigmoid(-u)^k, and exp(u) sigmoid(-u) = sigmoid(u): neither overflows.
        """
        up: list[Op] = []
        down: list[Op] = []
        exponentials, sigmoids = dict[Node, Op](), dict[Node, int]()
        for base, e in pairs:
            k, u = normal.integer(e), logistic(base)
            if u is not None and k is not None and k < 0:
                sigmoids[u] = -k
            elif e is normal.ONE and (v := _exponent(base)) is not None:
                exponentials[v] = self.values[base]
            else:
                self._power(self.values[base], e, up, down)
        sigmoid = partial(self.function, "sigmoid")
        for u, k in sigmoids.items():
            value = self.values[u]
            if u in exponentials:
                del exponentials[u]
                up.append(sigmoid(value))
                k -= 1
            if k:
                falling = sigmoid(self.ops.scaled(-UNIT, value))
                up.append(falling if k == 1 else self.ops.power(falling, self.ops.number(k)))
        return [*up, *exponentials.values()], down

    def _power(self, base: Op, e: Node, up: list[Op], down: list[Op]) -> None:
        if not isinstance(e, Number):
            up.append(self.ops.power(base, self.values[e]))
            return
        side, size = (up, e.value) if e.value > 0 else (down, -e.value)
        if size in POWERS:
            side.append(self.function(POWERS[size], base))
        else:
            side.append(base if size == 1 else self.ops.power(base, self.ops.number(size)))

    def function(self, name: str, *args: Op) -> Op:
        """An element-wise function of the table, through its row's NumPy expression."""
        row = FUNCTIONS.get(name)
        if row is None or not row.numpy:
            raise MatcalcError("unsupported", f"{name} has no equivalent in NumPy")
        return self.ops.call(row.numpy, args, args[0].dims, True)

    def applied(self, node: Apply) -> Op:
        """A function of whole matrices.

        What its signature calls a matrix is 2-D for it: one that happens to be a column or a row,
        and so is 1-D, is made 2-D and back again.
        """
        row, ops = FUNCTIONS.get(node.head), self.ops
        if row is None or not row.numpy:
            raise MatcalcError("unsupported", f"{node.head} has no equivalent in NumPy")
        args: list[Op] = []
        for arg, pattern in zip(node.args, row.shapes.parameters, strict=True):
            value = self.values[arg]
            if value.rank < pattern.rank == 2 and not (value.rank and row.shapes.takes_rows):
                value = ops.reshape(value, tuple(arg.shape))
            args.append(value)
        bound = row.shapes.sizes((*(arg.shape for arg in node.args), node.shape))
        needed = [name for name in bound if f"{{{name}}}" in row.numpy]
        places = {name: f"{{{len(args) + k}}}" for k, name in enumerate(needed)}
        template = row.numpy.format(*(f"{{{k}}}" for k in range(len(args))), **places)
        args += [ops.size(bound[name]) for name in needed]
        dims = dims_of(node.shape)
        rank = row.shapes.result.rank
        if len(dims) < rank and max(p.rank for p in row.shapes.parameters) == 2:
            full = tuple(node.shape)[: min(rank, args[0].rank)]
            return ops.reshape(ops.call(template, args, full), dims)
        return ops.call(template, args, dims)

    # --- chains ---------------------------------------------------------------------------------

    def chain(self, chain: Chain) -> Op:
        rows, cols = chain[0][0].shape.rows, chain[-1][0].shape.cols
        for i, (base, _) in enumerate(chain[:-1]):
            if base.shape.cols is DIM_ONE:
                return self.ops.outer(self.chain(chain[: i + 1]), self.chain(chain[i + 1 :]))
        if rows is DIM_ONE and cols is DIM_ONE:
            return self._inner(chain)
        if cols is DIM_ONE:
            return self._through(chain[-2::-1], False, self.values[chain[-1][0]])
        if rows is DIM_ONE:
            return self._through(chain[1:], True, self.values[chain[0][0]])
        return self.matrix_chain(chain)

    def _through(self, factors: Iterable[tuple[Node, Node]], flip: bool, v: Op) -> Op:
        """Factors applied one after the other."""
        for base, e in factors:
            v = self._apply_power(base, e, flip, v)
        return v

    def _inner(self, chain: Chain) -> Op:
        """u' A B v: from both ends what is there already, the rest from the right."""
        u, v = self.values[chain[0][0]], self.values[chain[-1][0]]
        first, last = 1, len(chain) - 1
        while first < last:
            left, right = (*chain[first], True, u), (*chain[last - 1], False, v)
            if self._key(*left) in self._applied and self._key(*right) not in self._applied:
                u, first = self._apply_power(*left), first + 1
            else:
                v, last = self._apply_power(*right), last - 1
        return self.ops.matmul(u, v)

    def _key(self, base: Node, e: Node, flip: bool, v: Op) -> tuple[Node, Node, bool, Op]:
        """One key for A' v, be A' written as the transpose of A or A applied from the left."""
        turned = normal.transpose(base)
        if (turned.primes, turned.digest) < (base.primes, base.digest):
            return turned, e, not flip, v
        return base, e, flip, v

    def matrix_chain(self, chain: Chain) -> Op:
        if len(chain) == 1:
            return self.factor(*chain[0])
        for i, (base, e) in enumerate(chain):
            low = self.ops.low_rank(self.values[base]) if e is normal.ONE else []
            if low:  # A (u v' + ...) B = (A u) (B' v)' + ...
                left, right = chain[:i][::-1], chain[i + 1 :]
                return self.ops.outers(
                    (self._through(left, False, u), self._through(right, True, v), c)
                    for u, v, c in low
                )
        if len(chain) > LONGEST_SEARCH:
            base, e = chain[-1]
            if (normal.integer(e) or 1) < 0:
                start = self.ops.transpose(self.factor(*chain[0]))
                return self.ops.transpose(self._through(chain[1:], True, start))
            return self._through(chain[-2::-1], False, self.factor(base, e))
        mirrored = _is_mirrored(chain)
        splits = _best_splits([self._measured(*factor) for factor in chain], mirrored)
        return self._build(chain, splits)

    def _build(self, chain: Chain, splits: dict[tuple[int, int], int]) -> Op:
        """The chain from i to j, split as decided; a single factor is applied, not formed."""
        done: dict[tuple[int, int], Op] = {}
        whole = (0, len(chain) - 1)
        stack = [whole]
        while stack:
            i, j = stack[-1]
            if i == j:
                done[stack.pop()] = self.factor(*chain[i])
                continue
            k = splits[i, j]
            left, right = (i, k), (k + 1, j)
            solved = (normal.integer(chain[i][1]) or 1) < 0 and i == k
            from_right = not solved and j == k + 1 and self._is_map(chain[j])
            missing = [
                part
                for part, skip in ((left, i == k and not from_right), (right, from_right))
                if part not in done and not skip
            ]
            if missing:
                stack += missing
                continue
            if from_right:
                turned = self.ops.transpose(done[left])
                done[i, j] = self.ops.transpose(self._apply_power(*chain[j], True, turned))
            elif i == k:
                done[i, j] = self._apply_power(*chain[i], False, done[right])
            else:
                done[i, j] = self.ops.matmul(done[left], done[right])
            stack.pop()
        return done[whole]

    def _is_map(self, factor: tuple[Node, Node]) -> bool:
        """Is applying this factor to a matrix something other than multiplying by its value?"""
        base, e = factor
        if e is not normal.ONE:
            return (normal.integer(e) or 1) < 0
        cost = self.costs[base][1]
        return cost < self.values[base].cost + _product_cost(base, TYPICAL_SIZE)

    def _measured(self, base: Node, e: Node) -> tuple[float, float, float, float]:
        """Rows, columns, the cost of forming a factor and that of applying it to a matrix."""
        formed = 0.0 if e is normal.ONE and base in self._formed else self.factor(base, e).cost
        applied = self._power_costs(base, e)[1]
        return extent(base.shape.rows), extent(base.shape.cols), formed, applied

    def factor(self, base: Node, e: Node) -> Op:
        """The value of a factor of a chain."""
        value, k, ops = self.values[base], normal.integer(e), self.ops
        if e is normal.ONE:
            return value
        if k is None:
            return ops.matrix_power(value, self.values[e])
        if k < 0:
            k = -k
            if isinstance(base, Symbol) and "inverse" in transposes(base.facts):
                value = ops.transpose(value)
            else:
                value = ops.inverse(value)
        if k <= 2:
            return value if k == 1 else ops.matmul(value, value)
        return ops.matrix_power(value, ops.number(k))

    # --- matrices as linear maps ----------------------------------------------------------------

    def _apply_power(self, base: Node, e: Node, flip: bool, v: Op) -> Op:
        """base^e v, or its transpose times v; of a sum of few u w', applied to each u."""
        if v.rank == 2 and (low := self.ops.low_rank(v)):
            return self.ops.outers((self._apply_power(base, e, flip, u), w, c) for u, w, c in low)
        key = self._key(base, e, flip, v)
        found = self._applied.get(key)
        if found is None:
            found = self._applied[key] = self._make_applied(base, e, flip, v)
        return found

    def _make_applied(self, base: Node, e: Node, flip: bool, v: Op) -> Op:
        k = normal.integer(e)
        if e is normal.ONE:
            return self.apply(base, flip, v)
        if k is not None and -_MOST_SOLVES <= k < 0:
            A = self.ops.transpose(self.values[base]) if flip else self.values[base]
            orthogonal = isinstance(base, Symbol) and "inverse" in transposes(base.facts)
            for _ in range(-k):
                if orthogonal:
                    v = self.ops.matmul(self.ops.transpose(A), v)
                else:
                    v = self.ops.solve(A, v)
            return v
        if k is not None and 0 < k <= _MOST_REPEATED and v.rank == 1:
            for _ in range(k):
                v = self.apply(base, flip, v)
            return v
        return self._times(self.factor(base, e), flip, v)

    def _times(self, M: Op, flip: bool, v: Op) -> Op:
        return self.ops.matmul(self.ops.transpose(M) if flip else M, v)

    def apply(self, node: Node, flip: bool, v: Op) -> Op:
        """The product of a matrix, or its transpose, with a 1-D or 2-D array."""
        ops = self.ops
        match node:
            case Sum() if self._distributes(node, v.rank - 1):
                terms = [(self.apply(term, flip, v), c) for term, c in node.terms]
                rows = node.shape.cols if flip else node.shape.rows
                return ops.add(terms, (rows, *v.dims[1:]))
            case Product():
                up, down = self.factors(node.scalars)
                return ops.mul(node.coefficient, [*up, self._apply_chain(node, flip, v)], down)
            case Apply() if (u := _diagonal_of(node)) is not None:
                return ops.diagonal_times(self.values[u], v)
            case Apply(head="commutation") if v.rank == 1:
                m, n = (self.values[arg] for arg in node.args[:: -1 if flip else 1])
                template = "{0}.reshape({2}, {1}).T.ravel()"
                return ops.call(template, (v, m, n), v.dims)
            case Number() | Symbol() | Sum() | Apply():
                return self._times(self.values[node], flip, v)
            case _:
                assert_never(node)

    def _apply_chain(self, node: Product, flip: bool, v: Op) -> Op:
        """A chain applied to v; u w' v is u (w'v)."""
        pieces: list[list[tuple[Node, Node]]] = [[]]
        for base, e in node.chain:
            pieces[-1].append((base, e))
            if base.shape.cols is DIM_ONE:
                pieces.append([])
        if len(pieces) == 1:
            return self._through(node.chain if flip else node.chain[::-1], flip, v)
        u, w = (self.chain(tuple(piece)) for piece in pieces[:2])
        if flip:
            u, w = w, u
        if v.rank == 1:
            return self.ops.mul(UNIT, [self.ops.matmul(w, v), u])
        return self.ops.outer(u, self.ops.matmul(self.ops.transpose(v), w))

    def _distributes(self, node: Sum, wide: int) -> bool:
        formed = 0.0 if node in self._formed else self.values[node].cost
        width = TYPICAL_SIZE if wide else 1
        spread = self._spread(node)[wide]
        if sum(self.spans[term] for term, _ in node.terms) > _MOST_DISTRIBUTED:
            return False
        return spread < formed + _product_cost(node, width)

    def _spread(self, node: Sum) -> tuple[float, float]:
        """The cost of applying term by term."""
        rows, terms = extent(node.shape.rows), len(node.terms)
        parts = [self.costs[term] for term, _ in node.terms]
        one = sum(part[0] for part in parts) + terms * rows
        return one, sum(part[1] for part in parts) + terms * rows * TYPICAL_SIZE

    def measure(self, node: Node, op: Op) -> None:
        """What it costs to apply a matrix, and to how many applications that leads."""
        direct = op.cost + _product_cost(node, 1), op.cost + _product_cost(node, TYPICAL_SIZE)
        span = 1
        match node:
            case Sum() if node.terms:
                span = sum(self.spans[term] for term, _ in node.terms)
                spread = self._spread(node)
                if span > _MOST_DISTRIBUTED or spread[0] >= direct[0]:
                    span = 1
                else:
                    direct = spread[0], min(spread[1], direct[1])
            case Product():
                pairs = [pair for pair in node.chain if len(dims_of(pair[0].shape)) == 2]
                costs = [self._power_costs(base, e) for base, e in pairs]
                n = extent(node.shape.rows) + extent(node.shape.cols)
                extra = n * 2 if len(pairs) < len(node.chain) else 0
                one, many = sum(c[0] for c in costs), sum(c[1] for c in costs)
                direct = one + extra, many + extra * TYPICAL_SIZE
                span = max(1, sum(self._times_applied(base, e) for base, e in pairs))
            case Apply() if _diagonal_of(node) is not None:
                direct = extent(node.shape.rows), volume(op.dims)
            case Number() | Symbol() | Sum() | Apply():
                pass
            case _:
                assert_never(node)
        self.costs[node], self.spans[node] = direct, span

    def _times_applied(self, base: Node, e: Node) -> int:
        """To how many applications that of a power leads."""
        k = normal.integer(e) or 1
        return k * self.spans[base] if 0 < k <= _MOST_REPEATED else max(1, -k)

    def _power_costs(self, base: Node, e: Node) -> tuple[float, float]:
        """The cost of applying base^e to a vector and to a matrix."""
        if e is normal.ONE:
            return self.costs[base]
        k, n = normal.integer(e), extent(base.shape.rows)
        if k is not None and k < 0:
            solve = 2 / 3 * n**3
            return -k * (solve + 2 * n**2), -k * (solve + 2 * n**2 * TYPICAL_SIZE)
        formed = self.factor(base, e).cost
        if k is not None and k <= _MOST_REPEATED:
            return k * self.costs[base][0], formed + _product_cost(base, TYPICAL_SIZE)
        return formed + _product_cost(base, 1), formed + _product_cost(base, TYPICAL_SIZE)


def _product_cost(node: Node, width: float) -> float:
    return 2 * extent(node.shape.rows) * extent(node.shape.cols) * width


def _best_splits(
    factors: Sequence[tuple[float, float, float, float]], mirrored: bool
) -> dict[tuple[int, int], int]:
    """Where to split each part of a chain (dynamic programming, cubic in its length)."""
    count = len(factors)
    best = {(i, i): formed for i, (_, _, formed, _) in enumerate(factors)}
    splits: dict[tuple[int, int], int] = {}

    def price(i: int, k: int, j: int) -> float:
        rows, cols = factors[i][0], factors[j][1]
        multiplied = best[i, k] + best[k + 1, j] + 2 * rows * factors[k][1] * cols
        if i == k:
            multiplied = min(multiplied, best[k + 1, j] + factors[i][3] * cols / TYPICAL_SIZE)
        if j == k + 1:
            multiplied = min(multiplied, best[i, k] + factors[j][3] * rows / TYPICAL_SIZE)
        return multiplied

    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            prices = [(price(i, k, j), -k if mirrored else k) for k in range(i, j)]
            best[i, j], place = min(prices)
            splits[i, j] = abs(place)
    return splits


def _is_mirrored(chain: Chain) -> bool:
    """True of a chain or of its transpose: among equals the splits of both are the same."""
    there = [normal.transpose(base) for base, _ in reversed(chain)]
    here = [(base.primes, base.digest) for base, _ in chain]
    return [(base.primes, base.digest) for base in there] < here


def _inverted(root: Node) -> set[Node]:
    """Matrices that have to be formed because they are inverted (and their transposes)."""
    found: set[Node] = set()
    for node in postorder(root):
        if isinstance(node, Product):
            for base, e in node.chain:
                if (normal.integer(e) or 1) < 0:
                    found |= {base, normal.transpose(base)}
    return found


def logistic(node: Node) -> Node | None:
    """u where the node is 1 + exp(u), entry by entry."""
    if not isinstance(node, Sum) or [c for _, c in node.terms] != [1, 1]:
        return None
    (s, _), (t, _) = node.terms
    for one, power in ((s, t), (t, s)):
        constant = one is normal.ONE or normal.is_ones_matrix(one)
        if constant and (u := _exponent(power)) is not None:
            return u
    return None


def _diagonal_of(node: Apply) -> Node | None:
    """u where the node is diag(u), which is applied without being formed."""
    return normal.vector_of_diag(node)


def _exponent(node: Node) -> Node | None:
    """u where the node is exp(u), entry by entry."""
    return normal.exponent_of(node)
