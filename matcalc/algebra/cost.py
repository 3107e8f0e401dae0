"""What an expression costs to print: names, numbers and operators.

``cost(node)`` counts what ``present`` would write for a node (parentheses are free), so that
factoring can compare forms exactly, without building any text.  Memoised on nodes; linear in the
size of the DAG.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from weakref import WeakKeyDictionary

from matcalc.algebra import normal
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, fold, make_product
from matcalc.algebra.normal import transpose
from matcalc.errors import assert_never

_costs: WeakKeyDictionary[Node, int] = WeakKeyDictionary()


def cost(node: Node) -> int:
    """Tokens of the printed form of a node."""
    known = _costs.get(node)
    if known is None:
        done: dict[Node, int] = {}
        known = fold(node, _cost, _Memo(done))
    return known


class _Memo(dict[Node, int]):
    """A dict that looks through to the costs known from before."""

    def __contains__(self, key: object) -> bool:
        return key in _costs

    def __getitem__(self, key: Node) -> int:
        return _costs[key]

    def __setitem__(self, key: Node, value: int) -> None:
        _costs[key] = value


def _cost(node: Node, done: dict[Node, int]) -> int:
    match node:
        case Number():
            return number_cost(node.value)
        case Symbol():
            return 1
        case Sum():
            here = sum_cost([(done[t] - normal.is_ones(t), c) for t, c in node.terms])
            turned = transpose(node)
            if turned.primes < node.primes and isinstance(turned, Sum):  # (a - b)' for a' - b'
                return min(here, sum_cost([(cost(t), c) for t, c in turned.terms]) + 1)
            return here
        case Product():
            return _product(node, done)
        case Apply():
            return _apply(node, done)
        case _:
            assert_never(node)


def number_cost(value: Fraction) -> int:
    return (value < 0) + (1 if value.denominator == 1 else 3)


def coefficient_cost(c: Fraction) -> int:
    """What a factor |c| in front adds."""
    return 0 if abs(c) == 1 else number_cost(abs(c))


def sum_cost(terms: list[tuple[int, Fraction]]) -> int:
    """A sum of terms of the given costs; terms of equal |coefficient| share one factor."""
    if not terms:
        return 1
    total = sum(k for k, _ in terms) + len(terms) - 1
    if all(c < 0 for _, c in terms):
        total += 1
    apart = sum(coefficient_cost(c) for c in {abs(c) for _, c in terms})
    g = common_coefficient([c for _, c in terms])
    together = coefficient_cost(g) + sum(
        coefficient_cost(c) for c in {abs(c / g) for _, c in terms}
    )
    return total + min(apart, together)


def common_coefficient(coefficients: list[Fraction]) -> Fraction:
    """The largest positive rational of which all are integer multiples."""
    numerators = gcd(*(c.numerator for c in coefficients))
    return Fraction(numerators, lcm(*(c.denominator for c in coefficients)))


def _product(node: Product, done: dict[Node, int]) -> int:
    total = coefficient_cost(node.coefficient) + (node.coefficient < 0)
    above = below = 0
    for base, e in node.scalars:
        c = _scalar_power(base, e, done)
        if isinstance(e, Number) and e.value < 0:
            below += c
        else:
            above += c
    if node.shape.is_scalar and node.chain:
        return total + _scalar_chain(node, done)
    if below and node.coefficient.denominator > 1:  # the number joins the denominator
        total -= 1
    chain = sum(_matrix_power(b, e, done) for b, e in node.chain)
    if not node.chain and not node.shape.is_scalar:
        chain = 1
    if below:
        below += 1  # the division
        if not above and not chain and abs(node.coefficient) == 1:
            above = 1
    turned = turned_chain(node)
    if turned is not None:
        chain = cost(turned) + 1
    return total + above + below + chain


def turned_chain(node: Product) -> Node | None:
    """The transpose of the chain, where (B A)' is clearly shorter than A' B', else None."""
    chain = node.chain
    if len(chain) < 2 or node.shape.is_scalar:
        return None
    primes = sum(b.primes for b, _ in chain)
    if primes < 3 or primes - sum(transpose(b).primes for b, _ in chain) < 3:
        return None
    if sum(cost(b) - cost(transpose(b)) for b, _ in chain) < 3:
        return None
    turned = transpose(make_product(Fraction(1), (), chain, node.shape))
    if not isinstance(turned, Product) or turned.scalars or len(turned.chain) != len(chain):
        return None
    return turned if turned.coefficient == 1 else None


