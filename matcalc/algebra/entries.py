"""Element-wise products, powers and functions.

The counterpart of ``algebra.products`` for ⊙: scalars come out, powers of equal bases merge,
exponentials multiply by adding, ones disappear.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeGuard

from matcalc.algebra import heads, normal
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, make_apply
from matcalc.algebra.powers import Powers, is_even
from matcalc.errors import MatcalcError, assert_never
from matcalc.language.sizes import SCALAR, Shape
from matcalc.tables.facts import WITH_ZEROS
from matcalc.tables.functions import FUNCTIONS


def is_head(node: Node, head: str) -> TypeGuard[Apply]:
    """Is a node this head, applied?"""
    return isinstance(node, Apply) and node.head == head


def is_elementwise(node: Node) -> bool:
    """An element-wise function of the table, applied."""
    if not isinstance(node, Apply) or node.head not in FUNCTIONS:
        return False
    return FUNCTIONS[node.head].is_elementwise


def is_linear(node: Node) -> bool:
    """A function of the table that is linear in each of its arguments, applied."""
    return isinstance(node, Apply) and node.head in FUNCTIONS and FUNCTIONS[node.head].is_linear


def is_positive(node: Apply) -> bool:
    """Every value of this function is positive."""
    return node.head in FUNCTIONS and FUNCTIONS[node.head].positive


# --- element-wise products and powers -----------------------------------------------------------


class _Entries(Powers):
    """Factors of an element-wise product being collected: scalars outside, bases with exponents."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.outside = normal.Factors()
        self.zero = False

    def take(self, node: Node, exponent: Node) -> None:
        """Multiply, entry by entry, by ``node .^ exponent``."""
        whole = normal.is_integer(exponent)
        if normal.is_zero(node):
            self.zero = True
            return
        match node:
            case Sum():
                c, base = normal.primitive(node)
                if not whole and c < 0:
                    c, base = -c, normal.neg(base)
                self.outside.take(normal.number(c), exponent)
                self.add(base, exponent)
            case Product():
                scalar, base = outside(node)
                if not whole and not normal.is_nonnegative(scalar):
                    self.add(node, exponent)
                    return
                self.outside.take(scalar, exponent)
                if isinstance(base, Product):
                    if not normal.is_ones_matrix(base):
                        self.add(base, exponent)
                else:
                    self.take(base, exponent)
            case Apply(head="hadamard") if whole:
                for factor in node.args:
                    self.take(factor, exponent)
            case Apply(head="epow"):
                base, e = node.args
                if whole or positive(base):
                    self.take(base, normal.mul(e, exponent))
                elif is_even(e):
                    self.take(elementwise("abs", base), normal.mul(e, exponent))
                else:
                    self.add(node, exponent)
            case Apply(head="abs") if is_even(exponent):
                self.take(node.args[0], exponent)
            case Apply(head="ones"):
                pass
            case Number() | Symbol() | Apply():
                self.add(node, exponent)
            case _:
                assert_never(node)

    def take_exponential(self, u: Node) -> None:
        made = elementwise("exp", u)
        if is_head(made, "exp"):
            self.powers[made] = normal.ONE
        else:
            self.take(made, normal.ONE)

    def build(self) -> Node:
        """The product of the entries."""
        self.settle()
        if self.zero:
            return normal.zero(self.shape)
        parts: list[Node] = []
        diagonals: list[Node] = []
        for base, e in self.powers.items():
            if e is normal.ZERO:
                continue
            if normal.is_identity(base) and normal.is_integer(e):
                diagonals.append(normal.ones(self.shape.rows))
            elif is_head(base, "diag") and e is normal.ONE:
                diagonals.append(base.args[0])
            else:
                parts.append(base if e is normal.ONE else make_apply("epow", (base, e), base.shape))
        inside = self._join(parts)
        if diagonals:
            inside = heads.diag(hadamard(*diagonals, heads.diagonal(inside)))
        return normal.mul(self.outside.build(), inside)

    def _join(self, parts: list[Node]) -> Node:
        if not parts:
            return normal.ones_matrix(self.shape)
        if len(parts) == 1:
            return parts[0]
        parts.sort(key=lambda part: part.digest)
        return make_apply("hadamard", tuple(parts), self.shape)


def outside(node: Product) -> tuple[Node, Node]:
    """A matrix product as (scalar factors, chain)."""
    scalar = normal.product(node.coefficient, node.scalars, (), SCALAR)
    return scalar, normal.product(Fraction(1), (), node.chain, node.shape)


def hadamard(*nodes: Node) -> Node:
    """The element-wise product of nodes of one shape."""
    shape = nodes[0].shape
    if shape.is_scalar:
        return normal.mul(*nodes)
    if shape.is_row:
        return normal.transpose(hadamard(*(normal.transpose(node) for node in nodes)))
    entries = _Entries(shape)
    for node in nodes:
        entries.take(node, normal.ONE)
    return entries.build()


