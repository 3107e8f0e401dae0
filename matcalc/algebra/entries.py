"""Element-wise products, powers and functions.

The counterpart of ``algebra.products`` for ⊙: scalars come out, powers of equal bases merge,
exponentials multiply by adding, ones disappear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from matcalc.algebra.builders import (
    absolute,
    apply,
    argument_of_abs,
    argument_of_log,
    builds,
    call_by_law,
    constructor,
    exp,
    exponent_of,
    log,
    vector_of_diag,
)
from matcalc.algebra.ir import Apply, Node, Number, Product, Sum, Symbol, is_head, make_apply
from matcalc.algebra.powers import Powers, is_even
from matcalc.algebra.products import mul, ones_matrix, power, primitive, transpose
from matcalc.algebra.properties import positive
from matcalc.algebra.scalar_factors import Factors, is_nonnegative
from matcalc.algebra.sums import (
    ONE,
    ZERO,
    constant_entry,
    is_block,
    is_identity,
    is_integer,
    is_ones_matrix,
    is_zero,
    neg,
    number,
    ones,
    outside,
    scale,
    split,
    zero,
)
from matcalc.errors import MatcalcError, assert_never
from matcalc.language.sizes import ONE as DIM_ONE
from matcalc.language.sizes import Shape
from matcalc.tables.functions import FUNCTIONS, Function

# --- element-wise products and powers -----------------------------------------------------------


class _Entries(Powers):
    """Factors of an element-wise product being collected: scalars outside, bases with exponents."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.outside = Factors()
        self.zero = False

    def take(self, node: Node, exponent: Node) -> None:
        """Multiply, entry by entry, by ``node .^ exponent``."""
        whole = is_integer(exponent)
        if is_zero(node):
            self.zero = True
            return
        match node:
            case Sum():
                c, base = primitive(node)
                if not whole and c < 0:
                    c, base = -c, neg(base)
                self.outside.take(number(c), exponent)
                self.add(base, exponent)
            case Product():
                scalar, base = outside(node)
                if not whole and not is_nonnegative(scalar):
                    self.add(node, exponent)
                    return
                self.outside.take(scalar, exponent)
                if isinstance(base, Product):
                    if not is_ones_matrix(base):
                        self.add(base, exponent)
                else:
                    self.take(base, exponent)
            case Apply(head="hadamard") if whole:
                for factor in node.args:
                    self.take(factor, exponent)
            case Apply(head="epow"):
                base, e = node.args
                if whole or positive(base):
                    self.take(base, mul(e, exponent))
                elif is_even(e):
                    self.take(absolute(base), mul(e, exponent))
                else:
                    self.add(node, exponent)
            case Apply() if is_even(exponent) and (u := argument_of_abs(node)) is not None:
                self.take(u, exponent)
            case Apply(head="ones"):
                pass
            case Number() | Symbol() | Apply():
                self.add(node, exponent)
            case _:
                assert_never(node)

    def take_exponential(self, u: Node) -> None:
        made = exp(u)
        if exponent_of(made) is not None:
            self.powers[made] = ONE
        else:
            self.take(made, ONE)

    def build(self) -> Node:
        """The product of the entries."""
        self.settle()
        if self.zero:
            return zero(self.shape)
        parts: list[Node] = []
        diagonals: list[Node] = []
        for base, e in self.powers.items():
            if e is ZERO:
                continue
            if is_identity(base) and is_integer(e):
                diagonals.append(ones(self.shape.rows))
            elif e is ONE and (u := vector_of_diag(base)) is not None:
                diagonals.append(u)
            else:
                parts.append(base if e is ONE else make_apply("epow", (base, e), base.shape))
        inside = self._join(parts)
        if diagonals:
            column = Shape(self.shape.rows, DIM_ONE)
            diagonals.append(apply("diagonal", (inside,), column))
            inside = apply("diag", (hadamard(*diagonals),), self.shape)
        return mul(self.outside.build(), inside)

    def _join(self, parts: list[Node]) -> Node:
        if not parts:
            return ones_matrix(self.shape)
        if len(parts) == 1:
            return parts[0]
        parts.sort(key=lambda part: part.digest)
        return make_apply("hadamard", tuple(parts), self.shape)