def _matrix_power(base: Node, e: Node, done: dict[Node, int]) -> int:
    here = done[base]
    if e is normal.ONE:
        return here
    if e is normal.MINUS_ONE:
        return here + 1  # inv
    return here + 1 + done[e]


def _scalar_power(base: Node, e: Node, done: dict[Node, int]) -> int:
    here = done[base]
    if isinstance(e, Number):
        k = abs(e.value)
        if k.denominator == 2 and (inside := norm_argument(base)) is not None:
            here, k = 1 + cost(inside), 2 * k
        elif k == Fraction(1, 2):
            return here + 1  # sqrt
        return here if k == 1 else here + 1 + number_cost(k)
    return here + 1 + done[e]


def norm_argument(base: Node) -> Node | None:
    """V where base = v'v or tr(V' V), else None."""
    if isinstance(base, Product) and base.shape.is_scalar and len(base.chain) == 2:
        (a, _), (b, _) = base.chain
        return min(b, a, key=lambda v: v.primes) if transpose(b) is a else None
    if isinstance(base, Apply) and base.head == "tr" and isinstance(base.args[0], Product):
        return trace_norm_argument(base.args[0])
    return None


def trace_norm_argument(inside: Product) -> Node | None:
    """V where a chain is a rotation of V' V (or V V'), the less transposed of the two."""
    chain = inside.chain
    if len(chain) % 2 == 0:
        half = len(chain) // 2
        for i in range(half):
            turned = chain[i:] + chain[:i]
            left = [normal.power(b, e) for b, e in turned[:half]]
            right = [normal.power(b, e) for b, e in turned[half:]]
            V = normal.mul(*right)
            if normal.mul(*left) is transpose(V):
                W = transpose(V)
                return min((V, W), key=lambda A: (A.primes, A.digest))
    if len(chain) == 1 and chain[0][1] is normal.TWO and transpose(chain[0][0]) is chain[0][0]:
        return chain[0][0]
    return None


def _scalar_chain(node: Product, done: dict[Node, int]) -> int:
    chain = node.chain
    total = sum(_matrix_power(b, e, done) for b, e in chain)
    for end in (chain[0][0], chain[-1][0]):
        if normal.is_ones(end) or normal.is_ones(transpose(end)):
            total -= done[end]
    if normal.is_ones(transpose(chain[0][0])) or normal.is_ones(chain[-1][0]):
        total += 1  # sum(...)
    return total


def _apply(node: Apply, done: dict[Node, int]) -> int:
    parts = [done[arg] for arg in node.args]
    match node.head:
        case "transpose":
            return parts[0] + 1
        case "hadamard":
            ops = len(parts) - 1
            inverse = [_is_reciprocal(arg) for arg in node.args]
            if all(inverse):  # 1 ./ (u .* v)
                return sum(parts) - 2 * len(parts) + 2 + ops
            return sum(parts) + ops - sum(2 for r in inverse if r)
        case "epow":
            e = node.args[1]
            if isinstance(e, Number):
                k = abs(e.value)
                body = parts[0] + (
                    0 if k == 1 else 1 if k == Fraction(1, 2) else 1 + number_cost(k)
                )
                return body + 2 if e.value < 0 else body
            return sum(parts) + 1
        case "ones":
            return 2
        case "call" | "jacobian":
            return parts[1] + 1
    return sum(parts) + 1


def _is_reciprocal(node: Node) -> bool:
    if not isinstance(node, Apply) or node.head != "epow":
        return False
    e = node.args[1]
    return isinstance(e, Number) and e.value < 0