def epow(base: Node, exponent: Node) -> Node:
    """The element-wise power."""
    if base.shape.is_scalar:
        return normal.power(base, exponent)
    if base.shape.is_row:
        return normal.transpose(epow(normal.transpose(base), exponent))
    if exponent is normal.ZERO:
        return normal.ones_matrix(base.shape)
    entries = _Entries(base.shape)
    entries.take(base, exponent)
    if entries.zero and (not isinstance(exponent, Number) or exponent.value < 0):
        raise MatcalcError("domain", "division by zero", hint="check the denominator")
    return entries.build()


def entry_powers(node: Node) -> list[tuple[Node, Node]]:
    """The factors of an element-wise product with their exponents."""
    found: list[tuple[Node, Node]] = []
    for part in node.args if isinstance(node, Apply) and node.head == "hadamard" else (node,):
        if isinstance(part, Apply) and part.head == "epow":
            found.append((part.args[0], part.args[1]))
        else:
            found.append((part, normal.ONE))
    return found


# --- element-wise functions ---------------------------------------------------------------------


def elementwise(name: str, arg: Node) -> Node:
    """f applied to every entry."""
    row = FUNCTIONS[name]
    if arg.shape.is_row and not arg.shape.is_scalar:
        return normal.transpose(elementwise(name, normal.transpose(arg)))
    if normal.is_zero(arg) and row.at_zero:
        return _constant(Fraction(row.at_zero), arg.shape)
    if row.parity and _leads_negative(arg):
        turned = elementwise(name, normal.neg(arg))
        return normal.neg(turned) if row.parity < 0 else turned
    if not arg.shape.is_scalar:
        constant = constant_entry(arg)
        if constant is not None:
            value = elementwise(name, constant)
            return normal.mul(value, normal.ones_matrix(arg.shape))
    simplified = _SIMPLER[name](arg) if name in _SIMPLER else None
    return make_apply(name, (arg,), arg.shape) if simplified is None else simplified


def _constant(value: Fraction, shape: Shape) -> Node:
    if value == 0:
        return normal.zero(shape)
    return normal.scale(value, normal.ones_matrix(shape))


def constant_entry(arg: Node) -> Node | None:
    """The entry of which all others are equal to, s where arg = s ones, else None."""
    if arg.shape.is_scalar:
        return arg
    if normal.is_zero(arg):
        return normal.ZERO
    if normal.is_ones_matrix(arg):
        return normal.ONE
    if isinstance(arg, Product):
        scalar, inside = outside(arg)
        return scalar if normal.is_ones_matrix(inside) else None
    return None


def _leads_negative(arg: Node) -> bool:
    match arg:
        case Number():
            return arg.value < 0
        case Product():
            return arg.coefficient < 0
        case Sum():
            return normal.primitive(arg)[0] < 0
        case Symbol() | Apply():
            return False
        case _:
            assert_never(arg)


def _exp(arg: Node) -> Node | None:
    if arg.shape.is_scalar:
        scalars = normal.Factors()
        scalars.exponents.append(arg)
        made = scalars.build()
        return None if is_head(made, "exp") else made
    c, inner = normal.split(arg)
    if is_head(inner, "log"):
        return epow(inner.args[0], normal.number(c))
    return None


def _log(arg: Node) -> Node | None:
    if isinstance(arg, Apply) and arg.head == "exp":
        return arg.args[0]
    if isinstance(arg, Apply) and arg.head == "det":
        return heads.logdet(arg.args[0])
    if normal.is_zero(arg):
        raise MatcalcError("domain", "log(0) has no value", hint="check the argument of log")
    if isinstance(arg, Product) and arg.coefficient == 1 and len(arg.scalars) == 1:
        base, e = arg.scalars[0]
        if arg.shape.is_scalar and not isinstance(e, Number) and not normal.is_integer(e):
            return normal.mul(e, elementwise("log", base))  # b > 0: b^e would overflow
    return normal.ZERO if arg is normal.ONE else None


def _abs(arg: Node) -> Node | None:
    nonnegative = arg.shape.is_scalar and normal.is_nonnegative(arg)
    return arg if nonnegative or positive(arg) else None


def _sign(arg: Node) -> Node | None:
    return _constant(Fraction(1), arg.shape) if positive(arg) else None


def positive(node: Node) -> bool:
    """Known to be > 0 in every entry (a cheap, safe test)."""
    match node:
        case Number():
            return node.value > 0
        case Symbol():
            return "positive" in node.facts and not node.facts & WITH_ZEROS
        case Sum():
            signs = all(c > 0 and (positive(t) or normal.is_nonnegative(t)) for t, c in node.terms)
            return signs and any(positive(t) for t, _ in node.terms)
        case Product(chain=()) if node.shape.is_scalar:
            return node.coefficient > 0 and all(positive(b) for b, _ in node.scalars)
        case Apply(head="ones"):
            return True
        case Apply(head="transpose"):
            return positive(node.args[0])
        case Apply(head="hadamard" | "epow"):
            return all(positive(b) for b, _ in entry_powers(node))
        case Apply():
            return is_positive(node)
        case Product():
            return False
        case _:
            assert_never(node)


_SIMPLER: dict[str, Callable[[Node], Node | None]] = {
    "exp": _exp,
    "log": _log,
    "abs": _abs,
    "sign": _sign,
    "step": _sign,
    "relu": lambda arg: arg if positive(arg) else None,
}