@constructor("hadamard")
def hadamard(*nodes: Node) -> Node:
    """The element-wise product of nodes of one shape."""
    shape = nodes[0].shape
    if shape.is_scalar:
        return mul(*nodes)
    if shape.is_row:
        return transpose(hadamard(*(transpose(node) for node in nodes)))
    entries = _Entries(shape)
    for node in nodes:
        entries.take(node, ONE)
    return entries.build()


@constructor("epow")
def epow(base: Node, exponent: Node) -> Node:
    """The element-wise power."""
    if base.shape.is_scalar:
        return power(base, exponent)
    if base.shape.is_row:
        return transpose(epow(transpose(base), exponent))
    if exponent is ZERO:
        return ones_matrix(base.shape)
    entries = _Entries(base.shape)
    entries.take(base, exponent)
    if entries.zero and (not isinstance(exponent, Number) or exponent.value < 0):
        raise MatcalcError("domain", "division by zero", hint="check the denominator")
    return entries.build()


# --- element-wise functions ---------------------------------------------------------------------


def elementwise(name: str, arg: Node) -> Node:
    """f applied to every entry."""
    row = FUNCTIONS[name]
    if arg.shape.is_row and not arg.shape.is_scalar:
        return transpose(elementwise(name, transpose(arg)))
    if is_block(arg):
        return apply("block", [elementwise(name, each) for each in arg.args], arg.shape)
    if is_zero(arg) and row.at_zero:
        return _constant(Fraction(row.at_zero), arg.shape)
    if row.parity and _leads_negative(arg):
        turned = elementwise(name, neg(arg))
        return neg(turned) if row.parity < 0 else turned
    if not arg.shape.is_scalar:
        constant = constant_entry(arg)
        if constant is not None:
            value = elementwise(name, constant)
            return mul(value, ones_matrix(arg.shape))
    found = _simpler(row, arg)
    return make_apply(name, (arg,), arg.shape) if found is None else found


def _simpler(row: Function, arg: Node) -> Node | None:
    """What the row says of the value at some arguments; the powers of e and their logarithms."""
    if row.for_positive:
        same = row.for_positive == row.parameters[0]
        if positive(arg) or (same and arg.shape.is_scalar and is_nonnegative(arg)):
            return arg if same else _constant(Fraction(row.for_positive), arg.shape)
    if row.right_inverse:
        if is_head(arg, row.right_inverse):
            return arg.args[0]
        start = FUNCTIONS[row.right_inverse].at_zero
        if start and arg is number(Fraction(start)):
            return ZERO
    if is_zero(arg) and row.domain == "{x} > 0":
        hint = f"check the argument of {row.name}"
        raise MatcalcError("domain", f"{row.name}(0) has no value", hint=hint)
    if (found := call_by_law(row.name, (arg,), arg.shape)) is not None:
        return found
    return _POWERS[row.name](arg) if row.name in _POWERS else None


def _constant(value: Fraction, shape: Shape) -> Node:
    if value == 0:
        return zero(shape)
    return scale(value, ones_matrix(shape))


def _leads_negative(arg: Node) -> bool:
    match arg:
        case Number():
            return arg.value < 0
        case Product():
            return arg.coefficient < 0
        case Sum():
            return primitive(arg)[0] < 0
        case Symbol() | Apply():
            return False
        case _:
            assert_never(arg)


def _exp(arg: Node) -> Node | None:
    if arg.shape.is_scalar:
        scalars = Factors()
        scalars.exponents.append(arg)
        made = scalars.build()
        return None if exponent_of(made) is not None else made
    c, inner = split(arg)
    base = argument_of_log(inner)
    return None if base is None else epow(base, number(c))


def _log(arg: Node) -> Node | None:
    if isinstance(arg, Product) and arg.coefficient == 1 and len(arg.scalars) == 1:
        base, e = arg.scalars[0]
        if arg.shape.is_scalar and not isinstance(e, Number) and not is_integer(e):
            return mul(e, log(base))  # b > 0: b^e would overflow
    return None


_POWERS: dict[str, Callable[[Node], Node | None]] = {"exp": _exp, "log": _log}


@builds("elementwise")
def _elementwise(head: str, args: Sequence[Node], shape: Shape) -> Node:
    """An element-wise function of the table, of one argument or of several of one shape."""
    if len(args) == 1:
        return elementwise(head, args[0])
    if shape.is_row and not shape.is_scalar:
        return transpose(apply(head, [transpose(arg) for arg in args], shape.T))
    found = call_by_law(head, args, shape)
    return make_apply(head, tuple(args), shape) if found is None else found
