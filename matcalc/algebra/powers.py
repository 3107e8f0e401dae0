"""Powers of bases, multiplied until nothing merges: what scalar and entry-wise products share.

Exponents of equal bases add up, exponentials multiply by adding what is in them, u sign(u) is |u|.
The invariant is that what is left when ``settle`` returns is normal: a base whose exponent has
changed is taken again from the start, since an exponent that has become whole opens a base that a
root had kept shut, (u v)^(1/2) (u v)^(1/2) = u v.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from matcalc.algebra import products
from matcalc.algebra.builders import absolute, exp, exponent_of
from matcalc.algebra.ir import Node, Sum, is_head
from matcalc.algebra.sums import (
    MINUS_ONE,
    ONE,
    ZERO,
    add,
    integer,
    is_ones_matrix,
    is_zero,
    linear,
    neg,
)


class Powers(ABC):
    """Bases with exponents and the sum of all exponents of e, being collected."""

    def __init__(self) -> None:
        self.powers: dict[Node, Node] = {}
        self.exponents: list[Node] = []
        self._changed: list[Node] = []

    @abstractmethod
    def take(self, node: Node, exponent: Node) -> None:
        """Multiply by ``node`` to the power ``exponent``."""

    @abstractmethod
    def take_exponential(self, u: Node) -> None:
        """Multiply by exp(u), u being the sum of all exponents."""

    def add(self, base: Node, exponent: Node) -> None:
        """Multiply by the power of a base that does not come apart as it stands."""
        if (u := exponent_of(base)) is not None:
            self.exponents.append(_times(exponent, u))
            return
        before = self.powers.get(base)
        if before is None:
            self.powers[base] = exponent
        else:
            self.powers[base] = add(before, exponent)
            self._changed.append(base)

    def settle(self) -> None:
        """Multiply until nothing merges any more."""
        while True:
            while self._changed:
                base = self._changed.pop()
                e = self.powers.pop(base, ZERO)
                if e is not ZERO:
                    self.take(base, e)
            if self.exponents:
                self._collect_exponents()
            elif not self._merge_sign():
                return

    def _collect_exponents(self) -> None:
        exponentials = {b: u for b in self.powers if (u := exponent_of(b)) is not None}
        self.exponents += [_times(self.powers.pop(b), u) for b, u in exponentials.items()]
        u = add(*self.exponents)
        self.exponents = []
        if is_zero(u):
            return
        for base, e in list(self.powers.items()):
            turned = logistic_denominator(base, u) if e is MINUS_ONE else None
            if turned is not None:  # exp(u) / (a + b exp(u)) = 1 / (b + a exp(-u))
                del self.powers[base]
                self.take(turned, e)
                return
        self.take_exponential(u)

    def _merge_sign(self) -> bool:
        """u sign(u) = |u|, and sign(u) |u|^k = u^k for odd k, once; was there one?"""
        for base, e in self.powers.items():
            if not is_head(base, "sign") or e is not ONE:
                continue
            u = base.args[0]
            size = absolute(u)
            k = self.powers.get(size)
            odd = k is not None and (integer(k) or 0) % 2 == 1
            if k is not None and odd:
                del self.powers[base], self.powers[size]
                self.take(u, k)
                return True
            if self.powers.get(u) is ONE:
                del self.powers[base], self.powers[u]
                self.take(size, ONE)
                return True
        return False


def _times(exponent: Node, arg: Node) -> Node:
    """The exponent of exp(arg)^exponent."""
    return arg if exponent is ONE else products.mul(exponent, arg)


def is_even(exponent: Node) -> bool:
    """A number that is an even integer."""
    return (integer(exponent) or 1) % 2 == 0


def logistic_denominator(base: Node, u: Node) -> Node | None:
    """a 1 + b exp(u) turned into b 1 + a exp(-u), else None."""
    if not isinstance(base, Sum) or len(base.terms) != 2:
        return None
    (s, a), (t, b) = base.terms
    for one, c, power, d in ((s, a, t, b), (t, b, s, a)):
        if exponent_of(power) is u and (one is ONE or is_ones_matrix(one)):
            return linear(((one, d), (exp(neg(u)), c)), base.shape)
    return None
