"""The scalar factors of a product: powers of bases, exact numbers and one exponential.

Powers with integer exponents multiply out; of any other power only what is known to be non-negative
is taken apart, since (a b)^(1/2) = a^(1/2) b^(1/2) needs it.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from matcalc.algebra import products
from matcalc.algebra.builders import absolute, argument_of_abs, argument_of_log, row_of
from matcalc.algebra.ir import (
    Apply,
    Node,
    Number,
    Product,
    Sum,
    Symbol,
    make_apply,
    make_number,
)
from matcalc.algebra.powers import Powers, is_even
from matcalc.algebra.sums import (
    MINUS_ONE,
    ONE,
    ZERO,
    integer,
    is_integer,
    linear,
    neg,
    number,
    product,
    split,
)
from matcalc.errors import MatcalcError, assert_never
from matcalc.language.sizes import SCALAR

_LARGEST = 3322  # bits of a number of 1,000 digits


class Factors(Powers):
    """Scalar factors being collected: a coefficient, powers of bases, and one exponential."""

    def __init__(self) -> None:
        super().__init__()
        self.coefficient = Fraction(1)

    def take(self, node: Node, exponent: Node = ONE) -> None:
        """Multiply by ``node^exponent``."""
        whole = is_integer(exponent)
        match node:
            case Number():
                self._take_number(node.value, exponent)
            case Product(chain=()):
                if whole:
                    self._take_number(node.coefficient, exponent)
                    for base, e in node.scalars:
                        if exponent is ONE:
                            self.add(base, e)
                        else:
                            self.take(base, products.mul(e, exponent))
                else:
                    self._take_root(node, exponent)
            case Sum():
                c, base = products.primitive(node)
                if not whole and c < 0:
                    c, base = -c, neg(base)
                self._take_number(c, exponent)
                self.add(base, exponent)
            case Apply() if is_even(exponent) and (u := argument_of_abs(node)) is not None:
                self.take(u, exponent)
            case Symbol() | Product() | Apply():
                self.add(node, exponent)
            case _:
                assert_never(node)

    def _take_number(self, value: Fraction, exponent: Node) -> None:
        if value == 1 or exponent is ZERO:
            return
        k = integer(exponent)
        if k is not None:
            if value == 0 and k < 0:
                raise MatcalcError("domain", "division by zero", hint="check the denominator")
            if _bits(value) * abs(k) > _LARGEST:
                raise MatcalcError(
                    "limit", "a number has more than 1,000 digits", hint="use a smaller exponent"
                )
            self.coefficient *= value**k
        elif value == 0:
            self.coefficient = Fraction(0)
        elif isinstance(exponent, Number):
            if value < 0:
                raise MatcalcError("domain", f"({value})^({exponent.value}) is not a real number")
            self._take_integer_root(value.numerator, exponent.value)
            self._take_integer_root(value.denominator, -exponent.value)
        elif value == -1 and is_integer(exponent):
            self.add(MINUS_ONE, _parity(exponent))
        else:
            self.add(make_number(value), exponent)

    def _take_integer_root(self, base: int, exponent: Fraction) -> None:
        if base == 1:
            return
        root = _root(base, exponent.denominator)
        if root is not None:
            self.coefficient *= Fraction(root) ** exponent.numerator
            return
        whole = int(exponent)  # toward zero: 2^(-1/2) stays a division by sqrt(2)
        self.coefficient *= Fraction(base) ** whole
        self.add(number(base), number(exponent - whole))

    def _take_root(self, node: Product, exponent: Node) -> None:
        """(c a b ...)^e with e not an integer: only what is known to be >= 0 may be taken out."""
        left: list[tuple[Node, Node]] = []
        self._take_number(abs(node.coefficient), exponent)
        for base, e in node.scalars:
            if is_nonnegative(base):
                self.add(base, products.mul(e, exponent))
            elif is_even(e):
                self.take(absolute(base), products.mul(e, exponent))
            else:
                left.append((base, e))
        sign = Fraction(-1 if node.coefficient < 0 else 1)
        if left or sign < 0:
            self.add(product(sign, tuple(left), (), SCALAR), exponent)

    def take_exponential(self, u: Node) -> None:
        power = _power_of_logarithm(u)
        if power is not None:  # exp(k log u) = u^k
            self.take(*power)
        else:
            self.powers[make_apply("exp", (u,), SCALAR)] = ONE

    def pairs(self) -> tuple[tuple[Node, Node], ...]:
        """The bases with their exponents, sorted; ``coefficient`` is final from here on."""
        self.settle()
        kept = [(b, e) for b, e in self.powers.items() if e is not ZERO]
        kept.sort(key=lambda t: t[0].digest)
        return tuple(kept)

    def build(self) -> Node:
        """The product of the scalar factors."""
        pairs = self.pairs()
        return product(self.coefficient, pairs, (), SCALAR)


def _parity(k: Node) -> Node:
    """An integer that is even where k is and odd where k is: (-1)^(2 k) = 1."""
    terms = k.terms if isinstance(k, Sum) else (split(k)[::-1],)
    return linear(((term, c % 2) for term, c in terms), SCALAR)


def _power_of_logarithm(total: Node) -> tuple[Node, Node] | None:
    """(u, k) where total = k log(u)."""
    if (u := argument_of_log(total)) is not None:
        return u, ONE
    if not isinstance(total, Product) or total.chain:
        return None
    logs = [(b, u) for b, e in total.scalars if e is ONE and (u := argument_of_log(b)) is not None]
    if len(logs) != 1:
        return None
    ((logarithm, base),) = logs
    rest = tuple(pair for pair in total.scalars if pair[0] is not logarithm)
    return base, product(total.coefficient, rest, (), SCALAR)


def is_nonnegative(node: Node) -> bool:
    """Known to be >= 0 wherever it is defined (a cheap, safe test)."""
    match node:
        case Number():
            return node.value >= 0
        case Symbol():
            return "positive" in node.facts
        case Sum():
            return all(c > 0 and is_nonnegative(t) for t, c in node.terms)
        case Product(chain=()):
            return node.coefficient > 0 and all(
                is_nonnegative(b) or (is_integer(e) and (integer(e) or 1) % 2 == 0)
                for b, e in node.scalars
            )
        case Product() if node.shape.is_scalar:
            ends = len(node.chain) == 2 and node.chain[0][0]
            return bool(ends) and products.transpose(node.chain[1][0]) is ends
        case Apply():
            row = row_of(node)
            return row is not None and row.nonnegative
        case Product():
            return False
        case _:
            assert_never(node)


def _bits(value: Fraction) -> int:
    return max(abs(value.numerator).bit_length(), value.denominator.bit_length()) - 1


def _root(base: int, degree: int) -> int | None:
    """The exact ``degree``-th root of a positive integer, or None."""
    if degree == 2:
        root = isqrt(base)
    else:
        root = round(base ** (1 / degree)) if base < 2**52 else 0
    return root if root > 0 and root**degree == base else None
