"""The scalar factors of a product: powers of bases, exact numbers and one exponential.

Powers with integer exponents multiply out; of any other power only what is known to be non-negative
is taken apart, since (a b)^(1/2) = a^(1/2) b^(1/2) needs it.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from matcalc.algebra import heads, normal
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, make_apply, make_number
from matcalc.algebra.shapes import SCALAR
from matcalc.algebra.sums import (
    MINUS_ONE,
    ONE,
    ZERO,
    add,
    integer,
    is_integer,
    is_nonnegative,
    is_zero,
    neg,
    number,
    primitive,
)
from matcalc.errors import MatcalcError

_LARGEST = 3322  # bits of a number of 1,000 digits


class Factors:
    """Scalar factors being collected: a coefficient, powers of bases, and one exponential."""

    def __init__(self) -> None:
        self.coefficient = Fraction(1)
        self.powers: dict[Node, Node] = {}
        self.exponents: list[Node] = []

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
                        self._add(base, e if exponent is ONE else normal.mul(e, exponent))
                else:
                    self._take_root(node, exponent)
            case Sum():
                c, base = primitive(node)
                if not whole and c < 0:
                    c, base = -c, neg(base)
                self._take_number(c, exponent)
                self._add(base, exponent)
            case Apply(head="exp"):
                self.exponents.append(_times(exponent, node.args[0]))
            case Apply(head="abs") if (integer(exponent) or 1) % 2 == 0:
                self.take(node.args[0], exponent)
            case _:
                self._add(node, exponent)

    def _add(self, base: Node, exponent: Node) -> None:
        if isinstance(base, Apply) and base.head == "exp":
            self.exponents.append(_times(exponent, base.args[0]))
            return
        before = self.powers.get(base)
        self.powers[base] = exponent if before is None else add(before, exponent)

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
        else:
            self._add(make_number(value), exponent)

    def _take_integer_root(self, base: int, exponent: Fraction) -> None:
        if base == 1:
            return
        root = _root(base, exponent.denominator)
        if root is not None:
            self.coefficient *= Fraction(root) ** exponent.numerator
            return
        whole = int(exponent)  # toward zero: 2^(-1/2) stays a division by sqrt(2)
        self.coefficient *= Fraction(base) ** whole
        self._add(number(base), number(exponent - whole))

    def _take_root(self, node: Product, exponent: Node) -> None:
        """(c a b ...)^e with e not an integer: only what is known to be >= 0 may be taken out."""
        left: list[tuple[Node, Node]] = []
        self._take_number(abs(node.coefficient), exponent)
        for base, e in node.scalars:
            if is_nonnegative(base):
                self._add(base, normal.mul(e, exponent))
            elif (integer(e) or 1) % 2 == 0:
                self._add(heads.elementwise("abs", base), normal.mul(e, exponent))
            else:
                left.append((base, e))
        sign = Fraction(-1 if node.coefficient < 0 else 1)
        if left or sign < 0:
            self._add(normal.product(sign, tuple(left), (), SCALAR), exponent)

    def _take_exponential(self) -> None:
        while self.exponents:
            terms, self.exponents = self.exponents, []
            total = add(*terms)
            if is_zero(total):
                continue
            power = _power_of_logarithm(total)
            if power is not None:  # exp(k log u) = u^k
                self.take(*power)
                continue
            if self._take_logistic(total):
                continue
            self.powers[make_apply("exp", (total,), SCALAR)] = ONE

    def _take_logistic(self, u: Node) -> bool:
        """exp(u) / (a + b exp(u)) = 1 / (b + a exp(-u))."""
        for base, e in list(self.powers.items()):
            if e is MINUS_ONE:
                turned = heads.logistic_denominator(base, u)
                if turned is not None:
                    del self.powers[base]
                    self.take(turned, MINUS_ONE)
                    return True
        return False

    def pairs(self) -> tuple[tuple[Node, Node], ...]:
        """The bases with their exponents, sorted; merges what the exponents made mergeable."""
        self._take_exponential()
        again = [
            (b, e)
            for b, e in self.powers.items()
            if (isinstance(b, Number) and integer(e) is not None)
            or (isinstance(b, Product) and not b.chain and is_integer(e))
            or (heads.is_head(b, "abs") and (integer(e) or 1) % 2 == 0)
        ]
        for base, e in again:
            del self.powers[base]
            if e is not ZERO:
                self.take(base, e)
        self._merge_signs()
        kept = [(b, e) for b, e in self.powers.items() if e is not ZERO]
        kept.sort(key=lambda t: t[0].digest)
        return tuple(kept)

    def _merge_signs(self) -> None:
        """sign(u) |u|^k = u^k for odd k, u sign(u) = |u|."""
        for base in [b for b, e in self.powers.items() if heads.is_head(b, "sign") and e is ONE]:
            assert isinstance(base, Apply)
            size = make_apply("abs", base.args, SCALAR)
            k = self.powers.get(size)
            if k is not None and (integer(k) or 0) % 2:
                del self.powers[base], self.powers[size]
                self.take(base.args[0], k)
            elif self.powers.get(base.args[0]) is ONE:
                del self.powers[base], self.powers[base.args[0]]
                self._add(size, ONE)

    def build(self) -> Node:
        """The product of the scalar factors."""
        pairs = self.pairs()
        return normal.product(self.coefficient, pairs, (), SCALAR)


def _times(exponent: Node, arg: Node) -> Node:
    return arg if exponent is ONE else normal.mul(exponent, arg)


def _power_of_logarithm(total: Node) -> tuple[Node, Node] | None:
    """(u, k) where total = k log(u)."""
    if isinstance(total, Apply) and total.head == "log":
        return total.args[0], ONE
    if not isinstance(total, Product) or total.chain:
        return None
    logs = [b for b, e in total.scalars if e is ONE and heads.is_head(b, "log")]
    if len(logs) != 1 or not isinstance(logs[0], Apply):
        return None
    rest = tuple(pair for pair in total.scalars if pair[0] is not logs[0])
    return logs[0].args[0], normal.product(total.coefficient, rest, (), SCALAR)


def _bits(value: Fraction) -> int:
    return max(abs(value.numerator).bit_length(), value.denominator.bit_length()) - 1


def _root(base: int, degree: int) -> int | None:
    """The exact ``degree``-th root of a positive integer, or None."""
    if degree == 2:
        root = isqrt(base)
    else:
        root = round(base ** (1 / degree)) if base < 2**52 else 0
    return root if root > 0 and root**degree == base else None
